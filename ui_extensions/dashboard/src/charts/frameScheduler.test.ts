import { expect, it } from "vitest";
import { FrameScheduler } from "./frameScheduler";

function stage() {
  const asked: Array<() => void> = [];
  const time = { ms: 0 };
  const frameScheduler = new FrameScheduler(
    (call) => asked.push(call),
    () => time.ms,
  );
  const next = (): void => asked.shift()?.();
  return { frameScheduler, next, time, asked };
}

it("draws each once a frame, however often it asks", () => {
  const { frameScheduler, next, asked } = stage();
  let count = 0;
  const drawable = { draw: () => (count += 1) };
  frameScheduler.ask(drawable);
  frameScheduler.ask(drawable);
  next();
  expect(count).toBe(1);
  expect(asked).toHaveLength(0);
});

it("stops when the frame's time is used up, and goes on with who waits in the next", () => {
  const { frameScheduler, next, time } = stage();
  const drawn: number[] = [];
  for (const id of [1, 2, 3]) {
    frameScheduler.ask({
      draw() {
        drawn.push(id);
        time.ms += 6;
      },
    });
  }
  next();
  expect(drawn).toEqual([1, 2]);
  next();
  expect(drawn).toEqual([1, 2, 3]);
});

it("lets nobody starve who waits behind one that asks all the time", () => {
  const { frameScheduler, next, time } = stage();
  const drawn: string[] = [];
  const eager = {
    draw() {
      drawn.push("eager");
      time.ms += 20;
      frameScheduler.ask(eager);
    },
  };
  const patient = { draw: () => drawn.push("patient") };
  frameScheduler.ask(eager);
  frameScheduler.ask(patient);
  next();
  next();
  expect(drawn).toContain("patient");
});

it("lets all draw before the first writes, and no one write who has not drawn", () => {
  const { frameScheduler, next, time } = stage();
  const done: string[] = [];
  for (const id of [1, 2, 3]) {
    frameScheduler.ask({
      draw() {
        done.push(`draw ${id}`);
        time.ms += 4;
      },
      write: () => done.push(`write ${id}`),
    });
  }
  next();
  expect(done).toEqual(["draw 1", "draw 2", "write 1", "write 2"]);
  next();
  expect(done.slice(4)).toEqual(["draw 3", "write 3"]);
});

it("forgets who is gone", () => {
  const { frameScheduler, next } = stage();
  const gone = {
    draw() {
      throw new Error("drawn");
    },
  };
  frameScheduler.ask(gone);
  frameScheduler.cancel(gone);
  next();
});
