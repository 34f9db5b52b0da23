import { expect, it } from "vitest";
import { DISTINCT_LINES } from "../compare/limits";
import { styleOfRun } from "./lineStyle";

it("gives every compared run a line of its own", () => {
  const styles = Array.from({ length: DISTINCT_LINES }, (_, index) => styleOfRun(index));
  expect(new Set(styles.map((each) => JSON.stringify(each))).size).toBe(DISTINCT_LINES);
});
