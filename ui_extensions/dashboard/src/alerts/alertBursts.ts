// Calls back once for a burst of alert changes.

import type { CriticalAlert } from "../../../live/schemas";
import { watchAlerts } from "../live/session";

/** Calls `call` `delayMs` after the first matching change of a burst; returns a function that ends this. */
export function onAlertBurst(
  matches: (alert: CriticalAlert) => boolean,
  delayMs: number,
  call: () => void,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = watchAlerts((alert) => {
    if (matches(alert)) {
      timer ??= setTimeout(() => {
        timer = undefined;
        call();
      }, delayMs);
    }
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}
