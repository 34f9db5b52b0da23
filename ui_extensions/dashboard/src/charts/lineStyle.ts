// How the lines of a chart are told apart: by colour and by dashes.

export type Dash = "solid" | "dashed" | "dotted" | "dashDotted" | "longDashed";

export interface LineStyle {
  /** Number of a colour of the theme, `--series-1` to `--series-6`. */
  series: number;
  dash: Dash;
  isBold?: boolean;
}

/** One line of a chart. */
export interface ChartLine extends LineStyle {
  runId: string;
  metric: string;
  /** What the legend calls it. */
  label: string;
}

export const DASHES: Readonly<Record<Dash, readonly number[]>> = {
  solid: [],
  dashed: [6, 3],
  dotted: [2, 3],
  dashDotted: [8, 3, 2, 3],
  longDashed: [12, 4],
};
/** Whether a chart has the same curves in the same styles. */
export function isSameLines(a: readonly ChartLine[], b: readonly ChartLine[]): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

const COLOURS = 6;
const KINDS: readonly Dash[] = ["solid", "dashed", "dotted", "dashDotted", "longDashed"];

/** Few lines: dashes tell neighbouring ones apart without colour. */
export function styleOfMetric(index: number): LineStyle {
  return { series: (index % COLOURS) + 1, dash: index % 2 === 1 ? "dashed" : "solid" };
}

/** Thirty lines that differ in colour or dashes. */
export function styleOfRun(index: number): LineStyle {
  const dash = KINDS[Math.floor(index / COLOURS) % KINDS.length] ?? "solid";
  return { series: (index % COLOURS) + 1, dash };
}
