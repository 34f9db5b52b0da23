import { describe, expect, it } from "vitest";
import type { ParamField } from "./recipeSchema";
import { decimalOf, parseTyped } from "./typedValue";

const PLAIN: ParamField = {
  name: "",
  title: "",
  description: "",
  kind: "text",
  defaultText: null,
  isRequired: false,
  choices: [],
  limits: {},
};

const FIELDS: Record<string, Partial<ParamField>> = {
  epochs: { kind: "integer", defaultText: "50", limits: { minimum: 1, maximum: 1000 } },
  clip_norm: { kind: "number", limits: { minimum: 0 } },
  share: { kind: "number", limits: { exclusiveMinimum: 0, exclusiveMaximum: 1 } },
  tenths: { kind: "number", limits: { multipleOf: 0.1 } },
  compile: { kind: "boolean", defaultText: "false" },
  preset: { kind: "choice", choices: ["auto", "small", 2] },
  betas: { kind: "json" },
  note: { isRequired: true, limits: { minLength: 2, maxLength: 4 } },
};

function typed(name: string, text: string, decimal: "." | "," = ".") {
  return parseTyped({ ...PLAIN, ...FIELDS[name], name }, text, decimal);
}

describe("what is typed", () => {
  it("is undefined if it is empty", () => {
    expect(typed("epochs", "  ")).toEqual({ value: undefined });
    expect(typed("note", "")).toEqual({ problem: { kind: "missing" } });
  });

  it("is a value of the field's type", () => {
    expect(typed("epochs", " 50 ")).toEqual({ value: 50 });
    expect(typed("clip_norm", "1e-3")).toEqual({ value: 0.001 });
    expect(typed("clip_norm", ".5")).toEqual({ value: 0.5 });
    expect(typed("compile", "true")).toEqual({ value: true });
    expect(typed("compile", "false")).toEqual({ value: false });
    expect(typed("preset", "small")).toEqual({ value: "small" });
    expect(typed("preset", "2")).toEqual({ value: 2 });
    expect(typed("betas", "[1, 2]")).toEqual({ value: [1, 2] });
    expect(typed("note", "abc")).toEqual({ value: "abc" });
  });

  it("is a problem if it is invalid", () => {
    expect(typed("epochs", "1.5")).toEqual({ problem: { kind: "whole" } });
    expect(typed("epochs", "1e400")).toEqual({ problem: { kind: "whole" } });
    expect(typed("clip_norm", "0x10")).toEqual({ problem: { kind: "number" } });
    expect(typed("clip_norm", "NaN")).toEqual({ problem: { kind: "number" } });
    expect(typed("clip_norm", "1e999")).toEqual({ problem: { kind: "number" } });
    expect(typed("preset", "huge")).toEqual({ problem: { kind: "choice" } });
    expect(typed("betas", "[1,")).toEqual({ problem: { kind: "json" } });
  });

  it("must be within the limits", () => {
    expect(typed("epochs", "0")).toEqual({ problem: { kind: "minimum", limit: 1 } });
    expect(typed("epochs", "1001")).toEqual({ problem: { kind: "maximum", limit: 1000 } });
    expect(typed("share", "0")).toEqual({ problem: { kind: "exclusiveMinimum", limit: 0 } });
    expect(typed("share", "1")).toEqual({ problem: { kind: "exclusiveMaximum", limit: 1 } });
    expect(typed("share", "0.5")).toEqual({ value: 0.5 });
    expect(typed("tenths", "0.3")).toEqual({ value: 0.3 });
    expect(typed("tenths", "0.35")).toEqual({ problem: { kind: "multipleOf", limit: 0.1 } });
    expect(typed("note", "a")).toEqual({ problem: { kind: "minLength", limit: 2 } });
    expect(typed("note", "abcde")).toEqual({ problem: { kind: "maxLength", limit: 4 } });
  });

  it("may have a decimal comma in locales that use one", () => {
    expect(typed("clip_norm", "0,5", ",")).toEqual({ value: 0.5 });
    expect(typed("clip_norm", "0.5", ",")).toEqual({ value: 0.5 });
    expect(typed("clip_norm", "1,000")).toEqual({ problem: { kind: "number" } });
    expect([decimalOf("fr"), decimalOf("en-US")]).toEqual([",", "."]);
  });
});
