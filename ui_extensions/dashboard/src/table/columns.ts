// The columns of the table of runs: how the address names them, and which are shown at first.

import type { MetricCatalog } from "../../../live/schemas";
import { classify } from "../metrics/classifier";
import { headlineNames } from "../metrics/headlines";

export type ColumnKind = "params" | "metrics" | "tags";

export interface Column {
  kind: ColumnKind;
  name: string;
}

export const KINDS: readonly ColumnKind[] = ["metrics", "params", "tags"];
/** The server takes no more. */
export const MOST_COLUMNS = 50;
const FIRST_METRICS = 4;
const FIRST_PARAMS = 4;

export function fieldOf({ kind, name }: Column): string {
  return `${kind}.${name}`;
}

export function columnIn(field: string): Column | null {
  const dot = field.indexOf(".");
  const kind = KINDS.find((each) => each === field.slice(0, dot));
  return kind && dot + 1 < field.length ? { kind, name: field.slice(dot + 1) } : null;
}

/** The columns in an address; what is none is left out. */
export function columnsIn(text: string): Column[] {
  const fields = new Set(text.split(",").map(decoded));
  return [...fields].flatMap((field) => columnIn(field) ?? []).slice(0, MOST_COLUMNS);
}

export function addressOf(columns: readonly Column[]): string {
  return columns.map((column) => encodeURIComponent(fieldOf(column))).join();
}

/** Columns for who has not chosen any: the main metrics, and the first params. */
export function firstColumns(
  metrics: readonly string[],
  params: readonly string[],
  catalog: MetricCatalog,
): Column[] {
  const ofTraining = metrics.filter((name) => !name.startsWith("system/"));
  const main = headlineNames(ofTraining, catalog);
  const others = ofTraining.filter(
    (name) => !main.includes(name) && classify(name, catalog).role !== "epoch",
  );
  const shown = [...main, ...others].slice(0, FIRST_METRICS);
  return [
    ...shown.map((name): Column => ({ kind: "metrics", name })),
    ...params.slice(0, FIRST_PARAMS).map((name): Column => ({ kind: "params", name })),
  ];
}

/** Anybody may have typed the address. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
