import { describe, expect, it } from "vitest";
import type { MetricCatalog } from "../../../live/schemas";
import { CATALOG } from "./catalogExample";
import file from "./classifiedNames.json";
import { classify } from "./classifier";

const OWN = /^(?:train|val|critical|critical_support|per_class|system)\//;

describe("a name has the class that its program means", () => {
  // The example catalogue has only some of the server's own names.
  it.each(file.names.filter(({ name }) => !OWN.test(name)))("$name", (expected) => {
    expect({ name: expected.name, ...classify(expected.name, CATALOG) }).toEqual(expected);
  });
});

it("takes the class of a known name and of a family from the catalogue", () => {
  expect(classify("val/loss", CATALOG)).toMatchObject({ role: "loss", split: "val" });
  expect(classify("per_class/Hearing_Loss", CATALOG)).toMatchObject({
    role: "class",
    direction: "higher",
  });
});

it("classifies any text, and twenty thousand names within a second", () => {
  const catalog: MetricCatalog = { ...CATALOG };
  const began = performance.now();
  for (let number = 0; number < 20_000; number += 1) {
    classify(`layer_${number}/valLoss_${number}_of_block`, catalog);
  }
  expect(performance.now() - began).toBeLessThan(3_000);
  for (const name of ["", "\ud800", "/".repeat(1e5), "aA".repeat(1e5), "map ".repeat(1e5)]) {
    expect(classify(name, catalog).role).toBe("other");
  }
});
