// Which commands a run's status allows, and how long the server waits for a command.

import { type Action, ALLOWED_ACTIONS } from "./allowedActions";
import type { RunStatus } from "./schemas";

export type { Action };

/** Decides only which buttons are enabled: the server checks every command itself. */
export function isAllowed(action: Action, status: RunStatus): boolean {
  return ALLOWED_ACTIONS[status].includes(action);
}

/** Seconds to wait for every rank; releasing the accelerators includes writing a checkpoint. */
export function timeoutS(action: Action, release: boolean): number {
  return action === "pause" && !release ? 20 : 120;
}

/** The client waits this much longer than the server, so that the server's own answer arrives. */
export const ANSWER_SLACK_MS = 15_000;
