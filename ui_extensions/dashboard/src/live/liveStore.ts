// The pages' one store: the live state of runs and alerts, updated by WebSocket messages.

import { create } from "zustand";
import type { ConnectionState, ConnectionStatus } from "../../../live/connection";
import type {
  CriticalAlert,
  LatestMetrics,
  LogLine,
  MetricsData,
  MetricsUpdate,
  ServerMessage,
  SystemMetrics,
  TrainingStatus,
} from "../../../live/schemas";
import { MetricsMerger } from "./metricParts";

const MAX_RUNS = 500;

export interface LiveRun {
  status?: TrainingStatus;
  metrics?: MetricsData;
  system?: SystemMetrics | null;
  step?: number | null;
  /** Time of the run's last message or metric, in ms since the Unix epoch; null if unknown. */
  lastMessageMs: number | null;
  /** When the status was last received live. */
  statusMs: number;
  /** Changes received while the metrics are being loaded; null when they are not. */
  changes: Changes | null;
  /** Whether messages were missed since the metrics were received. */
  isOutdated: boolean;
  /** How often updates were left out, because the page read too slowly. */
  numMissed: number;
  /** Number of artifacts logged while the page is open. */
  artifacts: number;
  /** Number of changes of one-time commands while the page is open. */
  commands: number;
}

interface Changes {
  metrics: MetricsData | undefined;
  written: ReadonlySet<string>;
  numLoading: number;
}

const UNKNOWN: LiveRun = {
  lastMessageMs: null,
  statusMs: 0,
  changes: null,
  isOutdated: false,
  numMissed: 0,
  artifacts: 0,
  commands: 0,
};

export interface PageConnection extends Omit<ConnectionStatus, "state"> {
  /** “polling”: the socket is lost, but the server answers, and the page asks it at an interval. */
  state: ConnectionState | "polling";
}

export interface LiveState {
  connection: PageConnection;
  runs: Readonly<Record<string, LiveRun>>;
  /** By id; received live or loaded. */
  alerts: Readonly<Record<string, CriticalAlert>>;
  /** Critical alerts that are open, not acknowledged, and not yet seen in this browser tab. */
  unseen: readonly string[];
  /** Rises after each gap in the messages: what was loaded before is outdated. */
  gaps: number;
}

export const useLive = create<LiveState>()(() => ({
  connection: { state: "connecting", sinceMs: Date.now(), reason: "" },
  runs: {},
  alerts: {},
  unseen: [],
  gaps: 0,
}));

/** The state after `messages`. */
export function afterMessages(
  state: LiveState,
  messages: readonly ServerMessage[],
  nowMs: number,
): LiveState {
  const runs: Record<string, LiveRun> = { ...state.runs };
  const merger = new MetricsMerger();
  let { alerts, unseen } = state;
  for (const message of messages) {
    const runId = message.run_id;
    if (runId === null) {
      continue;
    }
    const before = { ...(runs[runId] ?? UNKNOWN), lastMessageMs: nowMs };
    switch (message.type) {
      case "initial_state":
        runs[runId] = {
          ...before,
          status: message.status,
          metrics: message.metrics,
          system: message.system ?? null,
          step: message.status.step ?? null,
          statusMs: nowMs,
          isOutdated: false,
        };
        break;
      case "initial_state_page":
        runs[runId] = { ...before, metrics: merger.page(before.metrics, message.metrics) };
        break;
      case "metrics_update":
        runs[runId] = {
          ...before,
          metrics: merger.update(before.metrics, message.metrics, message.points),
          changes: withUpdate(before.changes, message, merger),
          system: message.system ?? before.system ?? null,
          step: message.step ?? before.step ?? null,
          isOutdated: false,
        };
        break;
      case "status_update":
        runs[runId] = { ...before, status: message.status, statusMs: nowMs };
        break;
      case "system_update": {
        const { cpu_usage, ram_usage, gpu } = message;
        runs[runId] = { ...before, system: { cpu_usage, ram_usage, gpu } };
        break;
      }
      case "artifact_update":
        runs[runId] = { ...before, artifacts: before.artifacts + 1 };
        break;
      case "command":
        runs[runId] = { ...before, commands: before.commands + 1 };
        break;
      case "critical_alert": {
        const { alert } = message;
        unseen = unseenAfter(unseen, alert, alerts[alert.alert_id]);
        alerts = { ...alerts, [alert.alert_id]: alert };
        break;
      }
    }
  }
  return { ...state, runs: bounded(runs), alerts, unseen };
}

function withUpdate(
  changes: Changes | null,
  { metrics, points }: MetricsUpdate,
  merger: MetricsMerger,
): Changes | null {
  return (
    changes && {
      ...changes,
      metrics: merger.update(changes.metrics, metrics, points),
      written: new Set([...changes.written, ...points.map(({ metric }) => metric)]),
    }
  );
}

