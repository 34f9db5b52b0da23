import type { DiagnosedImage } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import styles from "./Masks.module.css";
import { pngAddress } from "./pictures";

const texts = words(
  {
    masks: "Masks",
    area: (name: string, share: string) => `${name}, ${share} of the image`,
  },
  {
    fr: {
      masks: "Masques",
      area: (name, share) => `${name}, ${share} de l’image`,
    },
  },
);

const COLOURS = [1, 2, 3, 4, 5, 6];

function colour(index: number): string {
  return `var(--series-${COLOURS[index % COLOURS.length]})`;
}

interface Props {
  masks: DiagnosedImage["masks"];
  /** The classes whose masks are shown. */
  shown: ReadonlySet<string>;
}

/** The chosen masks, each in its colour, over the image. */
export function MaskLayers({ masks, shown }: Props) {
  return masks.map(({ class_name: name, png }, index) =>
    png !== null && shown.has(name) ? (
      <span
        key={name}
        className={styles.layer}
        data-mask={name}
        aria-hidden="true"
        style={{ background: colour(index), maskImage: `url("${pngAddress(png)}")` }}
      />
    ) : null,
  );
}

export function MaskLegend({
  masks,
  shown,
  onChange,
}: Props & { onChange(shown: ReadonlySet<string>): void }) {
  const t = useWords(texts);
  const { percent } = useFormats();
  if (masks.length === 0) {
    return null;
  }
  const toggle = (name: string) => {
    const next = new Set(shown);
    if (!next.delete(name)) {
      next.add(name);
    }
    onChange(next);
  };
  return (
    <fieldset className={styles.legend}>
      <legend>{t.masks}</legend>
      {masks.map(({ class_name: name, area }, index) => (
        <label key={name} className={styles.choice}>
          <input type="checkbox" checked={shown.has(name)} onChange={() => toggle(name)} />
          <span className={styles.swatch} style={{ background: colour(index) }} />
          {t.area(name.replace(/_/g, " "), percent(area))}
        </label>
      ))}
    </fieldset>
  );
}
