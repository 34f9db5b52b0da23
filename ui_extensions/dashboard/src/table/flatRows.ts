// The rows of a tree of runs, of which the child runs of open ones are loaded.

import type { RunRow } from "../../../live/schemas";

export interface FlatRow {
  /** Undefined while its page is not loaded. */
  run: RunRow | undefined;
  depth: number;
  /** Place among the runs at the top, by which pages are loaded; that of its root for a child. */
  index: number;
}

/** `childrenOf` has the loaded child runs of open runs. */
export function flatRows(
  total: number,
  runAt: (index: number) => RunRow | undefined,
  childrenOf: ReadonlyMap<string, readonly RunRow[]>,
): FlatRow[] {
  const rows: FlatRow[] = [];
  for (let index = 0; index < total; index += 1) {
    const run = runAt(index);
    rows.push({ run, depth: 0, index });
    if (run && childrenOf.size > 0) {
      addChildren(rows, run, index, childrenOf);
    }
  }
  return rows;
}

/** Without recursion: clients may nest runs as deeply as they like, and even in circles. */
function addChildren(
  rows: FlatRow[],
  root: RunRow,
  index: number,
  childrenOf: ReadonlyMap<string, readonly RunRow[]>,
): void {
  const seen = new Set([root.run_id]);
  const waiting = [{ run: root, depth: 0 }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { run, depth } = next;
    if (depth > 0) {
      rows.push({ run, depth, index });
    }
    const children = (childrenOf.get(run.run_id) ?? []).filter(({ run_id }) => !seen.has(run_id));
    for (const child of [...children].reverse()) {
      seen.add(child.run_id);
      waiting.push({ run: child, depth: depth + 1 });
    }
  }
}
