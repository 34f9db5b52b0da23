// Whether the reader has asked for less motion.

import { useSyncExternalStore } from "react";

const asked = window.matchMedia("(prefers-reduced-motion: reduce)");

function subscribe(call: () => void): () => void {
  asked.addEventListener("change", call);
  return () => asked.removeEventListener("change", call);
}

export function useStillness(): boolean {
  return useSyncExternalStore(subscribe, () => asked.matches);
}
