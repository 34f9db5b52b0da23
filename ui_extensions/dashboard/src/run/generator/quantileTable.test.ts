import { describe, expect, it } from "vitest";
import {
  lossRange,
  newestTable,
  tableOfDocument,
  tableOfMetrics,
  verdictOf,
} from "./quantileTable";

const paired = (low: number, high: number) => ({
  loss: 0.5,
  baseLoss: 0.6,
  difference: -0.1,
  interval: [low, high] as const,
});

describe("the verdict at a quantile", () => {
  it.each([
    [-0.2, -0.1, "better"],
    [0.1, 0.2, "worse"],
    [-0.1, 0.1, "notShown"],
    [-0.1, 0, "notShown"],
    [0, 0, "notShown"],
  ])("is by its interval %d to %d: %s", (low, high, verdict) => {
    expect(verdictOf(paired(low, high))).toBe(verdict);
  });

  it("is unknown without an interval", () => {
    expect(verdictOf({ ...paired(0, 0), interval: null })).toBe("unknown");
  });
});

const METRICS = {
  "val/loss_q1": 0.5,
  "val/base_loss_q1": 0.75,
  "val/loss_q3": 0.25,
  "val/loss_q10": 1,
};
const DOCUMENT = {
  epoch: 2,
  step: 40,
  num_patients: 7,
  overall: { loss: 0.4, base_loss: 0.5, difference: -0.1, interval: [-0.2, -0.05] },
  quantiles: [
    { quantile: 0.1, loss: 0.5, base_loss: 0.75, difference: -0.25, interval: [-0.3, -0.2] },
    { quantile: 0.3, loss: 0.25, base_loss: 0.2, difference: 0.05, interval: null },
    { quantile: "a lot", loss: 1 },
  ],
};

describe("the table", () => {
  it("of the metrics has the quantiles that were logged", () => {
    const rows = tableOfMetrics(METRICS)?.rows;
    expect(rows).toEqual([
      { quantile: 0.1, loss: 0.5, baseLoss: 0.75, difference: -0.25, interval: null },
      { quantile: 0.3, loss: 0.25, baseLoss: null, difference: null, interval: null },
    ]);
    expect(tableOfMetrics({ "val/loss": 1 })).toBeNull();
  });

  it("of the document leaves out what is not understood", () => {
    const table = tableOfDocument(DOCUMENT);
    expect(table?.at).toEqual({ epoch: 2, step: 40, numPatients: 7 });
    expect(table?.rows).toHaveLength(2);
    expect(table?.rows[1]?.interval).toBeNull();
    for (const other of [undefined, null, "", [], { quantiles: 3 }, { quantiles: [{}] }]) {
      expect(tableOfDocument(other)).toBeNull();
    }
  });

  it("is that of the document only while the metrics are of the same evaluation", () => {
    const ofDocument = tableOfDocument(DOCUMENT);
    const [same, newer] = [tableOfMetrics(METRICS), tableOfMetrics({ "val/loss_q1": 0.4 })];
    expect(newestTable(same, ofDocument)).toBe(ofDocument);
    expect(newestTable(newer, ofDocument)).toBe(newer);
    expect(newestTable(null, ofDocument)).toBe(ofDocument);
    expect(newestTable(newer, null)).toBe(newer);
  });
});

describe("the axis of the losses", () => {
  it.each([
    [[1, 2], 0.9, 2.1],
    [[1, 1], 0.9, 1.1],
    [[0], -1, 1],
  ])("of %j is from %d to %d", (losses, low, high) => {
    expect(lossRange(losses)[0]).toBeCloseTo(low);
    expect(lossRange(losses)[1]).toBeCloseTo(high);
  });
});
