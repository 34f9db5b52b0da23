// Commands to a run: which its status allows, and how they are sent.

import { type Action, ALLOWED_ACTIONS } from "./allowedActions";
import { asRequestError, type RequestError, type Rest } from "./rest";
import type { ControlResponse, RunStatus } from "./schemas";

export type { Action };

/** Decides only which buttons are enabled: the server checks every command itself. */
export function isAllowed(action: Action, status: RunStatus): boolean {
  return ALLOWED_ACTIONS[status].includes(action);
}

/** Seconds to wait for every rank; releasing the accelerators includes writing a checkpoint. */
function timeoutS(action: Action, release: boolean): number {
  return action === "pause" && !release ? 20 : 120;
}

/** The client waits this much longer than the server, so that the server's own answer arrives. */
const ANSWER_SLACK_MS = 15_000;

export type CommandResult = { answer: ControlResponse } | { error: RequestError };

/** Sends a command and waits until the run has acknowledged it, or the time is over. Never rejects. */
export async function sendCommand(
  rest: Rest,
  runId: string,
  action: Action,
  release: boolean,
): Promise<CommandResult> {
  const seconds = timeoutS(action, release);
  const body = { timeout_s: seconds, ...(action === "pause" ? { release } : {}) };
  const deadlineMs = seconds * 1000 + ANSWER_SLACK_MS;
  try {
    return {
      answer: await rest.post(`api/training/${action}`, { run_id: runId }, body, deadlineMs),
    };
  } catch (error) {
    return { error: asRequestError(error) };
  }
}
