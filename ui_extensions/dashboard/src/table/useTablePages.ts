// The rows of the table, loaded in pages as they come into view.

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { asRequestError, type RequestError } from "../../../live/rest";
import type { RunRow } from "../../../live/schemas";
import { rest } from "../live/session";
import { useRetry } from "../ui/useRetry";
import type { Query } from "../../../live/address";

export const PAGE_ROWS = 100;
const MOST_CHILDREN = 500;

export interface TablePages {
  total: number | undefined;
  runAt(index: number): RunRow | undefined;
  childrenOf: ReadonlyMap<string, readonly RunRow[]>;
  toggle(runId: string): void;
  /** The indices in view; their pages are loaded. */
  show(first: number, last: number): void;
  error: RequestError | undefined;
  refetch(): void;
}

interface Loaded {
  key: string;
  total: number | undefined;
  pages: ReadonlyMap<number, readonly RunRow[]>;
  children: ReadonlyMap<string, readonly RunRow[]>;
  error: RequestError | undefined;
}

/** `query` is null until it is known; `when` loads what is in view again, without a gap. */
export function useTablePages(query: Query | null, when: unknown): TablePages {
  const key = JSON.stringify(query);
  const [loaded, setLoaded] = useState<Loaded>(() => emptyFor(key));
  const shown = useRef<readonly number[]>([0]);
  const requested = useRef(new Set<string>());
  const newest = useRef({ key, query });
  newest.current = { key, query };

  const put = useCallback((forKey: string, change: (before: Loaded) => Loaded) => {
    setLoaded((before) => {
      const base = before.key === forKey ? before : emptyFor(forKey);
      return newest.current.key === forKey ? change(base) : before;
    });
  }, []);

  const load = useCallback(
    async (page: number) => {
      const { key: forKey, query: asked } = newest.current;
      const request = `${forKey} ${page}`;
      if (!asked || requested.current.has(request)) {
        return;
      }
      requested.current.add(request);
      try {
        const place = { limit: PAGE_ROWS, offset: page * PAGE_ROWS };
        const answer = await rest.list<RunRow>("api/runs/table", { ...asked, ...place });
        put(forKey, (before) => ({
          ...before,
          total: answer.total,
          pages: new Map(before.pages).set(page, answer.entries),
          error: undefined,
        }));
      } catch (error) {
        put(forKey, (before) => ({ ...before, error: asRequestError(error) }));
      } finally {
        requested.current.delete(request);
      }
    },
    [put],
  );

  const loadChildren = useCallback(
    async (runId: string) => {
      const { key: forKey, query: asked } = newest.current;
      try {
        const place = { parent: runId, top_level: false, limit: MOST_CHILDREN };
        const { entries } = await rest.list<RunRow>("api/runs/table", { ...asked, ...place });
        put(forKey, (before) => ({
          ...before,
          children: new Map(before.children).set(runId, entries),
        }));
      } catch (error) {
        put(forKey, (before) => ({ ...before, error: asRequestError(error) }));
      }
    },
    [put],
  );

  const refetch = useCallback(() => {
    for (const page of shown.current) {
      void load(page);
    }
  }, [load]);

  // `key` and `when` only trigger the effect.
  useEffect(refetch, [key, when, refetch]);

  const current = loaded.key === key ? loaded : null;
  useRetry(current?.error, refetch);
  const pages = current?.pages;
  const show = useCallback(
    (first: number, last: number) => {
      const wanted: number[] = [];
      for (let page = Math.floor(first / PAGE_ROWS); page * PAGE_ROWS <= last; page += 1) {
        wanted.push(page);
      }
      shown.current = wanted;
      for (const page of wanted) {
        if (pages && !pages.has(page)) {
          void load(page);
        }
      }
    },
    [pages, load],
  );
  const children = current?.children;
  const toggle = useCallback(
    (runId: string) => {
      if (children?.has(runId)) {
        const left = new Map(children);
        left.delete(runId);
        put(newest.current.key, (before) => ({ ...before, children: left }));
      } else {
        void loadChildren(runId);
      }
    },
    [children, loadChildren, put],
  );
  const runAt = useCallback(
    (index: number) => pages?.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS],
    [pages],
  );
  return useMemo(
    () => ({
      total: current?.total,
      runAt,
      childrenOf: children ?? NO_CHILDREN,
      toggle,
      show,
      error: current?.error,
      refetch,
    }),
    [current?.total, current?.error, runAt, children, toggle, show, refetch],
  );
}

const NO_CHILDREN: ReadonlyMap<string, readonly RunRow[]> = new Map();

function emptyFor(key: string): Loaded {
  return { key, total: undefined, pages: new Map(), children: new Map(), error: undefined };
}
