import { Link } from "wouter";
import type { ProjectSummary } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { LongText } from "../ui/LongText";
import { ProjectBadge } from "./ProjectBadge";
import { hasProjectEnded } from "./projectStatus";
import { projectWords } from "./projectWords";
import styles from "./ProjectRow.module.css";
import { projectPath } from "./projectPath";
import { Score } from "./Score";

const texts = words(
  {
    progress: "Progress",
    age: (ago: string) => `created ${ago}`,
    unnamed: "Unnamed project",
  },
  {
    fr: {
      progress: "Progression",
      age: (ago) => `créé ${ago}`,
      unnamed: "Projet sans nom",
    },
  },
);

interface Props {
  project: ProjectSummary;
  nowMs: number;
  /** Where its name leads; by default to its page. */
  href?: string;
}

export function ProjectRow({ project, nowMs, href = projectPath(project.project_id) }: Props) {
  const t = useWords(texts);
  const stages = useWords(projectWords);
  const { ago, date, percent } = useFormats();
  const { status, progress_percentage, holdout_score } = project;
  const isAsking = project.question !== null;
  const isRunning = !hasProjectEnded(status) && !isAsking;
  return (
    <li className={styles.row}>
      <div className={styles.name}>
        <h2>
          <LongText
            text={project.project_name || t.unnamed}
            wrap={(shown) => <Link href={href}>{shown}</Link>}
          />
        </h2>
        <div className={styles.about}>
          <LongText text={project.problem_description} />
        </div>
      </div>
      <div className={styles.state}>
        <ProjectBadge status={status} isAsking={isAsking} />
        {isRunning && (
          <>
            <span>
              {stages[project.current_stage]} · {percent(progress_percentage / 100, 0)}
            </span>
            <progress aria-label={t.progress} max={100} value={progress_percentage} />
          </>
        )}
        {holdout_score && <Score score={holdout_score} />}
      </div>
      <p className={styles.facts}>
        <LongText text={project.dataset_name} />
        <time dateTime={project.created_at} title={date(project.created_at)}>
          {t.age(ago(Date.parse(project.created_at), nowMs))}
        </time>
      </p>
    </li>
  );
}
