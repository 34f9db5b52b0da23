import { useMemo } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { UnitPlot } from "../../projects/result/UnitPlot";
import table from "../../projects/Table.module.css";
import { Badge, type Tone } from "../../ui/Badge";
import { Section } from "../../ui/Section";
import styles from "./Generator.module.css";
import {
  lossRange,
  type PairedLoss,
  type QuantileTable,
  type Verdict,
  verdictOf,
} from "./quantileTable";
import { useQuantiles } from "./useQuantiles";

const texts = words(
  {
    title: "Validation by amount of noise",
    how: "The loss on the same held-out images and noise at each evaluation. The solid line is this run, the dashed one its base model; lower is better.",
    at: (epoch: string, step: string) => `Evaluation after epoch ${epoch}, step ${step}.`,
    patients: (count: string) => `95% intervals by ${count} independent images or patients.`,
    newest:
      "The newest evaluation. Intervals come with the file that is written at the end of an epoch.",
    label: "Loss of this run and of its base model by the share of timesteps that are less noisy",
    noise: "Noise",
    loss: "Loss",
    base: "Base model",
    difference: "Difference",
    interval: "95% interval",
    span: (low: string, high: string) => `${low} to ${high}`,
    verdict: "This run is",
    all: "All",
    better: "better",
    worse: "worse",
    notShown: "neither is shown to be better",
    unknown: "unknown",
    region: "Loss by amount of noise",
  },
  {
    fr: {
      title: "Validation selon la quantité de bruit",
      how: "La perte sur les mêmes images réservées et le même bruit à chaque évaluation. Le trait plein est cet entraînement, celui en tirets son modèle de base ; moins, c’est mieux.",
      at: (epoch, step) => `Évaluation après l’époque ${epoch}, pas ${step}.`,
      patients: (count) => `Intervalles à 95 % selon ${count} images ou patients indépendants.`,
      newest:
        "L’évaluation la plus récente. Les intervalles viennent avec le fichier écrit en fin d’époque.",
      label:
        "Perte de cet entraînement et de son modèle de base selon la part des pas de temps moins bruités",
      noise: "Bruit",
      loss: "Perte",
      base: "Modèle de base",
      difference: "Différence",
      interval: "Intervalle à 95 %",
      span: (low, high) => `de ${low} à ${high}`,
      verdict: "Cet entraînement est",
      all: "En tout",
      better: "meilleur",
      worse: "moins bon",
      notShown: "aucun des deux n’est montré meilleur",
      unknown: "inconnu",
      region: "Perte selon la quantité de bruit",
    },
  },
);

const TONES: Record<Verdict, Tone> = {
  better: "ok",
  worse: "warning",
  notShown: "info",
  unknown: "stale",
};

/** The newest validation at nine amounts of noise, beside the base model as the line to beat. */
export function Quantiles({ runId }: { runId: string }) {
  const t = useWords(texts);
  const found = useQuantiles(runId);
  return found ? (
    <Section title={t.title}>
      <div className={styles.parts}>
        <Explanation at={found.at} />
        <div className={styles.chartAndTable}>
          <Plot rows={found.rows} />
          <section className={table.scroller} tabIndex={0} aria-label={t.region}>
            <table className={table.table}>
              <thead>
                <tr>
                  <th scope="col">{t.noise}</th>
                  <th scope="col">{t.verdict}</th>
                  <th scope="col" className={table.number}>
                    {t.loss}
                  </th>
                  <th scope="col" className={table.number}>
                    {t.base}
                  </th>
                  <th scope="col" className={table.number}>
                    {t.difference}
                  </th>
                  <th scope="col" className={table.number}>
                    {t.interval}
                  </th>
                </tr>
              </thead>
              <tbody>
                {found.rows.map((row) => (
                  <Row key={row.quantile} quantile={row.quantile} losses={row} />
                ))}
                {found.overall && <Row quantile={null} losses={found.overall} />}
              </tbody>
            </table>
          </section>
        </div>
      </div>
    </Section>
  ) : null;
}

function Explanation({ at }: { at: QuantileTable["at"] }) {
  const t = useWords(texts);
  const { whole } = useFormats();
  return (
    <p className={styles.note}>
      {t.how}{" "}
      {at === null
        ? t.newest
        : `${t.at(whole(at.epoch), whole(at.step))} ${t.patients(whole(at.numPatients))}`}
    </p>
  );
}

function Row({ quantile, losses }: { quantile: number | null; losses: PairedLoss }) {
  const t = useWords(texts);
  const { metric, percent } = useFormats();
  const verdict = verdictOf(losses);
  return (
    <tr>
      <th scope="row" className={styles.head}>
        {quantile === null ? t.all : percent(quantile, 0)}
      </th>
      <td>
        <Badge tone={TONES[verdict]}>{t[verdict]}</Badge>
      </td>
      <td className={table.number}>{metric(losses.loss)}</td>
      <td className={table.number}>{metric(losses.baseLoss)}</td>
      <td className={table.number}>{metric(losses.difference)}</td>
      <td className={table.number}>
        {losses.interval
          ? t.span(metric(losses.interval[0]), metric(losses.interval[1]))
          : metric(null)}
      </td>
    </tr>
  );
}

const UNIT = [0, 1] as const;

function Plot({ rows }: { rows: QuantileTable["rows"] }) {
  const t = useWords(texts);
  const lines = useMemo(
    () => [
      { points: rows.map(({ quantile, loss }) => ({ x: quantile, y: loss })), hasMarks: true },
      {
        points: rows.flatMap(({ quantile, baseLoss }) =>
          baseLoss === null ? [] : [{ x: quantile, y: baseLoss }],
        ),
        hasMarks: true,
      },
    ],
    [rows],
  );
  const yRange = useMemo(
    () => lossRange(lines.flatMap(({ points }) => points.map(({ y }) => y))),
    [lines],
  );
  return (
    <UnitPlot
      label={t.label}
      xLabel={t.noise}
      yLabel={t.loss}
      lines={lines}
      range={UNIT}
      yRange={yRange}
    />
  );
}
