import { describe, expect, it } from "vitest";
import { keptOf } from "./storedSettings";

describe("keptOf", () => {
  it("takes what it has kept itself", () => {
    const kept = { isFolded: true, position: { right: 3, bottom: 4 } };
    expect(keptOf(kept)).toEqual(kept);
  });

  it.each([[null], [7], ["x"], [[]], [{ isFolded: "yes", position: { right: "1", bottom: 2 } }]])(
    "takes nothing from %j",
    (known) => {
      expect(keptOf(known)).toEqual({});
    },
  );
});
