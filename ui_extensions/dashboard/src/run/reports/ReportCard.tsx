import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { mlflowArtifactUrl } from "../../live/mlflowLinks";
import { address } from "../../live/session";
import { Badge, type Tone } from "../../ui/Badge";
import { artifactUrl } from "../artifacts";
import styles from "./ReportCard.module.css";
import type { Report } from "./loadReports";
import { type ConditionScore, type ConditionVerdict, type Estimate, OVERALL } from "./scores";

const texts = words(
  {
    accuracy: "Accuracy",
    auc_roc_macro: "AUROC",
    f1: "F1",
    kappa: "Kappa",
    dice_macro: "Dice",
    iou_macro: "IoU",
    between: (low: string, high: string) => `${low} to ${high}`,
    images: (count: string) => `${count} images`,
    interval: "95% intervals are in parentheses.",
    floor: (value: string) => `floor ${value}`,
    positives: (count: string) => `${count} positives`,
    meets_floor: "meets its floor",
    below_floor: "below its floor",
    too_few_positives: "too few positives to tell",
    not_assessed: "not assessed",
    noScores: "The scores of this report cannot be read.",
    open: "Open the report",
    download: "Download",
  },
  {
    fr: {
      accuracy: "Exactitude",
      auc_roc_macro: "AUROC",
      f1: "F1",
      kappa: "Kappa",
      dice_macro: "Dice",
      iou_macro: "IoU",
      between: (low, high) => `${low} à ${high}`,
      images: (count) => `${count} images`,
      interval: "Les intervalles à 95\u00a0% sont entre parenthèses.",
      floor: (value) => `seuil ${value}`,
      positives: (count) => `${count} positifs`,
      meets_floor: "atteint son seuil",
      below_floor: "sous son seuil",
      too_few_positives: "trop peu de positifs pour conclure",
      not_assessed: "non évaluée",
      noScores: "Les scores de ce rapport sont illisibles.",
      open: "Ouvrir le rapport",
      download: "Télécharger",
    },
  },
);

const TONES: Readonly<Record<ConditionVerdict, Tone>> = {
  meets_floor: "ok",
  below_floor: "critical",
  too_few_positives: "warning",
  not_assessed: "stale",
};

interface Props {
  runId: string;
  experimentId: string | null;
  report: Report;
}

export function ReportCard({ runId, experimentId, report }: Props) {
  const t = useWords(texts);
  const { whole, metric } = useFormats();
  const { variant, page, scores } = report;
  return (
    <li className={styles.card}>
      <h3>{variant.replaceAll("_", " ")}</h3>
      {scores ? (
        <>
          <p className={styles.note}>
            {scores.numImages !== null && `${t.images(whole(scores.numImages))}. `}
            {t.interval}
          </p>
          <dl className={styles.scores}>
            {OVERALL.map((name) => {
              const estimate = scores.overall[name];
              return (
                estimate && (
                  <div key={name}>
                    <dt>{t[name]}</dt>
                    <dd>
                      <EstimateText estimate={estimate} format={metric} />
                    </dd>
                  </div>
                )
              );
            })}
          </dl>
          <ul className={styles.conditions}>
            {scores.conditions.map((condition) => (
              <Condition key={condition.name} condition={condition} />
            ))}
          </ul>
        </>
      ) : (
        <p className={styles.note}>{t.noScores}</p>
      )}
      <p className={styles.links}>
        {experimentId !== null && (
          // MLflow shows a page among the artifacts in a frame of its own; the file itself downloads.
          <a href={mlflowArtifactUrl(experimentId, runId, page)}>{t.open}</a>
        )}
        {/* A link cannot name the workspace, which is sent as a header. */}
        {address.workspace === null && (
          <a href={artifactUrl(runId, page)} download>
            {t.download}
          </a>
        )}
      </p>
    </li>
  );
}

function Condition({ condition }: { condition: ConditionScore }) {
  const t = useWords(texts);
  const { percent, whole } = useFormats();
  const { name, floor, support, sensitivity, verdict } = condition;
  return (
    <li>
      <span className={styles.name}>{name.replaceAll("_", " ")}</span>
      <Badge tone={TONES[verdict]}>{t[verdict]}</Badge>
      <EstimateText estimate={sensitivity} format={percent} />
      <span className={styles.note}>
        {[
          floor === null ? "" : t.floor(percent(floor, 0)),
          support === null ? "" : t.positives(whole(support)),
        ]
          .filter((fact) => fact !== "")
          .join(" · ")}
      </span>
    </li>
  );
}

interface EstimateProps {
  estimate: Estimate;
  format(value: number | null): string;
}

function EstimateText({ estimate: { value, interval }, format }: EstimateProps) {
  const t = useWords(texts);
  return (
    <span>
      <strong>{format(value)}</strong>
      {interval && (
        <span className={styles.interval}>
          {" "}
          ({t.between(format(interval[0]), format(interval[1]))})
        </span>
      )}
    </span>
  );
}
