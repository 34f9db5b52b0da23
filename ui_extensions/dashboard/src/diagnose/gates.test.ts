import { expect, it } from "vitest";
import { aResult } from "./diagnosisExample";
import { gatesOf, isJudged, levelTone } from "./gates";

const { quality, modality, out_of_distribution: distribution } = aResult();

it("passes an image that each gate lets through", () => {
  const passed = { quality: "passed", modality: "passed", distribution: "passed" };
  expect(gatesOf(aResult())).toEqual(passed);
});

it("names each gate that an image fails", () => {
  const failed = aResult({
    quality: { ...quality!, gradable: false },
    modality: { ...modality!, modality: "other" },
    out_of_distribution: { ...distribution!, is_outside: true },
  });
  expect(Object.values(gatesOf(failed))).toEqual(["failed", "failed", "failed"]);
});

it("takes what is not known for neither passed nor failed", () => {
  const nothing = aResult({ quality: null, modality: null, out_of_distribution: null });
  expect(Object.values(gatesOf(nothing))).toEqual(["unknown", "unknown", "unknown"]);
  const unsure = aResult({ modality: { ...modality!, modality: "unknown" } });
  expect(gatesOf(unsure).modality).toBe("unknown");
});

it("never shows an unknown risk as a low one", () => {
  expect(levelTone("low")).toBe("ok");
  expect(levelTone("critical")).toBe("critical");
  expect(["unknown", "", "toString"].map(levelTone)).toEqual(["stale", "stale", "stale"]);
});

it("keeps the urgency of an abstention that a low confidence alone has caused", () => {
  const { risk } = aResult();
  expect(isJudged(aResult())).toBe(true);
  expect(isJudged(aResult({ abstained: true }))).toBe(true);
  expect(isJudged(aResult({ abstained: true, risk: { ...risk, level: "unknown" } }))).toBe(false);
});
