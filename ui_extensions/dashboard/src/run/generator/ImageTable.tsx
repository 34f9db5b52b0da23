import { useMemo, useState } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import table from "../../projects/Table.module.css";
import { ShowMore } from "../../ui/ShowMore";
import { isNotable, type ReportedImage } from "./reportDocument";
import styles from "./Generator.module.css";

const texts = words(
  {
    title: (count: string) => `Each of ${count} images`,
    how: "Names are the beginnings of the digests of the files; the file names stay on the training’s machine. Images with something to note come first.",
    notListed: (count: string) => `${count} more are not in the report.`,
    name: "Image",
    size: "Size",
    bucket: "Bucket",
    cropped: "Cropped",
    tokens: "Tokens",
    repeats: "Repeats",
    notes: "To note",
    truncated: "caption cut",
    turned: "turned",
    transparent: "transparent",
    mask: "mask",
    copyOf: (other: string) => `copy of ${other}`,
  },
  {
    fr: {
      title: (count) => `Chacune des ${count} images`,
      how: "Les noms sont les débuts des empreintes des fichiers ; les noms des fichiers restent sur la machine d’entraînement. Les images à noter viennent d’abord.",
      notListed: (count) => `${count} autres ne sont pas dans le rapport.`,
      name: "Image",
      size: "Taille",
      bucket: "Format",
      cropped: "Rognée",
      tokens: "Jetons",
      repeats: "Répétitions",
      notes: "À noter",
      truncated: "légende coupée",
      turned: "tournée",
      transparent: "transparente",
      mask: "masque",
      copyOf: (other) => `copie de ${other}`,
    },
  },
);

const AT_ONCE = 50;

interface Props {
  listed: readonly ReportedImage[];
  numNotListed: number;
}

/** The images of the report, a few at a time; closed at first. */
export function ImageTable({ listed, numNotListed }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const [isOpen, setIsOpen] = useState(false);
  return listed.length > 0 ? (
    <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>{t.title(whole(listed.length))}</summary>
      {isOpen && <Rows listed={listed} />}
      {numNotListed > 0 && <p className={styles.note}>{t.notListed(whole(numNotListed))}</p>}
    </details>
  ) : null;
}

function Rows({ listed }: { listed: readonly ReportedImage[] }) {
  const t = useWords(texts);
  const { whole, percent } = useFormats();
  const [numShown, setNumShown] = useState(AT_ONCE);
  const ordered = useMemo(
    () => [...listed.filter(isNotable), ...listed.filter((each) => !isNotable(each))],
    [listed],
  );
  const heads = [t.size, t.bucket, t.cropped, t.tokens, t.repeats];
  return (
    <>
      <p className={styles.note}>{t.how}</p>
      <section className={table.scroller} tabIndex={0} aria-label={t.title(whole(listed.length))}>
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">{t.name}</th>
              {heads.map((head) => (
                <th key={head} scope="col" className={table.number}>
                  {head}
                </th>
              ))}
              <th scope="col">{t.notes}</th>
            </tr>
          </thead>
          <tbody>
            {ordered.slice(0, numShown).map((each) => (
              <tr key={each.number}>
                <th scope="row">
                  {whole(each.number)} <code>{each.name}</code>
                </th>
                <td className={table.number}>{each.size}</td>
                <td className={table.number}>{each.bucket}</td>
                <td className={table.number}>{percent(each.croppedShare, 0)}</td>
                <td className={table.number}>{whole(each.tokens)}</td>
                <td className={table.number}>{whole(each.repeats)}</td>
                <td>{notesOf(t, each, whole).join(", ")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <ShowMore
        left={listed.length - numShown}
        step={AT_ONCE * 4}
        onMore={() => setNumShown(numShown + AT_ONCE * 4)}
      />
    </>
  );
}

function notesOf(
  t: (typeof texts)["en"],
  { isTruncated, isTurned, isTransparent, hasMask, copyOf }: ReportedImage,
  whole: (value: number) => string,
): readonly string[] {
  return [
    ...(isTruncated ? [t.truncated] : []),
    ...(isTurned ? [t.turned] : []),
    ...(isTransparent ? [t.transparent] : []),
    ...(hasMask ? [t.mask] : []),
    ...(copyOf === null ? [] : [t.copyOf(whole(copyOf))]),
  ];
}
