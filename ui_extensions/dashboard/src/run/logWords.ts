// The words for the levels of log lines.

import type { LogLevel } from "../../../live/schemas";
import { words } from "../i18n/words";

export const levelWords = words(
  {
    debug: "debug",
    info: "info",
    warning: "warning",
    error: "error",
    critical: "critical",
  } satisfies Record<LogLevel, string>,
  {
    fr: {
      debug: "débogage",
      info: "info",
      warning: "alerte",
      error: "erreur",
      critical: "critique",
    },
  },
);
