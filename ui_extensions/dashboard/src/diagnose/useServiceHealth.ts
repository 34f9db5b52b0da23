// The state of the diagnosis service, asked again until it is healthy.

import { useEffect } from "react";
import type { ServiceHealth } from "../../../live/schemas";
import { rest } from "../live/session";
import { useQuery } from "../ui/useQuery";

const RETRY_MS = 5_000;
const REPEAT_MS = 60_000;

function read(signal: AbortSignal): Promise<ServiceHealth> {
  return rest.get<ServiceHealth>("api/v1/ai-grpc/health", {}, signal);
}

export function useServiceHealth() {
  const query = useQuery(read);
  const { data, isLoading, refetch } = query;
  useEffect(() => {
    if (isLoading || data === undefined) {
      return undefined;
    }
    const timer = setTimeout(refetch, data.status === "healthy" ? REPEAT_MS : RETRY_MS);
    return () => clearTimeout(timer);
  }, [data, isLoading, refetch]);
  return query;
}
