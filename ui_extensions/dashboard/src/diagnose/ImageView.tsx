import { useId, useState } from "react";
import type { DiagnosedImage } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { MaskLayers, MaskLegend } from "./Masks";
import styles from "./ImageView.module.css";
import { layersOf } from "./pictures";

const texts = words(
  {
    image: (name: string) => `Image ${name}`,
    map: (name: string) => `Heat map for ${name}`,
    opacity: "Heat map",
    noMap: (why: string) => `No heat map: ${why}`,
    notAsked: "No heat map for this image.",
    noPreview: "Browsers cannot show this file.",
    frame: (worst: string, count: string) => `Slice ${worst} of ${count}, the worst one`,
  },
  {
    fr: {
      image: (name) => `Image ${name}`,
      map: (name) => `Carte de chaleur pour ${name}`,
      opacity: "Carte de chaleur",
      noMap: (why) => `Pas de carte de chaleur : ${why}`,
      notAsked: "Pas de carte de chaleur pour cette image.",
      noPreview: "Les navigateurs ne peuvent pas afficher ce fichier.",
      frame: (worst, count) => `Coupe ${worst} sur ${count}, la plus atteinte`,
    },
  },
);

interface Props {
  image: DiagnosedImage;
  name: string;
  /** Address of the file itself; null if the browser cannot show it. */
  preview: string | null;
}

/** The image, with its heat map and masks over it. */
export function ImageView({ image, name, preview }: Props) {
  const t = useWords(texts);
  const { percent, whole } = useFormats();
  const sliderId = useId();
  const [opacity, setOpacity] = useState(60);
  const [shownMasks, setShownMasks] = useState<ReadonlySet<string>>(new Set());
  const [hasFailed, setHasFailed] = useState(false);
  const { base: given, overlay } = layersOf(image, preview);
  const base = hasFailed ? null : given;
  const map = image.heat_map;
  return (
    <figure className={styles.view}>
      <div className={styles.layers}>
        {base !== null && <img src={base} alt={t.image(name)} onError={() => setHasFailed(true)} />}
        {overlay !== null && (
          <img
            src={overlay}
            alt={t.map(map?.class_name ?? "")}
            className={base === null ? undefined : styles.over}
            style={base === null ? undefined : { opacity: opacity / 100 }}
          />
        )}
        {base === null && overlay === null && <p className={styles.nothing}>{t.noPreview}</p>}
        <MaskLayers masks={image.masks} shown={shownMasks} />
      </div>
      <figcaption className={styles.caption}>
        {image.num_frames > 1 && (
          <p>{t.frame(whole(image.worst_frame + 1), whole(image.num_frames))}</p>
        )}
        {overlay !== null && base !== null && (
          <p className={styles.slider}>
            <label htmlFor={sliderId}>{t.opacity}</label>
            <input
              id={sliderId}
              type="range"
              min={0}
              max={100}
              value={opacity}
              aria-valuetext={percent(opacity / 100, 0)}
              onChange={(event) => setOpacity(Number(event.target.value))}
            />
            <output htmlFor={sliderId}>{percent(opacity / 100, 0)}</output>
          </p>
        )}
        {overlay === null && (
          <p className={styles.note}>
            {map?.absent_reason ? t.noMap(map.absent_reason) : t.notAsked}
          </p>
        )}
        <MaskLegend masks={image.masks} shown={shownMasks} onChange={setShownMasks} />
        {image.notes.map((note) => (
          <p key={note} className={styles.note} lang="en">
            {note}
          </p>
        ))}
      </figcaption>
    </figure>
  );
}
