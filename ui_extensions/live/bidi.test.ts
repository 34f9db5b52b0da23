import { expect, it } from "vitest";
import { closed, isolated, withIsolation } from "./bidi";

const TURNING = "run \u202Egpj.exe";

it("isolates a name that turns the words after it", () => {
  expect(isolated(TURNING)).toBe(`\u2068${TURNING}\u2069`);
  expect(isolated("עברית")).toBe("\u2068עברית\u2069");
});

it("leaves other names alone", () => {
  expect(isolated("fold 2, été")).toBe("fold 2, été");
});

it("does not let a name end its isolate", () => {
  expect(isolated("a\u2069\u202Eb")).toBe("\u2068a\u202Eb\u2069");
  expect(closed("\u2067a\u2069b\u2069")).toBe("\u2067a\u2069b");
});

it("isolates each text in the sentences of a page", () => {
  const texts = withIsolation({
    title: "Runs",
    compare: (name: string, count: number) => `Compare ${name} with ${count}`,
  });
  expect(texts.title).toBe("Runs");
  expect(texts.compare(TURNING, 2)).toBe(`Compare \u2068${TURNING}\u2069 with 2`);
});
