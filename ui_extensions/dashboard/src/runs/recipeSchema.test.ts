import { describe, expect, it } from "vitest";
import { filtered, type ParamField, recipeFields } from "./recipeSchema";

const SCHEMA = {
  type: "object",
  $defs: { Preset: { description: "Of all presets.", enum: ["auto", "small"], type: "string" } },
  required: ["note"],
  properties: {
    clip_norm: {
      default: 0,
      description: "largest gradient norm",
      minimum: 0,
      title: "Clip Norm",
      type: "number",
    },
    epochs: { default: 50, minimum: 1, maximum: 1000, title: "Epochs", type: "integer" },
    data: { default: "", type: "string" },
    workers: { default: 1, type: "integer" },
    preset: { $ref: "#/$defs/Preset", default: "auto", description: "defaults for the rest" },
    compile: { default: false, type: "boolean" },
    share: { exclusiveMinimum: 0, exclusiveMaximum: 1, type: "number", title: "Share of images" },
    patience: { anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }], default: null },
    mode: { allOf: [{ $ref: "#/$defs/Preset" }], default: "small" },
    note: { type: "string", minLength: 2, maxLength: 4 },
    betas: { type: "array", items: { type: "number" }, default: [0.9, 0.999] },
    either: { anyOf: [{ type: "integer" }, { type: "string" }] },
    lost: { $ref: "#/$defs/Nowhere" },
    round: { $ref: "#/properties/round" },
  },
};

const { common, more } = recipeFields(SCHEMA);

function named(name: string): ParamField {
  const found = [...common, ...more].find((field) => field.name === name);
  if (!found) {
    throw new Error(`no field ${name}`);
  }
  return found;
}

describe("the fields of a recipe", () => {
  it("start with the common ones, and leave out the request's own fields", () => {
    expect(common.map(({ name }) => name)).toEqual(["preset", "epochs"]);
    expect(more.map(({ name }) => name)).not.toContain("data");
    expect(more.map(({ name }) => name)).not.toContain("workers");
    expect(more[0]).toMatchObject({ name: "clip_norm", title: "Clip norm", kind: "number" });
  });

  it("follow references, and prefer the texts of the field itself", () => {
    expect(named("preset")).toMatchObject({
      title: "Preset",
      kind: "choice",
      choices: ["auto", "small"],
      defaultText: "auto",
      description: "defaults for the rest",
    });
    expect(named("mode")).toMatchObject({ kind: "choice", description: "Of all presets." });
  });

  it("ignore that a type may be null", () => {
    expect(named("patience")).toMatchObject({
      kind: "integer",
      defaultText: null,
      limits: { minimum: 1 },
    });
  });

  it("are JSON for types without an input", () => {
    expect(named("betas")).toMatchObject({ kind: "json", defaultText: "[0.9,0.999]" });
    expect(named("either").kind).toBe("json");
    expect(named("lost").kind).toBe("json");
    expect(named("round").kind).toBe("json");
  });

  it("keep a title that differs from the name", () => {
    expect(named("share").title).toBe("Share of images");
  });

  it("are empty for an empty schema", () => {
    expect(recipeFields({})).toEqual({ common: [], more: [] });
    expect(recipeFields({ properties: null })).toEqual({ common: [], more: [] });
  });

  it("are found by every word of the search", () => {
    expect(filtered(more, "GRADIENT norm").map(({ name }) => name)).toEqual(["clip_norm"]);
    expect(filtered(more, " ")).toHaveLength(more.length);
  });
});
