// Sends one command at a time to a run, and holds its outcome.

import { useCallback, useState } from "react";
import { type Action, sendCommand } from "../../../live/controls";
import type { RequestError } from "../../../live/rest";
import type { ControlResponse } from "../../../live/schemas";
import { rest } from "../live/session";

export interface Command {
  action: Action;
  release: boolean;
  /** Missing until the server has answered. */
  answer?: ControlResponse;
  error?: RequestError;
}

export interface Commanding {
  command: Command | null;
  isPending: boolean;
  send(action: Action, release?: boolean): void;
  dismiss(): void;
}

export function useCommand(runId: string): Commanding {
  const [command, setCommand] = useState<Command | null>(null);
  const send = useCallback(
    (action: Action, release = false) => {
      const sent: Command = { action, release };
      setCommand(sent);
      void sendCommand(rest, runId, action, release).then((result) =>
        // A later command replaces this one.
        setCommand((shown) => (shown === sent ? { ...sent, ...result } : shown)),
      );
    },
    [runId],
  );
  const dismiss = useCallback(() => setCommand(null), []);
  const isPending = command !== null && !command.answer && !command.error;
  return { command, isPending, send, dismiss };
}
