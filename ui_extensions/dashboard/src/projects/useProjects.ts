// The list of projects, loaded again every few seconds while the page is visible.

import { useCallback } from "react";
import type { ProjectSummary } from "../../../live/schemas";
import { rest } from "../live/session";
import { useNowInView } from "../ui/useNow";
import { type QueryResult, useQuery } from "../ui/useQuery";
import type { Page } from "../../../live/rest";

const RELOAD_MS = 5_000;

export function useProjects(
  status: string,
  limit: number,
): QueryResult<Page<ProjectSummary>> & { nowMs: number } {
  const nowMs = useNowInView(RELOAD_MS);
  const read = useCallback(
    (signal: AbortSignal) =>
      rest.list<ProjectSummary>("api/v1/projects", { status, limit }, signal),
    [status, limit],
  );
  const result = useQuery(read, nowMs);
  return { ...result, nowMs };
}
