// Scrolls to an element that the URL names, and again when its content is loaded.

import { type RefObject, useEffect, useRef } from "react";
import { savedScroll } from "../../ui/scrollPosition";

const USER_MOVES = ["wheel", "touchstart", "keydown", "pointerdown"] as const;

/** `target` is what the URL names, null for none. Does not scroll again after the user has moved. */
export function useScrollTo(
  place: RefObject<HTMLElement | null>,
  target: number | null,
  isThere: boolean,
): void {
  const needsAcknowledgement = useRef(false);
  useEffect(() => {
    // Back returns to where the page was left.
    if (target === null || savedScroll() !== undefined) {
      return;
    }
    needsAcknowledgement.current = true;
    place.current?.scrollIntoView({ block: "start" });
    const onUserMove = (): void => {
      needsAcknowledgement.current = false;
    };
    for (const move of USER_MOVES) {
      window.addEventListener(move, onUserMove, { passive: true, once: true });
    }
    return () => {
      for (const move of USER_MOVES) {
        window.removeEventListener(move, onUserMove);
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
