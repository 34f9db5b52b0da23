import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Polling, POLL_MS } from "./polling";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp(answers: boolean[], isHidden = () => false) {
  const seen: string[] = [];
  const polling = new Polling(
    {
      isThere: () => Promise.resolve(answers.shift() ?? true),
      onAnswer: () => seen.push("answer"),
      onSilence: () => seen.push("silence"),
    },
    isHidden,
  );
  return { seen, polling };
}

it("asks at an interval, and says whether the server answers", async () => {
  const { seen, polling } = setUp([true, false]);
  polling.start();
  polling.start();
  await vi.advanceTimersByTimeAsync(3 * POLL_MS);
  expect(seen).toEqual(["answer", "silence", "answer"]);
});

it("ends, and forgets an answer that comes later", async () => {
  let answer = (_: boolean): void => {};
  const seen: string[] = [];
  const polling = new Polling(
    {
      isThere: () => new Promise((resolve) => (answer = resolve)),
      onAnswer: () => seen.push("answer"),
      onSilence: () => seen.push("silence"),
    },
    () => false,
  );
  polling.start();
  await vi.advanceTimersByTimeAsync(POLL_MS);
  polling.stop();
  answer(true);
  await vi.advanceTimersByTimeAsync(3 * POLL_MS);
  expect(seen).toEqual([]);
});

it("does not ask for a page in the background", async () => {
  let isHidden = true;
  const { seen, polling } = setUp([], () => isHidden);
  polling.start();
  await vi.advanceTimersByTimeAsync(2 * POLL_MS);
  expect(seen).toEqual([]);
  isHidden = false;
  await vi.advanceTimersByTimeAsync(POLL_MS);
  expect(seen).toEqual(["answer"]);
});
