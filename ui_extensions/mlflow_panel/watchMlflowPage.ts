// Tells when MLflow shows another page, without touching its router.

import { isSamePage, type MlflowPage, mlflowPageOf } from "./mlflowPage";
import { guarded } from "./guarded";

const POLL_INTERVAL_MS = 500;

/** `onPage` is told of the present page, too. */
export function watchMlflowPage(onPage: (place: MlflowPage) => void): void {
  let shown: MlflowPage = { page: "other" };
  const check = guarded(() => {
    const place = mlflowPageOf(location.hash);
    if (!isSamePage(place, shown)) {
      shown = place;
      onPage(place);
    }
  });
  window.addEventListener("hashchange", check);
  window.addEventListener("popstate", check);
  // MLflow's router changes the address by script, of which the two events above say nothing.
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
