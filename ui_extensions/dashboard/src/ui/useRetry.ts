// What the server could not answer is asked again, once the page is connected to it.

import { useEffect } from "react";
import { isPassing } from "../../../live/rest";
import { useLive } from "../live/liveStore";
import { retryDelayMs } from "../live/retryDelay";

/** `readAgain` must keep its identity. What the server has refused is not asked again. */
export function useRetry(error: unknown, readAgain: () => void): void {
  const isConnected = useLive((live) => live.link.state === "live");
  useEffect(() => {
    if (!isConnected || !isPassing(error)) {
      return undefined;
    }
    const timer = setTimeout(readAgain, retryDelayMs());
    return () => clearTimeout(timer);
  }, [isConnected, error, readAgain]);
}
