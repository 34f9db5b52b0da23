import { describe, expect, it } from "vitest";
import { runStatusIn, STAGES, stageState } from "./projectStatus";

describe("stageState", () => {
  const states = (current: (typeof STAGES)[number], status: "training" | "failed" | "completed") =>
    STAGES.map((stage) => stageState(stage, current, status)).join(" ");

  it("tells what is done, what runs and what is to come", () => {
    expect(states("data_processing", "training")).toBe(
      "done done now ahead ahead ahead ahead ahead",
    );
  });

  it("shows the stage at which a pipeline has failed", () => {
    expect(states("data_analysis", "failed")).toBe(
      "done stopped ahead ahead ahead ahead ahead ahead",
    );
  });

  it("has all done once the model is ready", () => {
    expect(new Set(states("model_deployment", "completed").split(" "))).toEqual(new Set(["done"]));
  });
});

it("takes only a text for the status of a run", () => {
  expect(runStatusIn({ run_status: "training" })).toBe("training");
  expect(runStatusIn({ run_status: null })).toBeNull();
  expect(runStatusIn(null)).toBeNull();
});
