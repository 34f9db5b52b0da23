import { describe, expect, it } from "vitest";
import { parseSettings } from "./storedSettings";

describe("parseSettings", () => {
  it("accepts what saveSettings has stored", () => {
    const readSettings = { isFolded: true, position: { right: 3, bottom: 4 } };
    expect(parseSettings(readSettings)).toEqual(readSettings);
  });

  it.each([[null], [7], ["x"], [[]], [{ isFolded: "yes", position: { right: "1", bottom: 2 } }]])(
    "ignores %j",
    (known) => {
      expect(parseSettings(known)).toEqual({});
    },
  );
});
