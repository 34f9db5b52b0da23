// Saved views: named addresses of the table of runs and of comparisons.

import { useCallback } from "react";
import type { Page } from "../../../live/rest";
import type { SavedView, ViewPage } from "../../../live/schemas";
import { rest } from "../live/session";
import { type QueryResult, useQuery } from "../ui/useQuery";

const PATH = "api/v1/views";
/** The server keeps no more. */
const MOST = 500;

export function useSavedViews(): QueryResult<Page<SavedView>> {
  const read = useCallback(
    (signal: AbortSignal) => rest.list<SavedView>(PATH, { limit: MOST }, signal),
    [],
  );
  return useQuery(read);
}

export function useSavedView(viewId: string): QueryResult<SavedView> {
  const read = useCallback(
    (signal: AbortSignal) => rest.get<SavedView>(pathOf(viewId), {}, signal),
    [viewId],
  );
  return useQuery(read);
}

export function saveView(name: string, page: ViewPage, query: string): Promise<SavedView> {
  return rest.post<SavedView>(PATH, {}, { name, page, query });
}

export function renameView(viewId: string, name: string): Promise<SavedView> {
  return rest.patch<SavedView>(pathOf(viewId), { name });
}

export function deleteView(viewId: string): Promise<unknown> {
  return rest.delete(pathOf(viewId), {});
}

/** Where the view is, now; `/views/ID` leads there, too. */
export function addressOfView({ page, query }: SavedView): string {
  return query === "" ? `/${page}` : `/${page}?${query}`;
}

function pathOf(viewId: string): string {
  return `${PATH}/${encodeURIComponent(viewId)}`;
}
