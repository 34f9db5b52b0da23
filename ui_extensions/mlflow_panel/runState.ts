// The panel's state of its run, and how messages change it; pure functions without I/O.

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
  /** The outcome; missing while it is unknown. */
  readonly answer?: ControlResponse;
  readonly error?: RequestError;
  /** Whether the run has had the status that the answer announced. */
  readonly isReached?: boolean;
}

export interface RunState {
  readonly status: TrainingStatus | null;
  readonly connection: ConnectionStatus;
  /** By id, resolved ones included. */
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
    // A loaded alert may be older than one received live.
    if (!before || before.timestamp <= alert.timestamp) {
      known[alert.alert_id] = alert;
    }
  }
  return { ...state, alerts: known };
}

/** `open` are all open alerts as loaded; `before` is the state when they were requested. */
export function withOpenAlerts(
  state: RunState,
  open: readonly CriticalAlert[],
  before: RunState,
): RunState {
  const isOpen = new Set(open.map(idOf));
  // Drop alerts that ended while disconnected, but keep those received since the request.
  const stillOpen = Object.entries(state.alerts).filter(
    ([id, alert]) => isOpen.has(id) || alert !== before.alerts[id],
  );
  return withAlerts({ ...state, alerts: Object.fromEntries(stillOpen) }, open);
}

/** An outcome is shown until the run has reached its status and then left it. */
function commandAfterStatus(command: Command | null, status: RunStatus): Command | null {
  if (!command?.answer) {
    return command;
  }
  if (command.answer.training_status === status) {
    return { ...command, isReached: true };
  }
  return command.isReached ? null : command;
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

/** The alerts that have become critical. */
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

/** Whether the state may be outdated; that of a run that has ended cannot be. */
export function isStale({ status, connection }: RunState): boolean {
  return (
    connection.state !== "live" && connection.state !== "connecting" && !!status && !isOver(status)
  );
}

export type WhyNot = "deleted" | "forbidden" | "pending" | "status";

/** The action of the first button: resume if possible, else pause. */
export function toggleAction(status: RunStatus): Action {
  return isAllowed("resume", status) ? "resume" : "pause";
}

/** Why a command is not possible now; null if it is. Only the same command waits for a pending one. */
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

/** `done` means that every rank has acknowledged the command. */
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
