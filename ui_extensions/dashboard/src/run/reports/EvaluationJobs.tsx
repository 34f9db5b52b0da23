import type { JobEntry } from "../../../../live/schemas";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { runHref } from "../../ui/hashLocation";
import { StatusBadge } from "../../ui/StatusBadge";
import styles from "./EvaluationJobs.module.css";

const texts = words(
  {
    jobs: "Evaluations in progress or failed",
    evaluation: (split: string) => `Evaluation on the ${split} split`,
    log: "Log",
  },
  {
    fr: {
      jobs: "Évaluations en cours ou échouées",
      evaluation: (split) => `Évaluation sur la partie ${split}`,
      log: "Journal",
    },
  },
);

export function EvaluationJobs({ jobs }: { jobs: readonly JobEntry[] }) {
  const t = useWords(texts);
  const { date } = useFormats();
  if (jobs.length === 0) {
    return null;
  }
  return (
    <ul className={styles.jobs} aria-label={t.jobs}>
      {jobs.map((job) => (
        <li key={job.id}>
          <StatusBadge status={job.status} />
          <span>
            {t.evaluation(typeof job.config.split === "string" ? job.config.split : "test")}
          </span>
          <time dateTime={job.created_at}>{date(job.created_at)}</time>
          {job.message && <span lang="en">{job.message}</span>}
          <a href={runHref(job.run_id)}>{t.log}</a>
        </li>
      ))}
    </ul>
  );
}
