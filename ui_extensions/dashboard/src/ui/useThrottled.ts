// A value that changes often, taken over at most once in a while; the last one always is.

import { useEffect, useRef, useState } from "react";

export function useThrottled<T>(value: T, intervalMs: number): T {
  const [taken, setTaken] = useState(value);
  const lastMs = useRef(0);
  useEffect(() => {
    const waitMs = Math.max(0, lastMs.current + intervalMs - Date.now());
    const timer = setTimeout(() => {
      lastMs.current = Date.now();
      setTaken(value);
    }, waitMs);
    return () => clearTimeout(timer);
  }, [value, intervalMs]);
  return taken;
}
