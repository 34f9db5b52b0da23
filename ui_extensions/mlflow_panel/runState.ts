// What the panel knows of its run, and how that changes; nothing here talks to anybody.

import type { ConnectionStatus } from "../live/connection";
import { type Action, isAllowed } from "../live/controls";
import type { RequestError } from "../live/rest";
import { hasEnded } from "../live/runStatus";
import type {
  ControlResponse,
  CriticalAlert,
  RunStatus,
  ServerMessage,
  TrainingStatus,
} from "../live/schemas";

export interface Command {
  readonly action: Action;
  /** What came of it; nothing while that is not known. */
  readonly answer?: ControlResponse;
  readonly error?: RequestError;
  /** Whether the run has been seen to be what the answer says. */
  readonly isVisible?: boolean;
}

export interface RunState {
  readonly status: TrainingStatus | null;
  readonly connection: ConnectionStatus;
  /** By id, also those that are resolved. */
  readonly alerts: Readonly<Record<string, CriticalAlert>>;
  readonly command: Command | null;
}

export function afterMessage(state: RunState, message: ServerMessage): RunState {
  switch (message.type) {
    case "initial_state":
    case "status_update":
      return {
        ...state,
        status: message.status,
        command: commandAfterStatus(state.command, message.status.status),
      };
    case "critical_alert":
      return withAlerts(state, [message.alert]);
    default:
      return state;
  }
}

export function withAlerts(state: RunState, alerts: readonly CriticalAlert[]): RunState {
  const known = { ...state.alerts };
  for (const alert of alerts) {
    const before = known[alert.alert_id];
    // What was read may be older than what came live.
    if (!before || before.timestamp <= alert.timestamp) {
      known[alert.alert_id] = alert;
    }
  }
  return { ...state, alerts: known };
}

/** `open` are all that were open when it was read, `asked` what was known when that was asked for. */
export function withOpenAlerts(
  state: RunState,
  open: readonly CriticalAlert[],
  asked: RunState,
): RunState {
  const isOpen = new Set(open.map(idOf));
  // What ended while nothing was heard is not among them; what came meanwhile need not be.
  const kept = Object.entries(state.alerts).filter(
    ([id, alert]) => isOpen.has(id) || alert !== asked.alerts[id],
  );
  return withAlerts({ ...state, alerts: Object.fromEntries(kept) }, open);
}

/** An outcome is told until the run has become what it says, and something else after that. */
function commandAfterStatus(command: Command | null, status: RunStatus): Command | null {
  if (!command?.answer) {
    return command;
  }
  if (command.answer.training_status === status) {
    return { ...command, isVisible: true };
  }
  return command.isVisible ? null : command;
}

/** The worst first, then the newest. */
export function openAlerts({ alerts }: RunState): CriticalAlert[] {
  return Object.values(alerts)
    .filter((alert) => alert.state === "firing")
    .sort(
      (a, b) =>
        Number(b.level === "critical") - Number(a.level === "critical") ||
        Date.parse(b.timestamp) - Date.parse(a.timestamp) ||
        a.alert_id.localeCompare(b.alert_id),
    );
}

/** Critical ones that were none before. */
export function newCriticalAlerts(before: RunState, after: RunState): CriticalAlert[] {
  const wasCritical = new Set(openAlerts(before).filter(isCritical).map(idOf));
  return openAlerts(after).filter((alert) => isCritical(alert) && !wasCritical.has(alert.alert_id));
}

function isCritical(alert: CriticalAlert): boolean {
  return alert.level === "critical";
}

function idOf(alert: CriticalAlert): string {
  return alert.alert_id;
}

/** Whether there is nothing left to control. */
export function isOver({ status, deleted }: TrainingStatus): boolean {
  return deleted || hasEnded(status);
}

/** Whether what is known of the run may have been overtaken; of one that has ended it cannot be. */
export function isStale({ status, connection }: RunState): boolean {
  return (
    connection.state !== "live" && connection.state !== "connecting" && !!status && !isOver(status)
  );
}

/** From 0 to 1, or null where the run does not say how far it goes. */
export function shareDone(status: TrainingStatus): number | null {
  const { total_epochs: epochs, total_batches: batches, step } = status;
  if (status.status === "completed") {
    return 1;
  }
  if (!epochs || !batches || step === null) {
    return null;
  }
  return Math.min(1, Math.max(0, step / (epochs * batches)));
}

export type WhyNot = "deleted" | "forbidden" | "pending" | "status";

/** The first button goes with what the run does: it pauses, or it resumes. */
export function toggleAction(status: RunStatus): Action {
  return isAllowed("resume", status) ? "resume" : "pause";
}

/** Why a command cannot be given now; null where it can. One that takes back another need not wait. */
export function whyNot({ status, command }: RunState, action: Action): WhyNot | null {
  if (status?.deleted) {
    return "deleted";
  }
  if (!status || !isAllowed(action, status.status)) {
    return "status";
  }
  if (command?.error?.status === 403) {
    return "forbidden";
  }
  return command?.action === action && isPending(command) ? "pending" : null;
}

function isPending({ answer, error }: Command): boolean {
  return !answer && !error;
}

export type Outcome = "sent" | "done" | "unanswered" | "failed" | "forbidden" | "unreachable";

/** What became of a command: done only where every rank has said so. */
export function outcomeOf({ answer, error }: Command): Outcome {
  if (error) {
    return error.isUnreachable ? "unreachable" : error.status === 403 ? "forbidden" : "failed";
  }
  if (!answer) {
    return "sent";
  }
  if (answer.status === "error") {
    return "failed";
  }
  return answer.acknowledged ? "done" : "unanswered";
}
