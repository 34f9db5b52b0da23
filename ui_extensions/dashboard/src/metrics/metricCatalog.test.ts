import { expect, it } from "vitest";
import { CATALOG } from "./catalogExample";
import { directionOf, EMPTY_CATALOG, groupLabel, metricLabel } from "./metricCatalog";

it.each([
  ["val/loss", "lower"],
  ["my_rmse", "lower"],
  ["val/accuracy", "higher"],
  ["my/acc", "higher"],
  ["critical/RAO", "higher"],
  ["per_class/Hearing_Loss", "higher"],
  ["system/loss", "none"],
  ["train/learning_rate", "none"],
  ["glossary", "none"],
])("%s gets better in the direction: %s", (name, direction) => {
  expect(directionOf(name, CATALOG)).toBe(direction);
});

it("knows no direction while the catalogue is unknown", () => {
  expect(directionOf("val/loss", EMPTY_CATALOG)).toBe("none");
});

it("labels an unknown metric or group with its name", () => {
  expect(groupLabel("mine", "fr", CATALOG)).toBe("mine");
  expect(metricLabel("mine/metric", "fr", CATALOG)).toBe("mine/metric");
});
