import { describe, expect, it } from "vitest";
import { isSamePage, mlflowPageOf } from "./mlflowPage";

const RUN = "070373e3b6b3452393417ccc3d5369ad";

describe("mlflowPageOf", () => {
  it.each([
    [`#/experiments/1/runs/${RUN}`],
    [`#/experiments/1/runs/${RUN}/`],
    [`#/experiments/1/runs/${RUN}/model-metrics`],
    [`#/experiments/1/runs/${RUN}/artifacts/model/MLmodel`],
    [`#/experiments/1/runs/${RUN}?o=1`],
    [`#/experiments/1/evaluation-runs/${RUN}`],
  ])("%s is a run's page", (hash) => {
    expect(mlflowPageOf(hash)).toEqual({ page: "run", runId: RUN, workspace: null });
  });

  it.each([
    ["#/experiments/12", "12"],
    ["#/experiments/12/runs", "12"],
    ["#/experiments/12/runs/", "12"],
    ["#/experiments/12/runs?searchFilter=a%2Fruns%2Fb&x=?", "12"],
    ["#/experiments/12/models", "12"],
    ["#/experiments/12/evaluation-runs", "12"],
    ["#/compare-experiments/s?experiments=%5B%221%22%5D", null],
  ])("%s lists runs", (hash, experimentId) => {
    expect(mlflowPageOf(hash)).toEqual({ page: "runs", experimentId, workspace: null });
  });

  it.each([[""], ["#"], ["#/"], ["#/experiments"], ["#/models/x"], ["#/compare-runs?runs=[]"]])(
    "%s is neither",
    (hash) => {
      expect(mlflowPageOf(hash)).toEqual({ page: "other" });
    },
  );

  it("reads the workspace", () => {
    const hash = `#/experiments/1/runs/${RUN}/artifacts?workspace=eye%20ward`;
    expect(mlflowPageOf(hash)).toEqual({ page: "run", runId: RUN, workspace: "eye ward" });
    expect(mlflowPageOf("#/experiments/1?q=a?b&workspace=c")).toMatchObject({ workspace: "c" });
    expect(mlflowPageOf("#/experiments/1?workspace=")).toMatchObject({ workspace: null });
  });

  it("ignores an invalid run id", () => {
    for (const id of ['"]{}', "a%2Fb", "..", "x".repeat(65), "<b>"]) {
      expect(mlflowPageOf(`#/experiments/1/runs/${id}`).page).toBe("runs");
    }
  });
});

describe("isSamePage", () => {
  it("is true between the tabs of one run", () => {
    const run = mlflowPageOf(`#/experiments/1/runs/${RUN}`);
    expect(isSamePage(run, mlflowPageOf(`#/experiments/1/runs/${RUN}/artifacts`))).toBe(true);
    expect(isSamePage(run, mlflowPageOf("#/experiments/1/runs/other"))).toBe(false);
    expect(isSamePage(run, mlflowPageOf(`#/experiments/1/runs/${RUN}?workspace=a`))).toBe(false);
  });
});
