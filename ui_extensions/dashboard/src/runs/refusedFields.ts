// Which fields of the form a refusal of the server is about.

import type { FieldProblem } from "../../../live/rest";

const PARAM = /^body\.params\.([^.]+)/;

/** The server's refusals by the field that they are about, "" for those of none that is known.

A value that fits no alternative is refused once for each, with the alternative behind its name. */
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
