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

/** Of each metric 1,000,000 points are known to be, of which one is here; answers come when told to. */
function stage(total = 1_000_000) {
  const answers: Array<(series: Series) => void> = [];
  const asked: Array<[number, number]> = [];
  const curves = {
    known: () => ({ series: seriesAt(1), state: "read", total }),
    detail: (_run: string, _metric: string, from: number, to: number) => {
      asked.push([from, to]);
      return new Promise<Series>((resolve) => answers.push(resolve));
    },
  };
  const onRead = vi.fn();
  const detail = new ZoomDetail(curves as unknown as Curves, onRead);
  return { detail, asked, answers, onRead };
}

function zoomedTo(zoom: ZoomRange["zoom"], ...metrics: string[]): ZoomRange {
  return { runId: "r", metrics: metrics.length > 0 ? metrics : ["m"], zoom };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("window", globalThis);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("reads the range where zooming ended, and says when it has it", async () => {
  const { detail, asked, answers, onRead } = stage();
  detail.request(zoomedTo([0, 500]));
  detail.request(zoomedTo([100, 200]));
  await vi.advanceTimersByTimeAsync(LATER_MS);
  expect(asked).toEqual([[100, 200]]);
  expect(detail.points()).toBeNull();
  answers[0]?.(seriesAt(150));
  await vi.advanceTimersByTimeAsync(0);
  expect(onRead).toHaveBeenCalledOnce();
  expect([...(detail.points()?.[0]?.steps ?? [])]).toEqual([150]);
});

it("asks for nothing where all is known, and for nothing twice", async () => {
  const known = stage(1);
  known.detail.request(zoomedTo([100, 200]));
  await vi.advanceTimersByTimeAsync(LATER_MS);
  expect(known.asked).toEqual([]);

  const { detail, asked, answers } = stage();
  detail.request(zoomedTo([100, 200]));
  await vi.advanceTimersByTimeAsync(LATER_MS);
  answers[0]?.(seriesAt(150));
  await vi.advanceTimersByTimeAsync(0);
  detail.request(zoomedTo([100, 200]));
  await vi.advanceTimersByTimeAsync(LATER_MS);
  expect(asked).toHaveLength(1);
});

it.each([zoomedTo(null), zoomedTo([300, 400]), zoomedTo([100, 200], "m", "n")])(
  "shows nothing of a range that was left for %j",
  async (next) => {
    const { detail, answers, onRead } = stage();
    detail.request(zoomedTo([100, 200]));
    await vi.advanceTimersByTimeAsync(LATER_MS);
    detail.request(next);
    answers[0]?.(seriesAt(150));
    await vi.advanceTimersByTimeAsync(0);
    expect(detail.points()).toBeNull();
    expect(onRead).not.toHaveBeenCalled();
  },
);

it("asks no more once it is forgotten", async () => {
  const { detail, asked } = stage();
  detail.request(zoomedTo([100, 200]));
  detail.cancel();
  await vi.advanceTimersByTimeAsync(LATER_MS);
  expect(asked).toEqual([]);
});
