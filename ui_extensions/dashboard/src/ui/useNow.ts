// The current time, updated at an interval.

import { useEffect, useState } from "react";

export function useNow(intervalMs = 1_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), intervalMs);
    return () => clearInterval(timer);
  }, [intervalMs]);
  return now;
}

/** The time of the last tick at which the page was in view: one in the background asks nothing. */
export function useNowInView(intervalMs: number): number {
  const [seen, setSeen] = useState(Date.now);
  useEffect(() => {
    const look = () => {
      if (!document.hidden) {
        setSeen(Date.now());
      }
    };
    const timer = setInterval(look, intervalMs);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [intervalMs]);
  return seen;
}
