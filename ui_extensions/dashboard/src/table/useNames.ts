// The names of the metrics, params or tags that the matching runs have.

import { useCallback } from "react";
import type { LoggedNames } from "../../../live/schemas";
import { rest } from "../live/session";
import { type QueryResult, useQuery } from "../ui/useQuery";
import type { ColumnKind } from "./columns";

const MOST = 200;

export function useNames(
  kind: ColumnKind,
  experiment: string,
  contains = "",
  limit = MOST,
): QueryResult<LoggedNames> {
  const read = useCallback(
    (signal: AbortSignal) =>
      rest.get<LoggedNames>("api/runs/names", { kind, experiment, contains, limit }, signal),
    [kind, experiment, contains, limit],
  );
  return useQuery(read);
}
