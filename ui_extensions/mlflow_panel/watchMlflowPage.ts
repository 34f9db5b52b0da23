// Reports when MLflow shows another page, without touching its router.

import { isSamePage, type MlflowPage, mlflowPageOf } from "./mlflowPage";
import { guarded } from "./guarded";

const POLL_INTERVAL_MS = 500;

/** Calls `onPage` for the present page, and for each later one. */
export function watchMlflowPage(onPage: (page: MlflowPage) => void): void {
  let shown: MlflowPage = { page: "other" };
  const check = guarded(() => {
    const page = mlflowPageOf(location.hash);
    if (!isSamePage(page, shown)) {
      shown = page;
      onPage(page);
    }
  });
  window.addEventListener("hashchange", check);
  window.addEventListener("popstate", check);
  // MLflow's router changes the URL by script, which fires neither of these events.
  const navigation: unknown = Reflect.get(window, "navigation");
  if (navigation instanceof EventTarget) {
    navigation.addEventListener("currententrychange", check);
  } else {
    pollWhileVisible(check);
  }
  check();
}

function pollWhileVisible(check: () => void): void {
  let timer: number | undefined;
  const startOrEnd = (): void => {
    clearInterval(timer);
    timer = document.hidden ? undefined : window.setInterval(check, POLL_INTERVAL_MS);
  };
  document.addEventListener("visibilitychange", startOrEnd);
  startOrEnd();
}
