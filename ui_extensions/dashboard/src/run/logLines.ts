// The newest lines of a run's log: bounded, in order, without duplicates.

import type { LogLevel, LogLine } from "../../../live/schemas";

export const MAX_LINES = 5_000;
export const LEVELS = [
  "debug",
  "info",
  "warning",
  "error",
  "critical",
] as const satisfies LogLevel[];

/** `key` numbers the lines, so that a line keeps its key while older ones are dropped. */
export interface Line extends LogLine {
  readonly key: number;
}

export interface Tail {
  readonly lines: readonly Line[];
  readonly nextKey: number;
  /** Whether lines were dropped to stay within the bound. */
  readonly isCut: boolean;
}

export const NO_LINES: Tail = { lines: [], nextKey: 0, isCut: false };

export function appended(tail: Tail, lines: readonly LogLine[]): Tail {
  if (lines.length === 0) {
    return tail;
  }
  let { nextKey } = tail;
  const added = lines.map(({ level, message }) => ({
    key: nextKey++,
    level,
    message: printable(message),
  }));
  const all = [...tail.lines, ...added];
  const isCut = tail.isCut || all.length > MAX_LINES;
  return { lines: all.slice(-MAX_LINES), nextKey, isCut };
}

/** Extends `tail` by the server's newest lines, most of which it may already have.

If the two do not overlap, lines between them are missing, and only `loaded` is kept. */
export function extended(tail: Tail, loaded: readonly LogLine[]): Tail {
  if (loaded.length === 0) {
    return tail;
  }
  const known = overlap(tail.lines, loaded);
  return known === 0
    ? appended({ ...NO_LINES, nextKey: tail.nextKey }, loaded)
    : appended(tail, loaded.slice(known));
}

/** The lines received live during a load that the loaded ones do not include.

The server stores a line before it sends it, so all loaded lines were also received live, except
those that the server skipped: after such a gap the comparison starts again. */
export function notYetLoaded(
  loaded: readonly LogLine[],
  live: readonly LogLine[],
): readonly LogLine[] {
  const afterGaps = live.flatMap((line, index) => (GAP.test(line.message) ? [index + 1] : []));
  for (const start of [...afterGaps.reverse(), 0]) {
    const known = overlap(loaded, live.slice(start));
    if (known > 0) {
      return live.slice(start + known);
    }
  }
  return live;
}

/** The line by which the server says how many lines it did not send live. */
const GAP = /^… \d+ lines are in the log alone$/;

export function isGap({ message }: LogLine): boolean {
  return GAP.test(message);
}

/** Number of lines at the end of `earlier` that are the first ones of `later`. */
function overlap(earlier: readonly LogLine[], later: readonly LogLine[]): number {
  for (let size = Math.min(earlier.length, later.length); size > 0; size -= 1) {
    const start = earlier.length - size;
    let same = 0;
    while (same < size && isSame(earlier[start + same], later[same])) {
      same += 1;
    }
    if (same === size) {
      return size;
    }
  }
  return 0;
}

function isSame(a: LogLine | undefined, b: LogLine | undefined): boolean {
  return a !== undefined && b !== undefined && printable(a.message) === printable(b.message);
}

export function atLeast(lines: readonly Line[], least: LogLevel): readonly Line[] {
  const shown = new Set<LogLevel>(LEVELS.slice(LEVELS.indexOf(least)));
  return least === "debug" ? lines : lines.filter(({ level }) => shown.has(level));
}

// Escape sequences of terminals: colours, cursor moves, titles.
// eslint-disable-next-line no-control-regex -- these are removed
const TERMINAL = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])/g;

// Other control characters except the tab, and marks that would reorder a line.
// eslint-disable-next-line no-control-regex -- these are removed
const UNPRINTABLE = /[\0-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;

/** The line as a terminal would show it: of a progress bar, only its last state. */
function printable(message: string): string {
  const drawn = message.includes("\r") ? lastDrawn(message) : message;
  return drawn.replace(TERMINAL, "").replace(UNPRINTABLE, "");
}

function lastDrawn(message: string): string {
  return (
    message
      .split("\r")
      .filter((part) => part.trim() !== "")
      .at(-1) ?? ""
  );
}

export interface Piece {
  text: string;
  isMatch: boolean;
}

/** A case-insensitive pattern for the search text; null for an empty one. */
export function pattern(wanted: string): RegExp | null {
  return wanted === "" ? null : new RegExp(wanted.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "giu");
}

/** Splits `text` into matches of `wanted` and the text between them. */
export function pieces(text: string, wanted: RegExp | null): Piece[] {
  if (!wanted) {
    return [{ text, isMatch: false }];
  }
  const found: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(wanted)) {
    if (match.index > end) {
      found.push({ text: text.slice(end, match.index), isMatch: false });
    }
    found.push({ text: match[0], isMatch: true });
    end = match.index + match[0].length;
  }
  if (end < text.length || found.length === 0) {
    found.push({ text: text.slice(end), isMatch: false });
  }
  return found;
}

/** Indices of the lines that match the search. */
export function matching(lines: readonly Line[], wanted: RegExp | null): readonly number[] {
  return wanted
    ? lines.flatMap(({ message }, index) => (message.search(wanted) >= 0 ? [index] : []))
    : [];
}
