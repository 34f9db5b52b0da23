import type { ProjectProgress } from "../../../../live/schemas";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { ProgressBar } from "../../ui/ProgressBar";
import { hasProjectEnded, type StageState, STAGES, stageState } from "../projectStatus";
import { projectWords } from "../projectWords";
import styles from "./Stages.module.css";

const texts = words(
  {
    progress: "Progress of the whole pipeline",
    left: (time: string) => `about ${time} left`,
    done: "done",
    now: "now",
    stopped: "ended here",
    ahead: "to come",
    list: "Stages",
  },
  {
    fr: {
      progress: "Progression de tout le pipeline",
      left: (time) => `encore ${time} environ`,
      done: "fait",
      now: "en cours",
      stopped: "terminé ici",
      ahead: "à venir",
      list: "Étapes",
    },
  },
);

const SIGNS: Readonly<Record<StageState, string>> = {
  done: "✓",
  now: "▶",
  stopped: "✖",
  ahead: "○",
};

/** The eight stages, how far the pipeline is, and the time left as measured so far. */
export function Stages({ progress }: { progress: ProjectProgress }) {
  const t = useWords(texts);
  const names = useWords(projectWords);
  const { percent, duration } = useFormats();
  const { status, current_stage, progress_percentage, estimated_time_remaining } = progress;
  const left = estimated_time_remaining;
  const isAsking = progress.question !== null;
  return (
    <div className={styles.stages}>
      <div>
        <ProgressBar label={t.progress} share={progress_percentage / 100} />
        <p className={styles.text}>
          <strong>{percent(progress_percentage / 100, 0)}</strong>
          {left !== null && !hasProjectEnded(status) && ` · ${t.left(duration(left))}`}
        </p>
      </div>
      <ol className={styles.list} aria-label={t.list}>
        {STAGES.map((stage) => {
          const state = isAsking ? "ahead" : stageState(stage, current_stage, status);
          return (
            <li key={stage} data-state={state} aria-current={state === "now" ? "step" : undefined}>
              <span className={styles.sign} aria-hidden="true">
                {SIGNS[state]}
              </span>
              <span>{names[stage]}</span>
              <span className={styles.state}>{t[state]}</span>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
