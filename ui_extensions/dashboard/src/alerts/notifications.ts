// Shows browser notifications of new critical alerts, from only one of the open tabs.

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

/** `insecure`: browsers allow notifications only on pages over HTTPS or from this machine. */
export type NotificationState = "off" | "on" | "denied" | "insecure" | "unsupported";

const KEY = "fovea.notifications";
const ON = "on";
/** Tabs of one server and workspace share a lock, because they receive the same alerts. */
const LOCK = `fovea.notifications ${address.root.pathname} ${address.workspace ?? ""}`;

const texts = words(
  { title: (condition: string) => `Critical: ${condition}`, run: (name: string) => `Run ${name}` },
  {
    fr: { title: (condition) => `Critique : ${condition}`, run: (name) => `Entraînement ${name}` },
  },
);

const shown = new Map<string, Notification>();
const knownAlerts = new Map<string, CriticalAlert>();
const openedMs = Date.now();
let isNotifyingTab = false;

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

/** Call only on a click: browsers ask for permission only then. */
export async function switchNotifications(isOn: boolean): Promise<void> {
  if (isOn) {
    await Notification.requestPermission();
    localStorage.setItem(KEY, ON);
  } else {
    localStorage.removeItem(KEY);
  }
  refresh();
}

/** Call once, when the page starts. */
export function startNotifications(): void {
  watchAlerts(onAlert);
  useLive.subscribe(onStoreChange);
  // Another tab may have changed the switch, or the user the browser's settings.
  window.addEventListener("storage", refresh);
  window.addEventListener("focus", refresh);
  // The first tab holds the lock until it is closed; then the next one gets it.
  void navigator.locks?.request(LOCK, () => {
    isNotifyingTab = true;
    return new Promise<never>(() => {});
  });
}

function refresh(): void {
  useNotificationState.setState({ notifying: current() });
}

function onAlert(alert: CriticalAlert): void {
  const known = knownAlerts.get(alert.alert_id) ?? useLive.getState().alerts[alert.alert_id];
  knownAlerts.set(alert.alert_id, alert);
  const decision = decideNotification(alert, known);
  if (decision === "show") {
    void notify(alert);
  } else if (decision === "withdraw") {
    withdraw(alert.alert_id);
  }
}

/** Handles alerts that were loaded after a gap, and alerts that have been seen. */
function onStoreChange(now: LiveState, past: LiveState): void {
  if (now.unseen === past.unseen) {
    return;
  }
  for (const id of past.unseen) {
    if (!now.unseen.includes(id)) {
      withdraw(id);
    }
  }
  for (const alert of newestFirst(now.alerts, now.unseen)) {
    const isKnown = knownAlerts.has(alert.alert_id);
    knownAlerts.set(alert.alert_id, alert);
    if (!isKnown && now.gaps > 0 && changedMs(alert) > openedMs) {
      void notify(alert);
    }
  }
}

async function notify(alert: CriticalAlert): Promise<void> {
  if (!isNotifyingTab || current() !== "on") {
    return;
  }
  // No value and no message: anybody near the screen can read a notification.
  const name = await nameOfRun(alert.run_id);
  const newest = knownAlerts.get(alert.alert_id);
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
    // Some mobile browsers accept notifications only from service workers.
    useNotificationState.setState({ notifying: "unsupported" });
  }
}

function withdraw(alertId: string): void {
  shown.get(alertId)?.close();
  shown.delete(alertId);
}

function show(alert: CriticalAlert, notification: Notification): void {
  window.focus();
  location.hash = runHref(alert.run_id, alert.epoch);
  markSeen(alert.alert_id);
  notification.close();
}
