// The page's session with the server: one connection, whose messages become state once a frame.

import { ServerAddress } from "../../../live/address";
import { LiveConnection } from "../../../live/connection";
import { Rest } from "../../../live/rest";
import type { CriticalAlert, ServerMessage } from "../../../live/schemas";
import { Curves } from "./curves";
import { after, type LogWatcher, useLive } from "./liveStore";

/** The pages lie in /monitor/, one below the server's root. */
export const address = new ServerAddress(
  new URL("../", document.baseURI),
  new URLSearchParams(location.search).get("workspace"),
);
export const rest = new Rest(address);
export const curves = new Curves(rest);

const HIDDEN_FLUSH_MS = 250;
const logWatchers = new Set<LogWatcher>();
const alertWatchers = new Set<(alert: CriticalAlert) => void>();
const lastUpdates = new Map<string, number>();
let waiting: ServerMessage[] = [];

const connection = new LiveConnection(address, {
  onMessage(message) {
    if (waiting.length === 0) {
      whenSeen(flush);
    }
    waiting.push(message);
    take(message);
  },
  onLink(link) {
    useLive.setState({ link });
  },
  onGap() {
    lastUpdates.clear();
    curves.refresh();
    useLive.setState(({ gaps }) => ({ gaps: gaps + 1 }));
  },
});

export function startSession(): void {
  connection.start();
  window.addEventListener("online", () => connection.hurry());
  document.addEventListener("visibilitychange", () => {
    // A frame that was asked for comes only when the page is seen again.
    flush();
    if (!document.hidden) {
      connection.hurry();
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

/** What must not wait for the next frame, or is not part of the state. */
function take(message: ServerMessage): void {
  switch (message.type) {
    case "metrics_update":
      takePoints(message.run_id, message.points, message.offset, message.previous);
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

function takePoints(
  runId: string | null,
  points: Parameters<Curves["add"]>[1],
  offset: number,
  previous: number | null,
): void {
  if (runId === null) {
    return;
  }
  const known = lastUpdates.get(runId);
  lastUpdates.set(runId, offset);
  curves.add(runId, points);
  if (known !== undefined && previous !== null && previous > known) {
    // This page read too slowly, and updates in between were left out.
    curves.refresh(runId);
  }
}

function flush(): void {
  if (waiting.length === 0) {
    return;
  }
  const messages = waiting;
  waiting = [];
  useLive.setState((state) => after(state, messages, Date.now()));
}

/** A page in the background gets no frames, and its alerts must not wait for them. */
function whenSeen(call: () => void): void {
  if (document.hidden) {
    setTimeout(call, HIDDEN_FLUSH_MS);
  } else {
    requestAnimationFrame(call);
  }
}
