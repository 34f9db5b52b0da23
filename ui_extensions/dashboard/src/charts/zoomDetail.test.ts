import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Curves } from "../live/curves";
import { Series } from "../live/series";
import { ZoomDetail, type ZoomRange } from "./zoomDetail";

const LATER_MS = 1_000;

function seriesAt(step: number): Series {
  const series = new Series();
  series.add(step, 0.5, 0);
  return series;
}

/** Each metric has `total` points on the server and one here; the test resolves the requests. */
function setUp(total = 1_000_000) {
  const answers: Array<(series: Series) => void> = [];
  const requests: Array<[number, number]> = [];
  const curves = {
    known: () => ({ series: seriesAt(1), state: "loaded", total }),
    detail: (_run: string, _metric: string, [from, to]: readonly [number, number]) => {
      requests.push([from, to]);
      return new Promise<Series>((resolve) => answers.push(resolve));
    },
  };
  const onLoaded = vi.fn();
  const detail = new ZoomDetail(curves as unknown as Curves, onLoaded);
  return { detail, requests, answers, onLoaded };
}

function zoomedTo(zoom: ZoomRange["zoom"], ...metrics: string[]): ZoomRange {
  const names = metrics.length > 0 ? metrics : ["m"];
  return { lines: names.map((metric) => ({ runId: "r", metric })), zoom };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("window", globalThis);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("loads the range at which zooming ended", async () => {
  const { detail, requests, answers, onLoaded } = setUp();
  detail.request(zoomedTo([0, 500]));
  detail.request(zoomedTo([100, 200]));
  await vi.advanceTimersByTimeAsync(LATER_MS);
  expect(requests).toEqual([[100, 200]]);
  expect(detail.points()).toBeNull();
  answers[0]?.(seriesAt(150));
  await vi.advanceTimersByTimeAsync(0);
  expect(onLoaded).toHaveBeenCalledOnce();
  expect([...(detail.points()?.[0]?.steps ?? [])]).toEqual([150]);
});

it("loads nothing that is known already", async () => {
  const known = setUp(1);
  known.detail.request(zoomedTo([100, 200]));
  await vi.advanceTimersByTimeAsync(LATER_MS);
  expect(known.requests).toEqual([]);

  const { detail, requests, answers } = setUp();
  detail.request(zoomedTo([100, 200]));
  await vi.advanceTimersByTimeAsync(LATER_MS);
  answers[0]?.(seriesAt(150));
  await vi.advanceTimersByTimeAsync(0);
  detail.request(zoomedTo([100, 200]));
  await vi.advanceTimersByTimeAsync(LATER_MS);
  expect(requests).toHaveLength(1);
});

it.each([zoomedTo(null), zoomedTo([300, 400]), zoomedTo([100, 200], "m", "n")])(
  "ignores a range that %j has replaced",
  async (next) => {
    const { detail, answers, onLoaded } = setUp();
    detail.request(zoomedTo([100, 200]));
    await vi.advanceTimersByTimeAsync(LATER_MS);
    detail.request(next);
    answers[0]?.(seriesAt(150));
    await vi.advanceTimersByTimeAsync(0);
    expect(detail.points()).toBeNull();
    expect(onLoaded).not.toHaveBeenCalled();
  },
);

it("loads nothing after it is cancelled", async () => {
  const { detail, requests } = setUp();
  detail.request(zoomedTo([100, 200]));
  detail.cancel();
  await vi.advanceTimersByTimeAsync(LATER_MS);
  expect(requests).toEqual([]);
});
