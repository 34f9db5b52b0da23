import { useState } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import table from "../../projects/Table.module.css";
import { ShowMore } from "../../ui/ShowMore";
import type { BucketPlan } from "./reportDocument";

const texts = words(
  {
    title: "Buckets",
    size: "Width × height",
    images: "Images",
    steps: "Steps",
    neverSeen: "Never seen",
  },
  {
    fr: {
      title: "Formats",
      size: "Largeur × hauteur",
      images: "Images",
      steps: "Pas",
      neverSeen: "Jamais vues",
    },
  },
);

const AT_ONCE = 12;

/** The sizes that images are brought to, with how many have each; the largest groups first. */
export function BucketTable({ buckets }: { buckets: readonly BucketPlan[] }) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const [numShown, setNumShown] = useState(AT_ONCE);
  return (
    <div>
      <h3>{t.title}</h3>
      <section className={table.scroller} tabIndex={0} aria-label={t.title}>
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">{t.size}</th>
              <th scope="col" className={table.number}>
                {t.images}
              </th>
              <th scope="col" className={table.number}>
                {t.steps}
              </th>
              <th scope="col" className={table.number}>
                {t.neverSeen}
              </th>
            </tr>
          </thead>
          <tbody>
            {buckets.slice(0, numShown).map((bucket, index) => (
              <tr key={index}>
                <th scope="row">{`${bucket.width} × ${bucket.height}`}</th>
                <td className={table.number}>{whole(bucket.numImages)}</td>
                <td className={table.number}>{whole(bucket.totalSteps)}</td>
                <td className={table.number}>{whole(bucket.numNeverSeen)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <ShowMore
        left={buckets.length - numShown}
        step={AT_ONCE * 4}
        onMore={() => setNumShown(numShown + AT_ONCE * 4)}
      />
    </div>
  );
}
