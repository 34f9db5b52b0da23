import { expect, it } from "vitest";
import { FrameScheduler } from "./frameScheduler";

function fail(error: unknown): never {
  throw error;
}

function setUp() {
  const frames: Array<() => void> = [];
  const time = { ms: 0 };
  const frameScheduler = new FrameScheduler(
    (call) => frames.push(call),
    () => time.ms,
  );
  const next = (): void => frames.shift()?.();
  return { frameScheduler, next, time, frames };
}

it("draws each chart once per frame, however often it is scheduled", () => {
  const { frameScheduler, next, frames } = setUp();
  let count = 0;
  const drawable = { draw: () => (count += 1), fail };
  frameScheduler.schedule(drawable);
  frameScheduler.schedule(drawable);
  next();
  expect(count).toBe(1);
  expect(frames).toHaveLength(0);
});

it("stops when the budget is used up, and continues in the next frame", () => {
  const { frameScheduler, next, time } = setUp();
  const drawn: number[] = [];
  for (const id of [1, 2, 3]) {
    frameScheduler.schedule({
      draw() {
        drawn.push(id);
        time.ms += 6;
      },
      fail,
    });
  }
  next();
  expect(drawn).toEqual([1, 2]);
  next();
  expect(drawn).toEqual([1, 2, 3]);
});

it("draws every chart, even if one is scheduled all the time", () => {
  const { frameScheduler, next, time } = setUp();
  const drawn: string[] = [];
  const eager = {
    draw() {
      drawn.push("eager");
      time.ms += 20;
      frameScheduler.schedule(eager);
    },
    fail,
  };
  const patient = { draw: () => drawn.push("patient"), fail };
  frameScheduler.schedule(eager);
  frameScheduler.schedule(patient);
  next();
  next();
  expect(drawn).toContain("patient");
});

it("draws all before the first write, and writes only what it has drawn", () => {
  const { frameScheduler, next, time } = setUp();
  const done: string[] = [];
  for (const id of [1, 2, 3]) {
    frameScheduler.schedule({
      draw() {
        done.push(`draw ${id}`);
        time.ms += 4;
      },
      write: () => done.push(`write ${id}`),
      fail,
    });
  }
  next();
  expect(done).toEqual(["draw 1", "draw 2", "write 1", "write 2"]);
  next();
  expect(done.slice(4)).toEqual(["draw 3", "write 3"]);
});

it("does not draw a cancelled chart", () => {
  const { frameScheduler, next } = setUp();
  const gone = {
    draw() {
      throw new Error("drawn");
    },
    fail,
  };
  frameScheduler.schedule(gone);
  frameScheduler.cancel(gone);
  next();
});

it("reports the error of one chart to that chart, and draws the others", () => {
  const { frameScheduler, next } = setUp();
  const errors: unknown[] = [];
  const drawn: string[] = [];
  const broken = new Error("this chart cannot be drawn");
  const throwing = (): never => {
    throw broken;
  };
  const failing = { fail: (error: unknown) => errors.push(error) };
  frameScheduler.schedule({ draw: throwing, ...failing });
  frameScheduler.schedule({ draw: () => {}, write: throwing, ...failing });
  frameScheduler.schedule({ draw: () => drawn.push("other"), fail });
  next();
  expect(errors).toEqual([broken, broken]);
  expect(drawn).toEqual(["other"]);
});
