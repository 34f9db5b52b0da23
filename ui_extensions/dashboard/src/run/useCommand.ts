// One command at a time to a run, from the click to its true outcome.

import { useCallback, useState } from "react";
import { type Action, ANSWER_SLACK_MS, timeoutS } from "../../../live/controls";
import { asRequestError, type RequestError } from "../../../live/rest";
import type { ControlResponse } from "../../../live/schemas";
import { rest } from "../live/session";

export interface Command {
  action: Action;
  release: boolean;
  /** Nothing while the run has not answered. */
  answer?: ControlResponse;
  error?: RequestError;
}

export interface Commanding {
  command: Command | null;
  isPending: boolean;
  give(action: Action, release?: boolean): void;
  dismiss(): void;
}

export function useCommand(runId: string): Commanding {
  const [command, setCommand] = useState<Command | null>(null);
  const give = useCallback(
    (action: Action, release = false) => {
      const given: Command = { action, release };
      setCommand(given);
      // A later command replaces this one, also what is shown of it.
      const settle = (outcome: Partial<Command>): void =>
        setCommand((shown) => (shown === given ? { ...given, ...outcome } : shown));
      const seconds = timeoutS(action, release);
      const body = { timeout_s: seconds, ...(action === "pause" ? { release } : {}) };
      rest
        .post<ControlResponse>(
          `api/training/${action}`,
          { run_id: runId },
          body,
          seconds * 1000 + ANSWER_SLACK_MS,
        )
        .then(
          (answer) => settle({ answer }),
          (error: unknown) => settle({ error: asRequestError(error) }),
        );
    },
    [runId],
  );
  const dismiss = useCallback(() => setCommand(null), []);
  const isPending = command !== null && !command.answer && !command.error;
  return { command, isPending, give, dismiss };
}
