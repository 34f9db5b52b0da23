import { useMemo, useState } from "react";
import type { ProjectDetail } from "../../../../live/schemas";
import { useWords, words } from "../../i18n/words";
import { ClassTable } from "../../run/evaluation/ClassTable";
import type { ClassRow } from "../../run/evaluation/classRows";
import type { CellText } from "../../run/evaluation/confusion";
import { ConfusionMatrix } from "../../run/evaluation/ConfusionMatrix";
import { Section } from "../../ui/Section";
import { Calibration } from "./Calibration";
import { ClassCurves } from "./ClassCurves";
import { type ConfusionCounts, type Evaluation, evaluationOf } from "./evaluation";
import { HonestScore } from "./HonestScore";
import { LeakTable } from "./LeakTable";
import { NumberErrors } from "./NumberErrors";
import { RankedRows } from "./RankedRows";
import styles from "./ResultPart.module.css";

const texts = words(
  {
    confusion: "Confusion matrix",
    classes: "Each class",
    others: "other classes",
  },
  {
    fr: {
      confusion: "Matrice de confusion",
      classes: "Chaque classe",
      others: "autres classes",
    },
  },
);

interface Props {
  detail: ProjectDetail;
  onChanged(): void;
}

/** What the model is worth, on rows that neither training nor selection saw. */
export function ResultPart({ detail, onChanged }: Props) {
  const t = useWords(texts);
  const evaluation = useMemo(() => evaluationOf(detail.evaluation_report), [detail]);
  const rows = useMemo(() => classRows(evaluation), [evaluation]);
  return (
    <div className={styles.parts}>
      <HonestScore detail={detail} evaluation={evaluation} />
      <LeakTable detail={detail} onChanged={onChanged} />
      {evaluation.confusion && (
        <Section title={t.confusion}>
          <Confusion confusion={evaluation.confusion} />
        </Section>
      )}
      {rows.length > 0 && (
        <Section title={t.classes}>
          <ClassTable rows={rows} hasReport />
        </Section>
      )}
      <ClassCurves evaluation={evaluation} />
      <Calibration evaluation={evaluation} />
      <NumberErrors evaluation={evaluation} />
      <RankedRows detail={detail} />
    </div>
  );
}

function Confusion({ confusion: { classes, counts, hasOthers } }: { confusion: ConfusionCounts }) {
  const t = useWords(texts);
  const [cells, setCells] = useState<CellText>("counts");
  const names = useMemo(
    () => (hasOthers ? [...classes, t.others] : classes),
    [classes, hasOthers, t],
  );
  return (
    <ConfusionMatrix
      epoch={null}
      classes={names}
      matrix={counts}
      cells={cells}
      onCells={setCells}
    />
  );
}

function classRows({ classes }: Evaluation): ClassRow[] {
  return classes.map(({ name, support, recall, precision, f1, auroc }, index) => ({
    index,
    name,
    support,
    recall,
    precision,
    f1,
    specificity: null,
    aucRoc: auroc?.value ?? null,
  }));
}
