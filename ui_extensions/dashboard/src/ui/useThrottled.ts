// Throttles a value: it changes at most once per interval, and ends at the last one.

import { useEffect, useRef, useState } from "react";

export function useThrottled<T>(value: T, intervalMs: number): T {
  const [throttled, setThrottled] = useState(value);
  const lastMs = useRef(0);
  useEffect(() => {
    const waitMs = Math.max(0, lastMs.current + intervalMs - Date.now());
    const timer = setTimeout(() => {
      lastMs.current = Date.now();
      setThrottled(value);
    }, waitMs);
    return () => clearTimeout(timer);
  }, [value, intervalMs]);
  return throttled;
}
