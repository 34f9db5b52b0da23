// The compared runs with the line by which each is drawn everywhere on the page.

import type { RunRow } from "../../../live/schemas";
import { type LineStyle, styleOfRun } from "../charts/lineStyle";

export interface ComparedRun {
  row: RunRow;
  name: string;
  style: LineStyle;
  isBaseline: boolean;
}

/** A run keeps its line while others are loaded, fail or are deleted. */
export function comparedRuns(
  rows: readonly RunRow[],
  ids: readonly string[],
  baseline: string,
  unnamed: string,
): ComparedRun[] {
  return rows.map((row) => {
    const isBaseline = row.run_id === baseline;
    return {
      row,
      name: row.run_name || unnamed,
      style: { ...styleOfRun(ids.indexOf(row.run_id)), isBold: isBaseline },
      isBaseline,
    };
  });
}
