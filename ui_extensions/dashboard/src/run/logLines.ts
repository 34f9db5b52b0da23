// A run's printed lines as they are kept and shown: bounded, in order, each line once.

import type { LogLevel, LogLine } from "../../../live/schemas";

export const MOST_LINES = 5_000;
export const LEVELS = [
  "debug",
  "info",
  "warning",
  "error",
  "critical",
] as const satisfies LogLevel[];

/** `key` counts the lines that have come, so that a line keeps its own while others are dropped. */
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
  const isCut = tail.isCut || all.length > MOST_LINES;
  return { lines: all.slice(-MOST_LINES), nextKey, isCut };
}

/** `tail` carried on by the newest lines that the server has, most of which it may hold already.

Where nothing connects the two, what lies between them is unknown, and only `read` is kept. */
export function carriedOn(tail: Tail, read: readonly LogLine[]): Tail {
  if (read.length === 0) {
    return tail;
  }
  const known = overlap(tail.lines, read);
  return known === 0
    ? appended({ ...NO_LINES, nextKey: tail.nextKey }, read)
    : appended(tail, read.slice(known));
}

/** What of the lines that came live during a reading is not in what was read.

The server writes a line down before it tells it, so all that was read, up to its end, has come
live too; where the server left lines out of what it tells, it begins anew behind the gap. */
export function notYetRead(read: readonly LogLine[], live: readonly LogLine[]): readonly LogLine[] {
  const afterGaps = live.flatMap((line, index) => (GAP.test(line.message) ? [index + 1] : []));
  for (const start of [...afterGaps.reverse(), 0]) {
    const known = overlap(read, live.slice(start));
    if (known > 0) {
      return live.slice(start + known);
    }
  }
  return live;
}

/** With which the server says how many lines of a flood it did not tell live. */
const GAP = /^… \d+ lines are in the log alone$/;

export function isGap({ message }: LogLine): boolean {
  return GAP.test(message);
}

/** How many lines at the end of `earlier` are those at the beginning of `later`. */
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

// Colours, cursor moves and titles of terminals.
// eslint-disable-next-line no-control-regex -- these are what is taken out
const TERMINAL = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])/g;

// Other controls, but for the tab, and marks that would reorder a line.
// eslint-disable-next-line no-control-regex -- these are what is taken out
const UNPRINTABLE = /[\0-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;

/** A line as a terminal would leave it: of a progress bar, what was drawn last. */
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

/** What is searched for, in any case; null for nothing. */
export function pattern(wanted: string): RegExp | null {
  return wanted === "" ? null : new RegExp(wanted.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "giu");
}

/** `text` cut at what `wanted` finds in it. */
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

/** Which of the lines, by their place, hold what is searched for. */
export function matching(lines: readonly Line[], wanted: RegExp | null): readonly number[] {
  return wanted
    ? lines.flatMap(({ message }, index) => (message.search(wanted) >= 0 ? [index] : []))
    : [];
}
