import { describe, expect, it } from "vitest";
import type { EpochDetails } from "../../../../live/schemas";
import { CATALOG } from "../../metrics/catalogExample";
import { EpochCache } from "./epochCache";
import { best, type EpochList, latest, nearest, loadEpochs } from "./epochs";
import { fakeEpoch as details, fakeMetrics as metrics } from "./fakeEpochs";

const numbers = (list: EpochList) => list.epochs.map(({ epoch }) => epoch);

/** A server with these epochs, which records the requested limits. */
function server(epochs: EpochDetails[]) {
  const limits: number[] = [];
  const ask = (limit: number) => {
    limits.push(limit);
    const entries = epochs.toReversed().slice(0, limit);
    return Promise.resolve({ entries, total: epochs.length });
  };
  return { ask, limits };
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => details(index + 1));

describe("loading the epochs", () => {
  it("takes one request if there are few", async () => {
    const { ask, limits } = server(upTo(3));
    expect(numbers(await loadEpochs(ask))).toEqual([1, 2, 3]);
    expect(limits).toEqual([3]);
  });

  it("loads only the newest again if others are known", async () => {
    const known = await loadEpochs(server(upTo(12)).ask);
    const changed = details(12, { last_step: 999 });
    const { ask, limits } = server([...upTo(11), changed, details(13)]);
    const list = await loadEpochs(ask, known);
    expect(limits).toEqual([3]);
    expect(numbers(list)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    expect(list.epochs[11]).toBe(changed);
    expect(list.total).toBe(13);
  });

  it("loads all if epochs were missed", async () => {
    const known = await loadEpochs(server(upTo(5)).ask);
    const { ask, limits } = server(upTo(20));
    expect(numbers(await loadEpochs(ask, known))).toHaveLength(20);
    expect(limits).toHaveLength(2);
  });

  it("loads fewer epochs with thousands of metrics", async () => {
    const other = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`m/${n}`, n]));
    const many = upTo(200).map((each) => ({ ...each, metrics: metrics({ other }) }));
    const { ask, limits } = server(many);
    const list = await loadEpochs(ask);
    expect(list.epochs).toHaveLength(39);
    expect([list.epochs.at(-1)?.epoch, list.total]).toEqual([200, 200]);
    expect(limits).toEqual([3, 39]);
  });

  it("is empty for a run without epochs", async () => {
    expect(await loadEpochs(server([]).ask)).toEqual({ epochs: [], total: 0 });
  });
});

describe("epochs that stand out", () => {
  it("the latest is the newest that was evaluated", () => {
    const evaluated = details(2, { metrics: metrics({ loss: { val: 0 } }) });
    expect(latest([details(1), evaluated, details(3)], CATALOG)).toBe(evaluated);
    expect(latest([details(1), details(3)], CATALOG)?.epoch).toBe(3);
    expect(latest([], CATALOG)).toBeUndefined();
  });

  it("the best has the highest mean of F1, AUROC and kappa", () => {
    const one = details(1, { metrics: metrics({ f1_score: 0.9, other: { "val/kappa": 0.1 } }) });
    const two = details(2, { metrics: metrics({ f1_score: 0.8, auc_roc: { macro: 0.7 } }) });
    expect(best([one, two], CATALOG)).toEqual({ epoch: two, by: "score" });
  });

  it("is else the one with the lowest loss, or the highest accuracy", () => {
    const byLoss = [3, 1, 2].map((val, index) =>
      details(index, { metrics: metrics({ loss: { val } }) }),
    );
    expect(best(byLoss, CATALOG)).toEqual({ epoch: byLoss[1], by: "loss" });
    const byAccuracy = [0.1, 0.3].map((val, index) =>
      details(index, { metrics: metrics({ accuracy: { val } }) }),
    );
    expect(best(byAccuracy, CATALOG)).toEqual({ epoch: byAccuracy[1], by: "accuracy" });
    expect(best([details(1)], CATALOG)).toBeUndefined();
  });

  it("are found by the names of other programs, too", () => {
    const epochs = [3, 1, 2].map((value, index) =>
      details(index, { metrics: metrics({ other: { eval_loss: value, loss: index } }) }),
    );
    expect(best(epochs, CATALOG)).toEqual({ epoch: epochs[1], by: "loss" });
    const running = details(4, { metrics: metrics({ other: { loss: 0.5 } }) });
    expect(latest([...epochs, running], CATALOG)).toBe(epochs[2]);
  });

  it("the nearest is the wanted one, if it exists", () => {
    const epochs = [details(2), details(4), details(9)];
    expect([0, 3, 4, 7, 99].map((wanted) => nearest(epochs, wanted)?.epoch)).toEqual([
      2, 2, 4, 9, 9,
    ]);
    expect(nearest([], 1)).toBeUndefined();
  });
});

describe("the cache", () => {
  const evaluated = (epoch: number, size = 1) =>
    details(epoch, { classes: new Array(size).fill("a"), confusion_matrix: [[1]] });

  it("keeps a finished and evaluated epoch", () => {
    const cache = new EpochCache();
    cache.put(evaluated(1), 0);
    expect(cache.isFresh(1, 5, undefined)).toBe(true);
    expect(cache.isFresh(1, 5, details(1))).toBe(true);
  });

  it("is outdated after a resumed training has repeated the epoch", () => {
    const cache = new EpochCache();
    cache.put(evaluated(1), 0);
    expect(cache.isFresh(1, 5, details(1, { end_time: "2027-01-01T00:00:00Z" }))).toBe(false);
  });

  it("is outdated after a change if the epoch is not evaluated", () => {
    const cache = new EpochCache();
    cache.put(details(1), 3);
    expect(cache.isFresh(1, 3, undefined)).toBe(true);
    expect(cache.isFresh(1, 4, undefined)).toBe(false);
    expect(cache.isFresh(2, 3, undefined)).toBe(false);
  });

  it("drops the oldest if there are too many epochs or cells", () => {
    const cache = new EpochCache(3, 100);
    for (const epoch of [1, 2, 3, 4]) {
      cache.put(evaluated(epoch), 0);
    }
    expect([1, 2, 3, 4].map((epoch) => cache.get(epoch)?.epoch)).toEqual([undefined, 2, 3, 4]);
    cache.put(evaluated(5, 10), 0);
    expect([2, 3, 4, 5].map((epoch) => cache.get(epoch)?.epoch)).toEqual([
      undefined,
      undefined,
      undefined,
      5,
    ]);
  });

  it("keeps the newest entry, however large", () => {
    const cache = new EpochCache(3, 100);
    cache.put(evaluated(1, 1_000), 0);
    expect(cache.get(1)?.epoch).toBe(1);
  });
});
