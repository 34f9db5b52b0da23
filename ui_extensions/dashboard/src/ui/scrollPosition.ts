// The scroll position of each page, kept in its history entry: Back and a reload return to it.
//
// The browser's own restoration comes too early, when the page has not loaded its content yet.

const SAVE_AFTER_MS = 400;
/** By then the content has loaded, or has become shorter than it was. */
const RESTORE_WITHIN_MS = 5_000;
const USER_MOVES = ["wheel", "touchstart", "keydown", "pointerdown"] as const;

let saving: ReturnType<typeof setTimeout> | undefined;
let stopRestoring: (() => void) | undefined;

/** The position that the current history entry was left at; undefined for a new one. */
export function savedScroll(): number | undefined {
  const state: unknown = history.state;
  if (typeof state === "object" && state !== null && "scrollY" in state) {
    return typeof state.scrollY === "number" ? state.scrollY : undefined;
  }
  return undefined;
}

/** Keeps the position in the current history entry; call it before another one is added. */
export function saveScroll(): void {
  clearTimeout(saving);
  saving = undefined;
  if (!stopRestoring) {
    history.replaceState({ scrollY: window.scrollY }, "");
  }
}

/** Saves the position of the current page whenever the user has scrolled. */
export function trackScroll(): () => void {
  history.scrollRestoration = "manual";
  const onScroll = (): void => {
    saving ??= setTimeout(saveScroll, SAVE_AFTER_MS);
  };
  // The position now belongs to another entry.
  const onPopState = (): void => {
    clearTimeout(saving);
    saving = undefined;
  };
  window.addEventListener("scroll", onScroll, { passive: true });
  window.addEventListener("popstate", onPopState);
  return () => {
    window.removeEventListener("scroll", onScroll);
    window.removeEventListener("popstate", onPopState);
  };
}

/** Scrolls a page that has just been opened to where it was left, else to its top.

Scrolls again as the content grows, until the position is reached or the user moves. */
export function restoreScroll(content: HTMLElement): () => void {
  stopRestoring?.();
  const target = savedScroll() ?? 0;
  window.scrollTo(0, target);
  if (target === 0) {
    return () => undefined;
  }
  const size = new ResizeObserver(() => {
    window.scrollTo(0, target);
    if (Math.abs(window.scrollY - target) < 1) {
      stop();
    }
  });
  const deadline = setTimeout(() => stop(), RESTORE_WITHIN_MS);
  const stop = (): void => {
    clearTimeout(deadline);
    size.disconnect();
    for (const move of USER_MOVES) {
      window.removeEventListener(move, stop);
    }
    if (stopRestoring === stop) {
      stopRestoring = undefined;
    }
  };
  for (const move of USER_MOVES) {
    window.addEventListener(move, stop, { passive: true });
  }
  stopRestoring = stop;
  size.observe(content);
  return stop;
}
