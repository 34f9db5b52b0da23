// The columns of a project's table, as the server has understood them.

export interface TableColumn {
  name: string;
  kind: string;
  unit: string | null;
  numMissing: number | null;
  numDistinct: number | null;
  notes: readonly string[];
}

/** Reads the columns of a project, whose fields the API does not fix. */
export function columnsOf(
  entries: ReadonlyArray<Readonly<Record<string, unknown>>>,
): TableColumn[] {
  return entries.flatMap((entry) =>
    typeof entry.name === "string"
      ? [
          {
            name: entry.name,
            kind: typeof entry.kind === "string" ? entry.kind : "",
            unit: typeof entry.unit === "string" ? entry.unit : null,
            numMissing: numberOrNull(entry.num_missing),
            numDistinct: numberOrNull(entry.num_distinct),
            notes: Array.isArray(entry.notes) ? entry.notes.map(String) : [],
          },
        ]
      : [],
  );
}

/** Those whose name contains the text, whatever the case. */
export function columnsNamed(
  columns: readonly TableColumn[],
  text: string,
): readonly TableColumn[] {
  const wanted = text.trim().toLocaleLowerCase();
  return wanted === ""
    ? columns
    : columns.filter(({ name }) => name.toLocaleLowerCase().includes(wanted));
}

/** How many columns there are of each kind, the most frequent first. */
export function kindCounts(
  columns: readonly TableColumn[],
): ReadonlyArray<readonly [string, number]> {
  const counts = new Map<string, number>();
  for (const { kind } of columns) {
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a);
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
