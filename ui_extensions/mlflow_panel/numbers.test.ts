import { describe, expect, it } from "vitest";
import { numbersOf } from "./numbers";

const { whole, percent, duration } = numbersOf("en-GB");

describe("numbersOf", () => {
  it("formats a duration in two units", () => {
    expect(duration(0)).toBe("0 secs");
    expect(duration(59.6)).toBe("1 min");
    expect(duration(7_265)).toBe("2 hrs 1 min");
    expect(duration(86_400 + 120)).toBe("1 day");
    expect(duration(-5)).toBe("0 secs");
  });

  it("shows 100% only when everything is done", () => {
    expect(percent(0.999)).toBe("99%");
    expect(percent(1)).toBe("100%");
    expect(percent(0.29)).toBe("29%");
  });

  it("groups digits as the region does", () => {
    expect(whole(12_345)).toBe("12,345");
    expect(numbersOf("fr-FR").whole(12_345)).toMatch(/^12\s345$/);
  });
});
