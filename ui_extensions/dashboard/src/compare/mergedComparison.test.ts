import { expect, it } from "vitest";
import type { RunComparison } from "../../../live/schemas";
import { mergedComparison } from "./mergedComparison";

function part(id: string, params: Record<string, string>, loss: number | null): RunComparison {
  return {
    runs: [{ run_id: id } as RunComparison["runs"][number]],
    missing: [`not ${id}`],
    params: Object.entries(params).map(([name, value]) => ({
      name,
      values: [value],
      differs: false,
    })),
    metrics: [
      { name: "loss", values: [loss], not_finite: [loss === null ? "NaN" : null], differs: false },
    ],
    num_params: Object.keys(params).length,
    num_metrics: 1,
  };
}

it("keeps the order of the runs, and says what differs between the batches", () => {
  const merged = mergedComparison([
    part("a", { lr: "0.1", model: "vit", text: "long…" }, 1),
    part("b", { lr: "0.1", seed: "3", text: "long…" }, null),
  ]);
  expect(merged.runs.map(({ run_id }) => run_id)).toEqual(["a", "b"]);
  expect(merged.missing).toEqual(["not a", "not b"]);
  expect(merged.params).toEqual([
    { name: "lr", values: ["0.1", "0.1"], differs: false },
    { name: "model", values: ["vit", null], differs: true },
    { name: "seed", values: [null, "3"], differs: true },
    { name: "text", values: ["long…", "long…"], differs: true },
  ]);
  expect(merged.metrics).toEqual([
    { name: "loss", values: [1, null], not_finite: [null, "NaN"], differs: true },
  ]);
  expect(merged.num_params).toBe(4);
});
