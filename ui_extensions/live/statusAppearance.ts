// The words, colours and signs of a run's status, shared by the dashboard and the panel.

import type { RunStatus } from "./schemas";

export type Tone = "ok" | "warning" | "critical" | "info" | "stale";

/** A colour and a shape: colour is never the only sign. */
export type Appearance = readonly [tone: Tone, sign: string];

export const STATUS_APPEARANCE: Readonly<Record<RunStatus, Appearance>> = {
  idle: ["stale", "○"],
  pending: ["info", "…"],
  starting: ["info", "…"],
  training: ["ok", "▶"],
  pausing: ["warning", "❚❚"],
  paused: ["warning", "❚❚"],
  resuming: ["info", "▶"],
  stopping: ["warning", "■"],
  stopped: ["stale", "■"],
  completed: ["ok", "✓"],
  error: ["critical", "✖"],
};

/** A run that is silent may not be doing what it last said. */
export function appearanceOf(status: RunStatus, isSilent: boolean): Appearance {
  return isSilent ? ["warning", "▲"] : STATUS_APPEARANCE[status];
}

/** A status with the word that the run is silent. */
export const SILENT_WORDS = {
  en: { silent: (status: string): string => `${status}, silent` },
  fr: { silent: (status: string): string => `${status}, silencieux` },
};

type StatusWords = Readonly<Record<RunStatus, string>>;

export const STATUS_WORDS: { readonly en: StatusWords; readonly fr: StatusWords } = {
  en: {
    idle: "Idle",
    pending: "Pending",
    starting: "Starting",
    training: "Training",
    pausing: "Pausing…",
    paused: "Paused",
    resuming: "Resuming…",
    stopping: "Stopping…",
    stopped: "Stopped",
    completed: "Completed",
    error: "Failed",
  },
  fr: {
    idle: "Inactif",
    pending: "En attente",
    starting: "Démarrage",
    training: "Entraînement",
    pausing: "Mise en pause…",
    paused: "En pause",
    resuming: "Reprise…",
    stopping: "Arrêt…",
    stopped: "Arrêté",
    completed: "Terminé",
    error: "Échoué",
  },
};
