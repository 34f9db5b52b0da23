// The current page: a path in the URL's hash with a query of its own, as in `#/alerts?level=critical`.
//
// wouter's own hook for hashes keeps the query before the hash. There it would be lost between pages,
// and would collide with the query that the server reads (`?workspace=`).

import { useMemo, useSyncExternalStore } from "react";
import { saveScroll } from "./scrollPosition";

interface Options {
  replace?: boolean;
}

function currentPath(): string {
  return `/${location.hash.replace(/^#?\/?/, "").split("?", 1)[0]}`;
}

export function currentQuery(): string {
  const at = location.hash.indexOf("?");
  return at < 0 ? "" : location.hash.slice(at + 1);
}

function subscribe(call: () => void): () => void {
  window.addEventListener("hashchange", call);
  return () => window.removeEventListener("hashchange", call);
}

/** `to` is a path with or without a query. */
export function goTo(to: string, { replace = false }: Options = {}): void {
  const before = location.href;
  const url = new URL(before);
  url.hash = to;
  if (replace) {
    history.replaceState(history.state, "", url);
  } else {
    saveScroll();
    history.pushState(null, "", url);
  }
  window.dispatchEvent(
    new HashChangeEvent("hashchange", { oldURL: before, newURL: location.href }),
  );
}

/** For wouter's `Router`: its links, routes and `useSearch` then use the hash. */
export function useHashPath(): [string, typeof goTo] {
  return [useSyncExternalStore(subscribe, currentPath), goTo];
}
useHashPath.hrefs = (path: string): string => `#${path}`;
useHashPath.searchHook = useQueryText;

function useQueryText(): string {
  return useSyncExternalStore(subscribe, currentQuery);
}

/** The query in the hash, and a function that changes it without a new history entry. */
export function useHashQuery(): [URLSearchParams, (query: URLSearchParams) => void] {
  const text = useQueryText();
  const query = useMemo(() => new URLSearchParams(text), [text]);
  return [query, changeQuery];
}

/** Changes parts of the query, without a new history entry; null removes one. */
export function changeInQuery(changes: Readonly<Record<string, string | null>>): void {
  const query = new URLSearchParams(currentQuery());
  for (const [name, text] of Object.entries(changes)) {
    if (text === null) {
      query.delete(name);
    } else {
      query.set(name, text);
    }
  }
  if (query.toString() !== new URLSearchParams(currentQuery()).toString()) {
    changeQuery(query);
  }
}

function changeQuery(query: URLSearchParams): void {
  const text = query.toString();
  goTo(text === "" ? currentPath() : `${currentPath()}?${text}`, { replace: true });
}

/** The path of a run's page, at `epoch` if given. */
export function runPath(runId: string, epoch: number | null = null): string {
  const path = `/runs/${encodeURIComponent(runId)}`;
  return epoch === null ? path : `${path}?epoch=${epoch}`;
}

/** The path of the page that compares these runs. */
export function comparePath(runIds: readonly string[]): string {
  return `/compare?runs=${runIds.map(encodeURIComponent).join()}`;
}

/** Puts the full id of the run into the address of the current page, which keeps its query. */
export function replaceRun(runId: string): void {
  const query = currentQuery();
  goTo(query === "" ? runPath(runId) : `${runPath(runId)}?${query}`, { replace: true });
}

export function runHref(runId: string, epoch: number | null = null): string {
  return `#${runPath(runId, epoch)}`;
}
