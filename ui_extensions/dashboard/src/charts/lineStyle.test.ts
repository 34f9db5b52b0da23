import { expect, it } from "vitest";
import { MOST_COMPARED } from "../compare/limits";
import { styleOfRun } from "./lineStyle";

it("gives every compared run a line of its own", () => {
  const styles = Array.from({ length: MOST_COMPARED }, (_, index) => styleOfRun(index));
  expect(new Set(styles.map((each) => JSON.stringify(each))).size).toBe(MOST_COMPARED);
});
