// Tells when MLflow shows another page, without touching its router.

import { isSamePlace, type Place, placeOf } from "./mlflowPage";
import { quietly } from "./guarded";

const LOOK_EVERY_MS = 500;

/** `onPlace` is told of the present page, too. */
export function watchPlace(onPlace: (place: Place) => void): void {
  let shown: Place = { page: "other" };
  const look = quietly(() => {
    const place = placeOf(location.hash);
    if (!isSamePlace(place, shown)) {
      shown = place;
      onPlace(place);
    }
  });
  window.addEventListener("hashchange", look);
  window.addEventListener("popstate", look);
  // MLflow's router changes the address by script, of which the two events above say nothing.
  const navigation: unknown = Reflect.get(window, "navigation");
  if (navigation instanceof EventTarget) {
    navigation.addEventListener("currententrychange", look);
  } else {
    lookWhileSeen(look);
  }
  look();
}

function lookWhileSeen(look: () => void): void {
  let timer: number | undefined;
  const startOrEnd = (): void => {
    clearInterval(timer);
    timer = document.hidden ? undefined : window.setInterval(look, LOOK_EVERY_MS);
  };
  document.addEventListener("visibilitychange", startOrEnd);
  startOrEnd();
}
