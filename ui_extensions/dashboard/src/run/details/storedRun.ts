// What MLflow stores of a run besides its metrics, and its note, which MLflow's own page edits as well.

export const NOTE_TAG = "mlflow.note.content";
const PARENT_TAG = "mlflow.parentRunId";
/** MLflow refuses a longer tag. */
export const MAX_NOTE_CHARS = 8_000;

export interface NamedValue {
  key: string;
  value: string;
}

export interface RunAnswer {
  run: { data?: { params?: NamedValue[]; tags?: NamedValue[] } };
}

export interface StoredRun {
  params: readonly NamedValue[];
  /** Without the note; those that MLflow and Fovea set themselves come last. */
  tags: readonly NamedValue[];
  note: string;
  parentId: string | null;
}

export function storedRun({ run: { data } }: RunAnswer): StoredRun {
  const tags = data?.tags ?? [];
  const valueOf = (name: string) => tags.find(({ key }) => key === name)?.value;
  return {
    params: [...(data?.params ?? [])].sort(byName),
    tags: tags.filter(({ key }) => key !== NOTE_TAG).sort(byOrigin),
    note: valueOf(NOTE_TAG) ?? "",
    parentId: valueOf(PARENT_TAG) ?? null,
  };
}

function byName(a: NamedValue, b: NamedValue): number {
  return a.key.localeCompare(b.key, "en", { numeric: true });
}

function byOrigin(a: NamedValue, b: NamedValue): number {
  return Number(isAutomatic(a.key)) - Number(isAutomatic(b.key)) || byName(a, b);
}

function isAutomatic(key: string): boolean {
  return key.startsWith("mlflow.") || key.startsWith("fovea.");
}

/** Those whose name or value contains the text. */
export function matchingValues(
  values: readonly NamedValue[],
  search: string,
): readonly NamedValue[] {
  const wanted = search.trim().toLowerCase();
  return wanted === ""
    ? values
    : values.filter(({ key, value }) => `${key}\n${value}`.toLowerCase().includes(wanted));
}