/** The state after a gap in the messages: what was received before is outdated. */
export function afterGap({ runs, gaps }: LiveState): Partial<LiveState> {
  const outdated = Object.entries(runs).map(([id, run]) => [id, { ...run, isOutdated: true }]);
  return { gaps: gaps + 1, runs: Object.fromEntries(outdated) as Record<string, LiveRun> };
}

/** After updates of a run were left out: what it has logged must be loaded again. */
export function storeMissed(runId: string): void {
  updateRun(runId, (run) => ({ ...run, numMissed: run.numMissed + 1 }));
}

/** Adds an alert when it becomes critical; removes it when it ends or is acknowledged. */
function unseenAfter(
  unseen: readonly string[],
  alert: CriticalAlert,
  before: CriticalAlert | undefined,
): readonly string[] {
  const id = alert.alert_id;
  const isWaiting = isCritical(alert) && alert.acknowledged_by === null;
  if (!isWaiting) {
    return unseen.filter((each) => each !== id);
  }
  const isNew = before === undefined || !isCritical(before);
  return isNew && !unseen.includes(id) ? [...unseen, id] : unseen;
}

export function isCritical(alert: CriticalAlert): boolean {
  return alert.state === "firing" && alert.level === "critical";
}

function bounded(runs: Record<string, LiveRun>): Record<string, LiveRun> {
  const ids = Object.keys(runs);
  if (ids.length <= MAX_RUNS) {
    return runs;
  }
  const oldest = ids.sort((a, b) => (runs[a]?.lastMessageMs ?? 0) - (runs[b]?.lastMessageMs ?? 0));
  return Object.fromEntries(oldest.slice(-MAX_RUNS).map((id) => [id, runs[id] as LiveRun]));
}

/** Stores loaded alerts, unless a newer version was received live; new critical ones become unseen. */
export function storeAlerts(read: readonly CriticalAlert[]): void {
  useLive.setState(({ alerts, unseen }) => {
    const next = { ...alerts };
    let waiting = unseen;
    for (const alert of read) {
      const known = next[alert.alert_id];
      if (!known || !isOlder(alert, known)) {
        waiting = unseenAfter(waiting, alert, known);
        next[alert.alert_id] = alert;
      }
    }
    return { alerts: next, unseen: waiting };
  });
}

/** An acknowledgement does not change an alert's timestamp. */
function isOlder(read: CriticalAlert, known: CriticalAlert): boolean {
  const laterMs = Date.parse(read.timestamp) - Date.parse(known.timestamp);
  const isTakenBack = known.acknowledged_by !== null && read.acknowledged_by === null;
  return laterMs < 0 || (laterMs === 0 && isTakenBack);
}

/** Removes alerts that the server no longer has. */
export function removeAlerts(ids: readonly string[]): void {
  useLive.setState(({ alerts, unseen }) => ({
    alerts: Object.fromEntries(Object.entries(alerts).filter(([id]) => !ids.includes(id))),
    unseen: unseen.filter((id) => !ids.includes(id)),
  }));
}

export function storeStatus(status: TrainingStatus, requestedMs: number): void {
  if (status.run_id) {
    updateRun(status.run_id, (run) =>
      run.statusMs > requestedMs ? run : { ...run, status, step: status.step ?? null },
    );
  }
}

/** Loads the metrics of a run with `read`, and adds what is received live in the meantime. */
export async function loadMetrics(
  runId: string,
  read: () => Promise<LatestMetrics>,
): Promise<void> {
  const requestedMs = Date.now();
  countLoading(runId, 1);
  try {
    storeMetrics(await read(), requestedMs);
  } finally {
    countLoading(runId, -1);
  }
}

function countLoading(runId: string, by: number): void {
  updateRun(runId, (run) => {
    const changes = run.changes ?? { metrics: undefined, written: new Set(), numLoading: 0 };
    const numLoading = changes.numLoading + by;
    return { ...run, changes: numLoading > 0 ? { ...changes, numLoading } : null };
  });
}

function storeMetrics(read: LatestMetrics, requestedMs: number): void {
  const loggedMs = read.timestamp ? Math.min(Date.parse(read.timestamp), requestedMs) : null;
  updateRun(read.run_id, (run) => {
    const { metrics, written } = run.changes ?? { metrics: undefined, written: [] };
    return {
      ...run,
      metrics: metrics ? new MetricsMerger().merged(read, metrics, written) : read,
      system: metrics ? (run.system ?? null) : (read.system ?? null),
      isOutdated: false,
      lastMessageMs: run.lastMessageMs ?? loggedMs,
    };
  });
}

function updateRun(runId: string, next: (run: LiveRun) => LiveRun): void {
  useLive.setState(({ runs }) => ({ runs: { ...runs, [runId]: next(runs[runId] ?? UNKNOWN) } }));
}

export function markSeen(alertId: string): void {
  useLive.setState(({ unseen }) => ({ unseen: unseen.filter((id) => id !== alertId) }));
}

export type LogWatcher = (runId: string, lines: readonly LogLine[]) => void;
