// The page's connection to the server, whose messages update the store in batches.

import { ServerAddress } from "../../../live/address";
import { LiveConnection } from "../../../live/connection";
import { Rest } from "../../../live/rest";
import type { CriticalAlert, ServerMessage } from "../../../live/schemas";
import { Curves } from "./curves";
import {
  afterGap,
  afterMessages,
  type LogWatcher,
  type PageConnection,
  storeMissed,
  useLive,
} from "./liveStore";
import { Polling } from "./polling";
import { retryDelayMs } from "./retryDelay";

/** The pages are at /monitor/, one level below the server's root. */
export const address = new ServerAddress(
  new URL("../", document.baseURI),
  new URLSearchParams(location.search).get("workspace"),
);
export const rest = new Rest(address);
export const curves = new Curves(rest);

const HIDDEN_FLUSH_MS = 250;
/** Messages that only change numbers update the store at this interval; charts get them at once. */
const NUMBERS_FLUSH_MS = 100;
const NUMBERS: ReadonlySet<ServerMessage["type"]> = new Set(["metrics_update", "system_update"]);
const MAX_WAITING = 500;
const logWatchers = new Set<LogWatcher>();
const alertWatchers = new Set<(alert: CriticalAlert) => void>();
/** Offset of the newest update of each run. */
const lastUpdates = new Map<string, number>();
/** Every message after this offset was sent, unless the page read too slowly. */
let beganAt = 0;
let waiting: ServerMessage[] = [];
let numbersTimer = 0;
let isFrameRequested = false;

const connection = new LiveConnection(address, {
  onMessage(message) {
    waiting.push(message);
    if (waiting.length === MAX_WAITING) {
      flush();
    } else if (NUMBERS.has(message.type)) {
      numbersTimer ||= window.setTimeout(flush, NUMBERS_FLUSH_MS);
    } else if (!isFrameRequested) {
      isFrameRequested = true;
      inNextFrame(flush);
    }
    dispatch(message);
  },
  onStatus(status) {
    useLive.setState({ connection: status });
    if (status.state === "live") {
      polling.stop();
      curves.retry();
    } else if (status.state === "lost") {
      lost = status;
      polling.start();
    }
  },
  onGap: loadAgain,
});

/** How the connection was lost. */
let lost: PageConnection = useLive.getState().connection;
const polling = new Polling({
  isThere: () =>
    rest.get("api/health").then(
      () => true,
      () => false,
    ),
  onAnswer() {
    useLive.setState({ connection: { ...lost, state: "polling", sinceMs: Date.now() } });
    loadAgain();
  },
  onSilence() {
    useLive.setState({ connection: lost });
  },
});

function loadAgain(): void {
  lastUpdates.clear();
  curves.refresh();
  useLive.setState(afterGap);
}

export function startSession(): void {
  connection.start();
  retryCurves();
  window.addEventListener("online", () => connection.checkNow());
  document.addEventListener("visibilitychange", () => {
    // A requested frame comes only when the page is visible again.
    flush();
    if (!document.hidden) {
      connection.checkNow();
    }
  });
}

export function watchLogs(watcher: LogWatcher): () => void {
  logWatchers.add(watcher);
  return () => logWatchers.delete(watcher);
}

export function watchAlerts(watcher: (alert: CriticalAlert) => void): () => void {
  alertWatchers.add(watcher);
  return () => alertWatchers.delete(watcher);
}

/** Handles at once what must not wait for the next frame, or is not part of the store. */
function dispatch(message: ServerMessage): void {
  switch (message.type) {
    case "initial_state":
      if (!message.recovered) {
        beganAt = message.offset;
      }
      break;
    case "metrics_update":
      addPoints(message.run_id, message.points, message.offset, message.previous);
      break;
    case "system_update":
      if (message.run_id !== null) {
        curves.add(message.run_id, message.points);
      }
      break;
    case "log":
      for (const watcher of logWatchers) {
        watcher(message.run_id ?? "", message.lines);
      }
      break;
    case "critical_alert":
      for (const watcher of alertWatchers) {
        watcher(message.alert);
      }
      break;
    default:
  }
}

function addPoints(
  runId: string | null,
  points: Parameters<Curves["add"]>[1],
  offset: number,
  previous: number | null,
): void {
  if (runId === null) {
    return;
  }
  const known = lastUpdates.get(runId) ?? beganAt;
  lastUpdates.set(runId, offset);
  curves.add(runId, points);
  if (previous !== null && previous > known) {
    // The page read too slowly, and the server left out updates in between.
    curves.refresh(runId);
    storeMissed(runId);
  }
}

function flush(): void {
  clearTimeout(numbersTimer);
  [numbersTimer, isFrameRequested] = [0, false];
  if (waiting.length === 0) {
    return;
  }
  const messages = waiting;
  waiting = [];
  useLive.setState((state) => afterMessages(state, messages, Date.now()));
}

/** Retries curves that could not be loaded while the server was unreachable. */
function retryCurves(): void {
  if (useLive.getState().connection.state === "live") {
    curves.retry();
  }
  setTimeout(retryCurves, retryDelayMs());
}

/** A page in the background gets no frames, and its alerts must not wait for them. */
function inNextFrame(call: () => void): void {
  if (document.hidden) {
    setTimeout(call, HIDDEN_FLUSH_MS);
  } else {
    requestAnimationFrame(call);
  }
}
