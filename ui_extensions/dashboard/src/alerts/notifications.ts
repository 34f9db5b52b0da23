// A new critical alert as a notification of the browser: once, from one of the open tabs.

import { create } from "zustand";
import type { CriticalAlert } from "../../../live/schemas";
import { useLanguage } from "../i18n/language";
import { words } from "../i18n/words";
import { type LiveState, markSeen, useLive } from "../live/liveStore";
import { address, watchAlerts } from "../live/session";
import { runHref } from "../ui/hashLocation";
import { changedMs, newestFirst } from "./alertOrder";
import { needsAcknowledgement, decideNotification } from "./notificationDecision";
import { nameOfRun } from "./useRunName";

/** `insecure`: browsers give notifications only to pages over HTTPS or from the machine itself. */
export type NotificationState = "off" | "on" | "denied" | "insecure" | "unsupported";

const KEY = "fovea.notifications";
const ON = "on";
/** Pages of one server and workspace onAlert the same alerts. */
const TURN = `fovea.notifications ${address.root.pathname} ${address.workspace ?? ""}`;

const texts = words(
  { title: (condition: string) => `Critical: ${condition}`, run: (name: string) => `Run ${name}` },
  {
    fr: { title: (condition) => `Critique : ${condition}`, run: (name) => `Entraînement ${name}` },
  },
);

const shown = new Map<string, Notification>();
const before = new Map<string, CriticalAlert>();
const openedMs = Date.now();
let isOurTurn = false;

export const useNotificationState = create<{ notifying: NotificationState }>()(() => ({
  notifying: current(),
}));

function current(): NotificationState {
  if (!window.isSecureContext) {
    return "insecure";
  }
  if (typeof Notification === "undefined") {
    return "unsupported";
  }
  if (Notification.permission === "denied") {
    return "denied";
  }
  const isWanted = localStorage.getItem(KEY) === ON;
  return isWanted && Notification.permission === "granted" ? "on" : "off";
}

/** Only in answer to a click: browsers ask nobody otherwise. */
export async function switchNotifications(isOn: boolean): Promise<void> {
  if (isOn) {
    await Notification.requestPermission();
    localStorage.setItem(KEY, ON);
  } else {
    localStorage.removeItem(KEY);
  }
  refresh();
}

/** To be called once, when the page starts. */
export function startNotifications(): void {
  watchAlerts(onAlert);
  useLive.subscribe(onStoreChange);
  // Another tab may have switched, and the reader may have changed the browser's own settings.
  window.addEventListener("storage", refresh);
  window.addEventListener("focus", refresh);
  // The first tab keeps its turn until it is closed; the next one in the queue goes on then.
  void navigator.locks?.request(TURN, () => {
    isOurTurn = true;
    return new Promise<never>(() => {});
  });
}

function refresh(): void {
  useNotificationState.setState({ notifying: current() });
}

function onAlert(alert: CriticalAlert): void {
  const known = before.get(alert.alert_id) ?? useLive.getState().alerts[alert.alert_id];
  before.set(alert.alert_id, alert);
  const news = decideNotification(alert, known);
  if (news === "tell") {
    void tell(alert);
  } else if (news === "takeBack") {
    takeBack(alert.alert_id);
  }
}

/** What was read after a gap may be news as well, and what somebody looked at is none any more. */
function onStoreChange(now: LiveState, past: LiveState): void {
  if (now.unseen === past.unseen) {
    return;
  }
  for (const id of past.unseen) {
    if (!now.unseen.includes(id)) {
      takeBack(id);
    }
  }
  for (const alert of newestFirst(now.alerts, now.unseen)) {
    const isHeard = before.has(alert.alert_id);
    before.set(alert.alert_id, alert);
    if (!isHeard && now.gaps > 0 && changedMs(alert) > openedMs) {
      void tell(alert);
    }
  }
}

async function tell(alert: CriticalAlert): Promise<void> {
  if (!isOurTurn || current() !== "on") {
    return;
  }
  // No value and no message: a notification can be read by whoever passes by.
  const name = await nameOfRun(alert.run_id);
  const newest = before.get(alert.alert_id);
  if (newest === undefined || !needsAcknowledgement(newest)) {
    return;
  }
  const t = texts[useLanguage.getState().language];
  try {
    const options = { body: t.run(name), tag: alert.alert_id };
    const notification = new Notification(t.title(alert.condition), options);
    notification.onclick = () => show(alert, notification);
    shown.set(alert.alert_id, notification);
  } catch {
    // Some browsers of phones take notifications from service workers alone.
    useNotificationState.setState({ notifying: "unsupported" });
  }
}

function takeBack(alertId: string): void {
  shown.get(alertId)?.close();
  shown.delete(alertId);
}

function show(alert: CriticalAlert, notification: Notification): void {
  window.focus();
  location.hash = runHref(alert.run_id, alert.epoch);
  markSeen(alert.alert_id);
  notification.close();
}
