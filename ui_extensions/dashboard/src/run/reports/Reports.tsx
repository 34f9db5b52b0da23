import { useState } from "react";
import type { TrainingStatus } from "../../../../live/schemas";
import { useWords, words } from "../../i18n/words";
import { Button } from "../../ui/Button";
import { ErrorNote } from "../../ui/ErrorNote";
import { Section } from "../../ui/Section";
import { EvaluateDialog } from "./EvaluateDialog";
import { EvaluationJobs } from "./EvaluationJobs";
import { ReportCard } from "./ReportCard";
import styles from "./Reports.module.css";
import { canBeEvaluated } from "./loadReports";
import { useReports } from "./useReports";

const texts = words(
  { title: "Reports", evaluate: "Evaluate…" },
  { fr: { title: "Rapports", evaluate: "Évaluer…" } },
);

interface Props {
  runId: string;
  status: TrainingStatus;
}

/** Evaluation reports of a run; renders nothing if there is no report, no job and no model. */
export function Reports({ runId, status }: Props) {
  const t = useWords(texts);
  const [isAsking, setIsAsking] = useState(false);
  const { reports, jobs, hasCheckpoints, error, refetch } = useReports(runId);
  const isEvaluable = canBeEvaluated(status, hasCheckpoints);
  if (reports.length === 0 && jobs.length === 0 && !isEvaluable) {
    return null;
  }
  return (
    <Section
      title={t.title}
      id="reports"
      tools={isEvaluable && <Button onClick={() => setIsAsking(true)}>{t.evaluate}</Button>}
    >
      {error && <ErrorNote error={error} onRetry={refetch} />}
      <EvaluationJobs jobs={jobs} />
      <ul className={styles.reports}>
        {reports.map((report) => (
          <ReportCard
            key={report.variant}
            runId={runId}
            experimentId={status.experiment_id}
            report={report}
          />
        ))}
      </ul>
      {isAsking && (
        <EvaluateDialog
          runId={runId}
          onClose={() => setIsAsking(false)}
          onStarted={() => {
            setIsAsking(false);
            refetch();
          }}
        />
      )}
    </Section>
  );
}
