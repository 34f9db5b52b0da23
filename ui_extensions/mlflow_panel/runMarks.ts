// The stylesheet that marks live runs in MLflow's tables, whose elements stay as they are.

import { hasEnded } from "../live/runStatus";
import type { AlertLevel, RunStatus } from "../live/schemas";
import { LEVEL_APPEARANCE, STATUS_APPEARANCE, type Tone } from "./appearance";
import type { Words } from "./words";

/** Beyond this number, newer runs replace older ones. */
export const MAX_MARKS = 500;

export interface Mark {
  status: RunStatus;
  alert: string | null;
}

/** By run id; the most recently marked runs come last. */
export type Marks = ReadonlyMap<string, Mark>;

const RUN_ID = /^[\w-]{1,64}$/;

/** `marks` with the new mark of `runId`, or without the run if it has ended. */
export function withMark(marks: Marks, runId: string, mark: Mark | null): Marks {
  const isLive = mark !== null && !hasEnded(mark.status) && RUN_ID.test(runId);
  const known = marks.get(runId);
  const isSame = isLive
    ? known?.status === mark.status && known.alert === mark.alert
    : known === undefined;
  if (isSame) {
    return marks;
  }
  const next = new Map(marks);
  if (isLive) {
    next.set(runId, { status: mark.status, alert: mark.alert });
  } else {
    next.delete(runId);
  }
  return next.size > MAX_MARKS ? new Map([...next].slice(-MAX_MARKS)) : next;
}

/** One CSS rule for all runs with the same mark. */
export function styleSheet(marks: Marks, words: Words): string {
  const alike = new Map<string, { mark: Mark; runIds: string[] }>();
  for (const [runId, mark] of marks) {
    const key = `${mark.status} ${mark.alert}`;
    const group = alike.get(key) ?? { mark, runIds: [] };
    group.runIds.push(runId);
    alike.set(key, group);
  }
  return [...alike.values()].map(({ mark, runIds }) => rules(mark, runIds, words)).join("\n");
}

const COLOURS: Readonly<Record<Tone, readonly [light: string, dark: string]>> = {
  ok: ["#17663a", "#7fdba4"],
  warning: ["#7a4b00", "#ffc766"],
  critical: ["#a3121f", "#ff9ba0"],
  info: ["#0b4f8a", "#9cc9f5"],
  stale: ["#5b5b66", "#b3b3c0"],
};

function rules({ status, alert }: Mark, runIds: readonly string[], words: Words): string {
  const level = isLevel(alert) ? alert : null;
  const [tone, statusSign] = STATUS_APPEARANCE[status];
  const [shownTone, levelSign] = level ? LEVEL_APPEARANCE[level] : [tone, ""];
  const shown = `${statusSign}${levelSign} `;
  const said = words.mark(words.status[status], level && words.level[level]);
  const links = runIds.map((id) => `a[href*="/runs/${id}"]`).join(",");
  const [light, dark] = COLOURS[shownTone];
  // Browsers without support for alternative text use the first `content`.
  return [
    `:is(${links})::before{content:${quoted(shown)};content:${quoted(shown)} / ${quoted(said)};color:${light}}`,
    `body.dark-mode :is(${links})::before{color:${dark}}`,
  ].join("\n");
}

function isLevel(alert: string | null): alert is AlertLevel {
  return alert !== null && Object.hasOwn(LEVEL_APPEARANCE, alert);
}

function quoted(text: string): string {
  return `"${text.replace(/["\\\n]/g, " ")}"`;
}
