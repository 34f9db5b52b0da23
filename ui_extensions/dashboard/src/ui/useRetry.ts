// Retries a failed request once the page is connected to the server.

import { useEffect } from "react";
import { isRetryable } from "../../../live/rest";
import { useLive } from "../live/liveStore";
import { retryDelayMs } from "../live/retryDelay";

/** Wrap `refetch` in useCallback. A refused request is not retried. */
export function useRetry(error: unknown, refetch: () => void): void {
  const isConnected = useLive((live) => ["live", "polling"].includes(live.connection.state));
  useEffect(() => {
    if (!isConnected || !isRetryable(error)) {
      return undefined;
    }
    const timer = setTimeout(refetch, retryDelayMs());
    return () => clearTimeout(timer);
  }, [isConnected, error, refetch]);
}
