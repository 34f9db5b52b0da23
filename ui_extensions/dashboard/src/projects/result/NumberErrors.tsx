import { useMemo } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { Section } from "../../ui/Section";
import table from "../Table.module.css";
import type { Evaluation } from "./evaluation";
import { UnitPlot } from "./UnitPlot";

const texts = words(
  {
    title: "Predicted and true numbers",
    how: "Rows in groups by rising prediction: the points should lie on the dotted line.",
    label: "Mean of the true numbers by mean of the predicted ones",
    predicted: "Predicted",
    observed: "True",
    errors: "Errors: predicted minus true",
    share: "Share of rows below",
    error: "Error",
  },
  {
    fr: {
      title: "Nombres prédits et vrais",
      how: "Lignes groupées par prédiction croissante : les points devraient être sur la ligne pointillée.",
      label: "Moyenne des vrais nombres selon la moyenne des prédits",
      predicted: "Prédit",
      observed: "Vrai",
      errors: "Erreurs : prédit moins vrai",
      share: "Part des lignes en dessous",
      error: "Erreur",
    },
  },
);

/** How far the predictions of a number are from the truth. */
export function NumberErrors({ evaluation }: { evaluation: Evaluation }) {
  const t = useWords(texts);
  const { metric, percent } = useFormats();
  const { numberBins, errorQuantiles } = evaluation;
  const lines = useMemo(
    () => [
      {
        points: numberBins.map(({ predicted, observed }) => ({ x: predicted, y: observed })),
        hasMarks: true,
      },
    ],
    [numberBins],
  );
  const range = useMemo(() => rangeOf(numberBins), [numberBins]);
  if (numberBins.length === 0 && errorQuantiles.size === 0) {
    return null;
  }
  return (
    <Section title={t.title}>
      <div className={table.part}>
        {numberBins.length > 0 && (
          <>
            <p className={table.muted}>{t.how}</p>
            <UnitPlot
              label={t.label}
              xLabel={t.predicted}
              yLabel={t.observed}
              lines={lines}
              range={range}
              hasDiagonal
            />
          </>
        )}
        {errorQuantiles.size > 0 && (
          <section className={table.scroller} tabIndex={0} aria-label={t.errors}>
            <table className={table.table}>
              <caption className="visually-hidden">{t.errors}</caption>
              <thead>
                <tr>
                  <th scope="col">{t.share}</th>
                  <th scope="col" className={table.number}>
                    {t.error}
                  </th>
                </tr>
              </thead>
              <tbody>
                {[...errorQuantiles].map(([share, error]) => (
                  <tr key={share}>
                    <th scope="row">{percent(Number(share), 0)}</th>
                    <td className={table.number}>{metric(error)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        )}
      </div>
    </Section>
  );
}

/** Of both axes, with a little room around the points. */
function rangeOf(bins: Evaluation["numberBins"]): readonly [number, number] {
  const all = bins.flatMap(({ predicted, observed }) => [predicted, observed]);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = (high - low) * 0.05 || Math.abs(high) * 0.05 || 1;
  return all.length === 0 ? [0, 1] : [low - room, high + room];
}
