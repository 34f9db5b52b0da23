// Assigns the server's validation errors to the form's fields.

import type { FieldProblem } from "../../../live/rest";

const PARAM = /^body\.params\.([^.]+)/;

/** The server's errors by field; those of unknown fields are under "".

A value that fits no alternative has one error per alternative, whose name follows the field's. */
export function problemsByField(
  problems: readonly FieldProblem[],
  known: ReadonlySet<string>,
): Map<string, string> {
  const found = new Map<string, string>();
  for (const { field, message } of problems) {
    const named = PARAM.exec(field)?.[1] ?? field.replace(/^body\./, "");
    const name = known.has(named) ? named : "";
    const said = name ? message : `${field}: ${message}`;
    const before = found.get(name);
    found.set(name, before === undefined ? said : `${before}; ${said}`);
  }
  return found;
}
