// Turns a recipe's JSON Schema into form fields.

export type FieldKind = "integer" | "number" | "boolean" | "choice" | "text" | "json";
export type ParamValue = boolean | number | string;

export interface ParamField {
  name: string;
  /** From the schema, in English. */
  title: string;
  description: string;
  kind: FieldKind;
  /** As typed by a user; null without a default. */
  defaultText: string | null;
  isRequired: boolean;
  choices: readonly ParamValue[];
  limits: Limits;
}

export interface Limits {
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
}

/** The parameters that every recipe has, in the order of the form. */
export const COMMON = [
  "preset",
  "epochs",
  "batch_size",
  "learning_rate",
  "seed",
  "weights",
] as const;

/** Parameters that are fields of the request itself. */
const REQUEST_FIELDS: ReadonlySet<string> = new Set([
  "recipe",
  "data",
  "experiment_name",
  "workers",
]);

type Schema = Readonly<Record<string, unknown>>;

export interface RecipeFields {
  common: readonly ParamField[];
  more: readonly ParamField[];
}

export function recipeFields(root: Schema): RecipeFields {
  const required = new Set(Array.isArray(root.required) ? root.required : []);
  const fields = Object.entries(object(root.properties))
    .filter(([name]) => !REQUEST_FIELDS.has(name))
    .map(([name, schema]) => field(name, object(schema), root, required.has(name)));
  const isCommon = ({ name }: ParamField) => COMMON.some((common) => common === name);
  const byName = new Map(fields.map((each) => [each.name, each]));
  return {
    common: COMMON.flatMap((name) => byName.get(name) ?? []),
    more: fields.filter((each) => !isCommon(each)),
  };
}

function field(name: string, schema: Schema, root: Schema, isRequired: boolean): ParamField {
  const resolved = resolve(schema, root);
  const choices = choicesOf(resolved);
  const kind = choices.length > 0 ? "choice" : kindOf(resolved.type);
  // Texts beside a reference describe this field; those of its target describe a type.
  const textOf = (key: string) => text(schema[key]) || text(resolved[key]);
  return {
    name,
    title: titleOf(name, text(schema.title)),
    description: textOf("description"),
    kind,
    defaultText: typed("default" in schema ? schema.default : resolved.default, kind),
    isRequired,
    choices,
    limits: limitsOf(resolved),
  };
}

const MAX_REFERENCES = 16;

/** Resolves references, `allOf` with one schema, and `anyOf` with null. */
function resolve(schema: Schema, root: Schema): Schema {
  let found = schema;
  for (let count = 0; count < MAX_REFERENCES; count += 1) {
    const options = alternatives(found);
    const next =
      typeof found.$ref === "string"
        ? target(found.$ref, root)
        : options.length === 1
          ? object(options[0])
          : null;
    if (next === null) {
      return found;
    }
    found = next;
  }
  return found;
}

function alternatives(schema: Schema): unknown[] {
  const { allOf, anyOf, oneOf } = schema;
  const all = [allOf, anyOf, oneOf].find(Array.isArray) ?? [];
  return all.filter((option: unknown) => object(option).type !== "null");
}

function target(reference: string, root: Schema): Schema {
  const parts = reference.replace(/^#\//, "").split("/");
  return parts.reduce<Schema>((at, part) => object(at[part]), root);
}

function kindOf(type: unknown): FieldKind {
  const types: unknown[] = Array.isArray(type) ? type.filter((each) => each !== "null") : [type];
  const [only] = types;
  if (types.length === 1) {
    switch (only) {
      case "integer":
      case "number":
      case "boolean":
        return only;
      case "string":
        return "text";
      default:
    }
  }
  return "json";
}

function choicesOf(schema: Schema): ParamValue[] {
  const listed = Array.isArray(schema.enum) ? schema.enum : "const" in schema ? [schema.const] : [];
  return listed.filter((value): value is ParamValue =>
    ["string", "number", "boolean"].includes(typeof value),
  );
}

const LIMITS = [
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
] as const satisfies ReadonlyArray<keyof Limits>;

function limitsOf(schema: Schema): Limits {
  return Object.fromEntries(
    LIMITS.flatMap((name) => (typeof schema[name] === "number" ? [[name, schema[name]]] : [])),
  );
}

function typed(value: unknown, kind: FieldKind): string | null {
  if (value === undefined || value === null) {
    return null;
  }
  return typeof value === "string" && kind !== "json" ? value : JSON.stringify(value);
}

/** The fields whose name, title or description contain every word. */
export function filtered(fields: readonly ParamField[], wanted: string): readonly ParamField[] {
  const sought = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  return fields.filter(({ name, title, description }) => {
    const text = `${name} ${title} ${description}`.toLowerCase();
    return sought.every((word) => text.includes(word));
  });
}

function object(value: unknown): Schema {
  return typeof value === "object" && value !== null ? (value as Schema) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A title generated from the name gets the capitals of a label. */
function titleOf(name: string, title: string): string {
  const spaced = name.replaceAll("_", " ");
  const isGenerated = title === "" || title.toLowerCase() === spaced.toLowerCase();
  return isGenerated ? spaced.charAt(0).toUpperCase() + spaced.slice(1) : title;
}
