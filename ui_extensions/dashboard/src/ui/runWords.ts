// How a run's status is said and shown.

import type { RunStatus } from "../../../live/schemas";
import { words } from "../i18n/words";
import type { Tone } from "./Badge";

export const statusWords = words(
  {
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
  } satisfies Record<RunStatus, string>,
  {
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
  },
);

interface Look {
  tone: Tone;
  sign: string;
}

export const STATUS_LOOKS: Record<RunStatus, Look> = {
  idle: { tone: "stale", sign: "○" },
  pending: { tone: "info", sign: "…" },
  starting: { tone: "info", sign: "…" },
  training: { tone: "ok", sign: "▶" },
  pausing: { tone: "warning", sign: "⏸" },
  paused: { tone: "warning", sign: "⏸" },
  resuming: { tone: "info", sign: "▶" },
  stopping: { tone: "warning", sign: "■" },
  stopped: { tone: "stale", sign: "■" },
  completed: { tone: "ok", sign: "✓" },
  error: { tone: "critical", sign: "✖" },
};
