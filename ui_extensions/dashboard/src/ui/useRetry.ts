// What the server could not answer is asked again, once the page is connected to it.

import { useEffect } from "react";
import { isRetryable } from "../../../live/rest";
import { useLive } from "../live/liveStore";
import { retryDelayMs } from "../live/retryDelay";

/** `refetch` must keep its identity. What the server has refused is not asked again. */
export function useRetry(error: unknown, refetch: () => void): void {
  const isConnected = useLive((live) => live.connection.state === "live");
  useEffect(() => {
    if (!isConnected || !isRetryable(error)) {
      return undefined;
    }
    const timer = setTimeout(refetch, retryDelayMs());
    return () => clearTimeout(timer);
  }, [isConnected, error, refetch]);
}
