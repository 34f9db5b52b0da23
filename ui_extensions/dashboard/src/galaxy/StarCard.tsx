import { Link } from "wouter";
import type { GalaxyProject, GalaxyRun } from "../../../live/schemas";
import { closed } from "../../../live/bidi";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { ProjectBadge } from "../projects/ProjectBadge";
import { hasProjectEnded, stageState, STAGES } from "../projects/projectStatus";
import { galaxyPath, projectPath } from "../projects/projectPath";
import { projectWords } from "../projects/projectWords";
import { Score } from "../projects/Score";
import { runPath } from "../ui/hashLocation";
import { Button } from "../ui/Button";
import { LongText } from "../ui/LongText";
import { Section } from "../ui/Section";
import { shortName } from "../ui/shortName";
import { StatusBadge } from "../ui/StatusBadge";
import styles from "./StarCard.module.css";

const texts = words(
  {
    title: "Chosen star",
    unnamed: "Unnamed project",
    rows: (count: string) => `${count} rows`,
    stage: (number: string, name: string) => `Stage ${number} of 8: ${name}`,
    open: "Open the project",
    leave: "Back to all stars",
    planets: "Planets: its runs",
    none: "It has no runs yet.",
    bound: (shown: string, all: string) =>
      `${shown} of ${all} runs are drawn: pipelines, and the models with the best scores.`,
    pipeline: "pipeline",
    candidate: "compared model",
    loss: (value: string) => `loss ${value}`,
    openRun: (name: string) => `Open the run ${name}`,
    run: "Open",
  },
  {
    fr: {
      title: "Étoile choisie",
      unnamed: "Projet sans nom",
      rows: (count) => `${count} lignes`,
      stage: (number, name) => `Étape ${number} sur 8 : ${name}`,
      open: "Ouvrir le projet",
      leave: "Revenir à toutes les étoiles",
      planets: "Planètes : ses entraînements",
      none: "Il n’a pas encore d’entraînement.",
      bound: (shown, all) =>
        `${shown} entraînements sur ${all} sont dessinés : les pipelines, et les modèles aux meilleurs scores.`,
      pipeline: "pipeline",
      candidate: "modèle comparé",
      loss: (value) => `perte ${value}`,
      openRun: (name) => `Ouvrir l’entraînement ${name}`,
      run: "Ouvrir",
    },
  },
);

interface Props {
  project: GalaxyProject;
  selectedRunId: string | null;
  onLeave(): void;
}

export function StarCard({ project, selectedRunId, onLeave }: Props) {
  const t = useWords(texts);
  const names = useWords(projectWords);
  const { whole, percent } = useFormats();
  const { project_id, status, current_stage, has_question, runs, num_runs } = project;
  const isRunning = !hasProjectEnded(status) && !has_question;
  return (
    <Section title={t.title} tools={<Button onClick={onLeave}>{t.leave}</Button>}>
      <div className={styles.card}>
        <h3>
          <LongText text={project.project_name || t.unnamed} />
        </h3>
        <p className={styles.facts}>
          <ProjectBadge status={status} isAsking={has_question} />
          {project.num_samples !== null && <span>{t.rows(whole(project.num_samples))}</span>}
          {project.holdout_score && <Score score={project.holdout_score} />}
        </p>
        {isRunning && (
          <>
            <ol className={styles.stages} aria-hidden="true">
              {STAGES.map((stage) => (
                <li key={stage} data-state={stageState(stage, current_stage, status)} />
              ))}
            </ol>
            <p>
              {t.stage(whole(STAGES.indexOf(current_stage) + 1), names[current_stage])} ·{" "}
              {percent(project.progress_percentage / 100, 0)}
            </p>
          </>
        )}
        <p>
          <Link href={projectPath(project_id)}>{t.open}</Link>
        </p>
        <h3>{t.planets}</h3>
        {runs.length === 0 && <p>{t.none}</p>}
        {num_runs > runs.length && <p>{t.bound(whole(runs.length), whole(num_runs))}</p>}
        <ul className={styles.planets}>
          {runs.map((run) => (
            <Planet
              key={run.run_id}
              run={run}
              projectId={project_id}
              isSelected={run.run_id === selectedRunId}
            />
          ))}
        </ul>
      </div>
    </Section>
  );
}

interface PlanetProps {
  run: GalaxyRun;
  projectId: string;
  isSelected: boolean;
}

function Planet({ run, projectId, isSelected }: PlanetProps) {
  const t = useWords(texts);
  const { metric } = useFormats();
  const name = shortName(run.run_name || run.run_id);
  return (
    <li>
      <Link
        href={galaxyPath(projectId, run.run_id)}
        className={styles.planet}
        aria-current={isSelected || undefined}
      >
        <bdi>{closed(name)}</bdi>
      </Link>
      <span className={styles.facts}>
        <StatusBadge status={run.status} />
        <span>{run.is_candidate ? t.candidate : t.pipeline}</span>
        {run.selection_loss !== null && <span>{t.loss(metric(run.selection_loss))}</span>}
        {run.holdout_score && <Score score={run.holdout_score} />}
        <Link href={runPath(run.run_id)} aria-label={t.openRun(name)}>
          {t.run}
        </Link>
      </span>
    </li>
  );
}
