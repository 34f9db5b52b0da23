import { describe, expect, it } from "vitest";
import { formatsOf } from "./formatting";
import { choiceOf } from "./languageChoice";

const english = formatsOf("en-GB");
const french = formatsOf("fr-FR");

describe("formats", () => {
  it("write a metric with four significant digits", () => {
    expect(english.metric(0.123456)).toBe("0.1235");
    expect(english.metric(0.0000123)).toBe("1.23E-5");
    expect(english.metric(0)).toBe("0");
    expect(english.metric(Number.NaN)).toBe("NaN");
    expect(english.metric(null)).toBe("–");
    expect(french.metric(0.5)).toBe("0,5");
  });

  it("write a duration in two units", () => {
    expect(english.duration(3_725)).toBe("1 hr 2 mins");
    expect(english.duration(59.6)).toBe("1 min");
    expect(english.duration(0)).toBe("0 secs");
    expect(english.duration(90_000)).toBe("1 day 1 hr");
    expect(english.duration(null)).toBe("–");
  });

  it("say how long ago something was", () => {
    expect(english.ago(0, 125_000)).toBe("2 minutes ago");
    expect(french.ago(0, 3_600_000)).toBe("il y a 1 heure");
  });
});

describe("any number", () => {
  const EXTREME = [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    Number.MIN_VALUE,
    1e15,
    1e20,
    1.782e18,
    -1,
    0,
  ];

  it.each(EXTREME)("is written in a few characters: %d", (number) => {
    for (const formats of [english, french]) {
      for (const text of [
        formats.metric(number),
        formats.whole(number),
        formats.percent(number),
        formats.duration(number),
        formats.ago(number, Date.now()),
        formats.ago(0, number),
        formats.date(number),
        formats.clock(number),
        formats.day(number),
        formats.bytes(number),
      ]) {
        expect(text.length).toBeGreaterThan(0);
        expect(text.length).toBeLessThan(40);
      }
    }
  });

  it("that is no time has no date", () => {
    expect(english.date(1e20)).toBe("–");
    expect(english.clock("no time")).toBe("–");
    expect(english.ago(Number.NaN, 0)).toBe("–");
  });
});

describe("the language", () => {
  it("is the browser's first available language, unless another was chosen", () => {
    expect(choiceOf(null, ["de-DE", "fr-CA", "en"])).toEqual({ language: "fr", locale: "fr-CA" });
    expect(choiceOf("en", ["fr-FR"])).toEqual({ language: "en", locale: "en" });
    expect(choiceOf("xx", [])).toEqual({ language: "en", locale: "en" });
  });
});
