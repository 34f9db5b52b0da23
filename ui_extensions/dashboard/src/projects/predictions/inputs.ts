// The columns that a model takes, and the row that is made of what a user types.

import type { ProjectDetail } from "../../../../live/schemas";
import { columnsOf } from "../data/columns";

export type Cell = string | number | boolean | null;

export interface ModelInput {
  name: string;
  /** Empty if the table's description does not have the column. */
  kind: string;
  unit: string | null;
}

/** The columns of the deployed model, by what its pipeline wrote; all but the target without that. */
export function inputsOf(detail: ProjectDetail, deployment: unknown): ModelInput[] {
  const columns = columnsOf(detail.columns);
  const described = new Map(columns.map((column) => [column.name, column]));
  const named =
    typeof deployment === "object" && deployment !== null && "input_columns" in deployment
      ? deployment.input_columns
      : null;
  const names = Array.isArray(named)
    ? named.filter((each) => typeof each === "string")
    : columns.map(({ name }) => name).filter((name) => name !== detail.target?.column);
  return names.map((name) => {
    const column = described.get(name);
    return { name, kind: column?.kind ?? "", unit: column?.unit ?? null };
  });
}

/** Whether something was typed that is no value of the kind. */
export function isWrong(input: ModelInput, typed: string): boolean {
  return input.kind === "number" && typed.trim() !== "" && Number.isNaN(numberIn(typed));
}

/** What was typed, as the model takes it; nothing is a missing value. */
export function cellOf({ kind }: ModelInput, typed: string): Cell {
  if (typed.trim() === "") {
    return null;
  }
  if (kind === "number") {
    return numberIn(typed);
  }
  // Texts keep their blanks: they may be part of a category.
  return kind === "boolean" ? typed === "true" : typed;
}

/** A row with every column, as the service asks for. */
export function rowOf(
  inputs: readonly ModelInput[],
  typed: ReadonlyMap<string, string>,
): Record<string, Cell> {
  return Object.fromEntries(
    inputs.map((input) => [input.name, cellOf(input, typed.get(input.name) ?? "")]),
  );
}

/** A number with a point or a comma as the decimal mark, NaN if it is none. */
function numberIn(typed: string): number {
  const text = typed.trim();
  const number = /^[^.]*,[^,.]*$/.test(text) ? Number(text.replace(",", ".")) : Number(text);
  return Number.isFinite(number) ? number : Number.NaN;
}

/** `name/version` of a model; the name may have slashes. */
export function modelVersion(id: string): { name: string; version: string } {
  const at = id.lastIndexOf("/");
  return { name: id.slice(0, at), version: id.slice(at + 1) };
}
