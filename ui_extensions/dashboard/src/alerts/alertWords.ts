// The words and signs of alerts and of their changes.

import type { AlertLevel, CriticalAlert, TimelineEntry } from "../../../live/schemas";
import { SILENCE_METRIC } from "../../../live/silence";
import type { Formats } from "../i18n/useFormats";
import { words } from "../i18n/words";
import type { Tone } from "../ui/Badge";

export type ChangeKind = TimelineEntry["kind"];

export const levelWords = words(
  {
    critical: "Critical",
    warning: "Warning",
    wasCritical: "Resolved, was critical",
    wasWarning: "Resolved, was a warning",
  },
  {
    fr: {
      critical: "Critique",
      warning: "Avertissement",
      wasCritical: "Résolue, était critique",
      wasWarning: "Résolue, était un avertissement",
    },
  },
);

export const kindWords = words(
  {
    fired: (level: AlertLevel) =>
      level === "critical" ? "Began as critical" : "Began as a warning",
    raised: (_level: AlertLevel) => "Became critical",
    lowered: (_level: AlertLevel) => "Became a warning",
    resolved: (_level: AlertLevel) => "Resolved",
    withdrawn: (_level: AlertLevel) => "Withdrawn: late values show that nothing was wrong",
    closed: (_level: AlertLevel) => "Closed: the run is over",
    acknowledged: (_level: AlertLevel) => "Acknowledged",
    acted: (_level: AlertLevel) => "The rule acted",
  } satisfies Record<ChangeKind, (level: AlertLevel) => string>,
  {
    fr: {
      fired: (level) =>
        level === "critical" ? "Déclenchée comme critique" : "Déclenchée comme avertissement",
      raised: () => "Devenue critique",
      lowered: () => "Redevenue un avertissement",
      resolved: () => "Résolue",
      withdrawn: () => "Retirée : des valeurs arrivées en retard montrent que tout allait bien",
      closed: () => "Close : l’entraînement est terminé",
      acknowledged: () => "Acquittée",
      acted: () => "La règle a agi",
    },
  },
);

interface Appearance {
  tone: Tone;
  sign: string;
}

/** The tone and sign of a change; that of a beginning depends on its level. */
export function appearanceOf({ kind, level }: TimelineEntry): Appearance {
  switch (kind) {
    case "fired":
      return { tone: level, sign: level === "critical" ? "✖" : "▲" };
    case "raised":
      return { tone: "critical", sign: "↑" };
    case "lowered":
      return { tone: "warning", sign: "↓" };
    case "resolved":
      return { tone: "ok", sign: "✓" };
    case "withdrawn":
      return { tone: "stale", sign: "↺" };
    case "closed":
      return { tone: "stale", sign: "■" };
    case "acknowledged":
      return { tone: "info", sign: "✎" };
    case "acted":
      return { tone: "info", sign: "➜" };
  }
}

export function shownNumber(
  { metric }: { metric: string },
  value: number | null,
  formats: Formats,
): string {
  return metric === SILENCE_METRIC ? formats.duration(value) : formats.metric(value);
}

export function shownValue(alert: CriticalAlert, formats: Formats): string {
  const value = alert.not_finite ? Number(alert.not_finite) : alert.current_value;
  return shownNumber(alert, value, formats);
}
