// Whether something is being looked at: what nobody sees need not be kept up to date.

import { type RefObject, useEffect, useRef, useState, useSyncExternalStore } from "react";

function watchVisibility(tell: () => void): () => void {
  document.addEventListener("visibilitychange", tell);
  return () => document.removeEventListener("visibilitychange", tell);
}

/** Put the first on an element: the second says whether any of it is on a screen. */
export function useOnScreen<T extends Element>(): [RefObject<T | null>, boolean] {
  const element = useRef<T>(null);
  const [isInView, setIsInView] = useState(false);
  const isPageSeen = useSyncExternalStore(watchVisibility, () => !document.hidden);
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
  return [element, isInView && isPageSeen];
}
