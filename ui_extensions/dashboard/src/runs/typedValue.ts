// Parses the text of a form field into a value, or a problem.

import type { Limits, ParamField, ParamValue } from "./recipeSchema";

/** Why the text is not valid. */
export type Problem =
  | { kind: "missing" | "whole" | "number" | "json" | "choice" }
  | { kind: keyof Limits; limit: number };

export type Typed = { value: ParamValue | undefined } | { problem: Problem };

/** Parses the text of a field; the value undefined leaves the choice to the recipe. */
export function parseTyped(field: ParamField, typedText: string, decimal: "." | ","): Typed {
  const text = typedText.trim();
  if (text === "") {
    const isMissing = field.isRequired && field.defaultText === null;
    return isMissing ? { problem: { kind: "missing" } } : { value: undefined };
  }
  switch (field.kind) {
    case "boolean":
      return { value: text === "true" };
    case "choice": {
      const chosen = field.choices.find((choice) => String(choice) === text);
      return chosen === undefined ? { problem: { kind: "choice" } } : { value: chosen };
    }
    case "integer":
      return number(field, text, /^[+-]?\d+$/, "whole");
    case "number":
      // A comma is a decimal separator only in some locales: in others it groups digits.
      return number(
        field,
        decimal === "," ? text.replace(",", ".") : text,
        /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i,
        "number",
      );
    case "text":
      return checked(text, lengthProblem(field.limits, text));
    case "json":
      return json(text);
  }
}

function number(field: ParamField, text: string, form: RegExp, kind: "whole" | "number"): Typed {
  const value = Number(text);
  if (!form.test(text) || !Number.isFinite(value)) {
    return { problem: { kind } };
  }
  return checked(value, rangeProblem(field.limits, value));
}

function json(text: string): Typed {
  try {
    return { value: JSON.parse(text) as ParamValue };
  } catch {
    return { problem: { kind: "json" } };
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
  kind: keyof Limits,
  isBroken: (limit: number) => boolean,
): Problem | null {
  const limit = limits[kind];
  return limit !== undefined && isBroken(limit) ? { kind, limit } : null;
}

/** Allows for rounding errors: 0.3 is a multiple of 0.1. */
function isMultiple(value: number, limit: number): boolean {
  const times = value / limit;
  return Math.abs(times - Math.round(times)) < 1e-9;
}

/** The decimal separator of the locale. */
export function decimalOf(locale: string): "." | "," {
  const parts = new Intl.NumberFormat(locale).formatToParts(0.5);
  return parts.find(({ type }) => type === "decimal")?.value === "," ? "," : ".";
}
