import { expect, it } from "vitest";
import { anAlert } from "../dashboard/src/alerts/alertExamples";
import { isSilent } from "./silence";
import { appearanceOf } from "./statusAppearance";

const SILENT = anAlert({ run_id: "r", metric: "heartbeat" });

it("is silent while an alert says so", () => {
  expect(isSilent([anAlert({ run_id: "r" }), SILENT], "r")).toBe(true);
  expect(isSilent([{ ...SILENT, state: "resolved" }], "r")).toBe(false);
  expect(isSilent([SILENT], "another")).toBe(false);
  expect(isSilent([], "r")).toBe(false);
});

it("is not green while it is silent", () => {
  expect(appearanceOf("training", false)).toEqual(["ok", "▶"]);
  expect(appearanceOf("training", true)).toEqual(["warning", "▲"]);
});
