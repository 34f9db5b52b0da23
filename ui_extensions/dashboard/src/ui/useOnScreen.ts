// Tells whether an element is visible, so that hidden parts need not be updated.

import { type RefObject, useEffect, useRef, useState, useSyncExternalStore } from "react";

function watchVisibility(onChange: () => void): () => void {
  document.addEventListener("visibilitychange", onChange);
  return () => document.removeEventListener("visibilitychange", onChange);
}

/** A ref for the element, and whether any part of it is visible. */
export function useOnScreen<T extends Element>(): [RefObject<T | null>, boolean] {
  const element = useRef<T>(null);
  const [isInView, setIsInView] = useState(false);
  const isPageVisible = useSyncExternalStore(watchVisibility, () => !document.hidden);
  useEffect(() => {
    if (!element.current) {
      return undefined;
    }
    const observer = new IntersectionObserver((entries) => {
      setIsInView(entries.at(-1)?.isIntersecting ?? false);
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, isInView && isPageVisible];
}
