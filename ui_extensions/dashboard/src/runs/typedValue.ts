// What is typed into a field of a recipe's form, as the value that is sent, or why it is none.

import type { Limits, ParamField, ParamValue } from "./recipeSchema";

/** Why what was typed is no value, for the form to say in words. */
export type Problem =
  | { what: "missing" | "whole" | "number" | "json" | "choice" }
  | { what: keyof Limits; limit: number };

export type Typed = { value: ParamValue | undefined } | { problem: Problem };

/** What was typed into a field, as the value that is sent: undefined leaves the choice to the recipe. */
export function readTyped(field: ParamField, typedText: string, decimal: "." | ","): Typed {
  const given = typedText.trim();
  if (given === "") {
    const isMissing = field.isRequired && field.defaultText === null;
    return isMissing ? { problem: { what: "missing" } } : { value: undefined };
  }
  switch (field.kind) {
    case "boolean":
      return { value: given === "true" };
    case "choice": {
      const chosen = field.choices.find((choice) => String(choice) === given);
      return chosen === undefined ? { problem: { what: "choice" } } : { value: chosen };
    }
    case "integer":
      return number(field, given, /^[+-]?\d+$/, "whole");
    case "number":
      // A comma is a decimal one only where the reader writes it so: elsewhere it groups digits.
      return number(
        field,
        decimal === "," ? given.replace(",", ".") : given,
        /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i,
        "number",
      );
    case "text":
      return checked(given, lengthProblem(field.limits, given));
    case "json":
      return json(given);
  }
}

function number(field: ParamField, given: string, form: RegExp, what: "whole" | "number"): Typed {
  const value = Number(given);
  if (!form.test(given) || !Number.isFinite(value)) {
    return { problem: { what } };
  }
  return checked(value, rangeProblem(field.limits, value));
}

function json(given: string): Typed {
  try {
    return { value: JSON.parse(given) as ParamValue };
  } catch {
    return { problem: { what: "json" } };
  }
}

function checked(value: ParamValue, problem: Problem | null): Typed {
  return problem ? { problem } : { value };
}

function rangeProblem(limits: Limits, value: number): Problem | null {
  return (
    broken(limits, "minimum", (limit) => value < limit) ??
    broken(limits, "exclusiveMinimum", (limit) => value <= limit) ??
    broken(limits, "maximum", (limit) => value > limit) ??
    broken(limits, "exclusiveMaximum", (limit) => value >= limit) ??
    broken(limits, "multipleOf", (limit) => !isMultiple(value, limit))
  );
}

function lengthProblem(limits: Limits, value: string): Problem | null {
  const { length } = [...value];
  return (
    broken(limits, "minLength", (limit) => length < limit) ??
    broken(limits, "maxLength", (limit) => length > limit)
  );
}

function broken(
  limits: Limits,
  what: keyof Limits,
  isBroken: (limit: number) => boolean,
): Problem | null {
  const limit = limits[what];
  return limit !== undefined && isBroken(limit) ? { what, limit } : null;
}

/** As near as floats can tell: 0.3 is three times 0.1. */
function isMultiple(value: number, limit: number): boolean {
  const times = value / limit;
  return Math.abs(times - Math.round(times)) < 1e-9;
}

/** What stands before the decimals where the reader is. */
export function decimalOf(locale: string): "." | "," {
  const parts = new Intl.NumberFormat(locale).formatToParts(0.5);
  return parts.find(({ type }) => type === "decimal")?.value === "," ? "," : ".";
}
