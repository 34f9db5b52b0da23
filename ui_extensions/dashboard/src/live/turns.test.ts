import { expect, it } from "vitest";
import { Turns } from "./turns";

it("runs no more at once than allowed, in order, whatever fails", async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  let [running, most] = [0, 0];
  const all = Array.from({ length: 7 }, (_, index) =>
    turns.take(async () => {
      begun.push(index);
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      if (index === 3) {
        throw new Error("lost");
      }
      return index;
    }),
  );
  const results = await Promise.allSettled(all);
  expect(results.map(({ status }) => status === "fulfilled")).toEqual(
    Array.from({ length: 7 }, (_, index) => index !== 3),
  );
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(most).toBe(2);
});
