import { expect, it } from "vitest";
import { EMPTY_CATALOG } from "../metrics/metricCatalog";
import { addressOf, type Column, columnsIn, firstColumns, MOST_COLUMNS } from "./columns";

it("keeps any name in the address", () => {
  const columns: Column[] = [
    { kind: "metrics", name: "val/loss, mean" },
    { kind: "params", name: "a.b%2C&é 😀" },
    { kind: "tags", name: "x" },
  ];
  expect(columnsIn(addressOf(columns))).toEqual(columns);
});

it("leaves out what an address has typed wrongly", () => {
  expect(columnsIn("lr,params.,metrics.loss,%E0%A4%A,metrics.loss")).toEqual([
    { kind: "metrics", name: "loss" },
  ]);
  const many = Array.from({ length: 99 }, (_, index) => `params.p${index}`).join();
  expect(columnsIn(many)).toHaveLength(MOST_COLUMNS);
});

it("shows metrics of the training before those of the machine", () => {
  const columns = firstColumns(["system/cpu", "b", "a"], ["p", "q"], EMPTY_CATALOG);
  expect(columns.map(({ name }) => name)).not.toContain("system/cpu");
  expect(columns.filter(({ kind }) => kind === "params").map(({ name }) => name)).toEqual([
    "p",
    "q",
  ]);
});
