import { closed } from "../../../live/bidi";
import type { Laterality } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { Button } from "../ui/Button";
import type { ChosenImage } from "./chosenImages";
import { sideTexts } from "./diagnosisWords";
import styles from "./ImageList.module.css";
import type { PreviewOf } from "./usePreviews";

const texts = words(
  {
    list: "Chosen images",
    side: (name: string) => `Side of the eye in ${name}`,
    auto: "Side: automatic",
    remove: "Remove",
    removed: (name: string) => `${name} from the list`,
    noPreview: "no preview",
  },
  {
    fr: {
      list: "Images choisies",
      side: (name) => `Côté de l’œil dans ${name}`,
      auto: "Côté : automatique",
      remove: "Retirer",
      removed: (name) => `${name} de la liste`,
      noPreview: "sans aperçu",
    },
  },
);

interface Props {
  images: readonly ChosenImage[];
  previewOf: PreviewOf;
  onSide(id: number, side: Laterality): void;
  onRemove(id: number): void;
}

export function ImageList({ images, previewOf, onSide, onRemove }: Props) {
  const t = useWords(texts);
  const sides = useWords(sideTexts);
  const { bytes } = useFormats();
  if (images.length === 0) {
    return null;
  }
  return (
    <ul className={styles.list} aria-label={t.list}>
      {images.map(({ id, file, laterality }) => (
        <li key={id} className={styles.image}>
          <Thumbnail address={previewOf(file)} nothing={t.noPreview} />
          <p className={styles.name}>
            <bdi>{closed(file.name)}</bdi> <small>{bytes(file.size)}</small>
          </p>
          <select
            aria-label={t.side(file.name)}
            value={laterality}
            onChange={(event) => onSide(id, event.target.value as Laterality)}
          >
            <option value="unknown">{t.auto}</option>
            <option value="right">{sides.right}</option>
            <option value="left">{sides.left}</option>
          </select>
          <Button variant="subtle" onClick={() => onRemove(id)}>
            {t.remove} <span className="visually-hidden">{t.removed(file.name)}</span>
          </Button>
        </li>
      ))}
    </ul>
  );
}

function Thumbnail({ address, nothing }: { address: string | null; nothing: string }) {
  return address === null ? (
    <span className={styles.nothing}>{nothing}</span>
  ) : (
    <img className={styles.thumbnail} src={address} alt="" />
  );
}
