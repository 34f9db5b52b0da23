// Brings a place of the page into view that a link names, and again when what it shows has come.

import { type RefObject, useEffect, useRef } from "react";

const OWN_MOVES = ["wheel", "touchstart", "keydown", "pointerdown"] as const;

/** `target` is what the link names, null for none; a reader who moves meanwhile is left alone. */
export function useScrollTo(
  place: RefObject<HTMLElement | null>,
  target: number | null,
  isThere: boolean,
): void {
  const needsAcknowledgement = useRef(false);
  useEffect(() => {
    if (target === null) {
      return;
    }
    needsAcknowledgement.current = true;
    place.current?.scrollIntoView({ block: "start" });
    const leave = (): void => {
      needsAcknowledgement.current = false;
    };
    for (const move of OWN_MOVES) {
      window.addEventListener(move, leave, { passive: true, once: true });
    }
    return () => {
      for (const move of OWN_MOVES) {
        window.removeEventListener(move, leave);
      }
    };
  }, [place, target]);
  useEffect(() => {
    if (isThere && needsAcknowledgement.current) {
      needsAcknowledgement.current = false;
      place.current?.scrollIntoView({ block: "start" });
    }
  }, [place, isThere]);
}
