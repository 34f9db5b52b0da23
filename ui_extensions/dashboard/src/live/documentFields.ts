// Reads fields of JSON documents. Any program may have written them, so nothing is taken for granted.

export type Interval = readonly [number, number];
export type Fields = Readonly<Record<string, unknown>>;

export function object(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {};
}

export function objects(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(object) : [];
}

/** Null for anything but a finite number. */
export function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

export function interval(value: unknown): Interval | null {
  if (!Array.isArray(value) || value.length !== 2) {
    return null;
  }
  const [low, high] = value.map(number);
  return low === null || low === undefined || high === null || high === undefined
    ? null
    : [low, high];
}
