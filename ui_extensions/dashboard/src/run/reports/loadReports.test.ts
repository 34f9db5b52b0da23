import { beforeEach, expect, it, vi } from "vitest";
import { RequestError } from "../../../../live/rest";
import type { JobEntry, RunStatus } from "../../../../live/schemas";
import { rest } from "../../live/session";
import { canBeEvaluated, loadEvaluationJobs, loadReports, shownJobs } from "./loadReports";

vi.mock("../../live/session", () => ({ rest: { get: vi.fn(), list: vi.fn() } }));

const { signal } = new AbortController();

/** MLflow's artifact routes over `files`, a map from paths to contents. */
function serve(files: Readonly<Record<string, unknown>>): void {
  const entriesIn = (folder: string) => {
    const start = folder === "" ? "" : `${folder}/`;
    const below = Object.keys(files).filter((path) => path.startsWith(start));
    const names = new Set(below.map((path) => path.slice(start.length).split("/")[0]));
    return [...names].map((name) => ({
      path: `${start}${name}`,
      is_dir: !(`${start}${name}` in files),
    }));
  };
  vi.mocked(rest.get).mockImplementation((route: string, query = {}) => {
    const path = String(query.path);
    const answer = route === "get-artifact" ? files[path] : { files: entriesIn(path) };
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  });
}

function job(runId: string, scored: string, status: RunStatus): JobEntry {
  return { id: runId, run_id: runId, status, config: { run_id: scored } } as unknown as JobEntry;
}

beforeEach(() => vi.clearAllMocks());

it("lists each report with its scores", async () => {
  serve({
    "checkpoints/best": "",
    "evaluation/test/clinical_report.html": "",
    "evaluation/test/scores.json": { num_images: 9 },
    "evaluation/test_tta/clinical_report.html": "",
    "evaluation/unfinished/scores.json": {},
  });
  const { reports, hasCheckpoints } = await loadReports("r", signal);
  expect(hasCheckpoints).toBe(true);
  expect(reports).toEqual([
    {
      variant: "test",
      page: "evaluation/test/clinical_report.html",
      scores: { numImages: 9, overall: {}, conditions: [] },
    },
    { variant: "test_tta", page: "evaluation/test_tta/clinical_report.html", scores: null },
  ]);
});

it("lists a report whose scores cannot be read, and fails if the server cannot answer", async () => {
  const files = (error: Error) => ({
    "evaluation/test/clinical_report.html": "",
    "evaluation/test/scores.json": error,
  });
  serve(files(new SyntaxError("no JSON")));
  expect((await loadReports("r", signal)).reports[0]?.scores).toBeNull();
  serve(files(new RequestError(0, "UNREACHABLE", "gone")));
  await expect(loadReports("r", signal)).rejects.toThrow("gone");
});

it("asks only once for a run without evaluations", async () => {
  serve({ "model/MLmodel": "" });
  expect(await loadReports("r", signal)).toEqual({ reports: [], hasCheckpoints: false });
  expect(rest.get).toHaveBeenCalledTimes(1);
});

it("finds the evaluation jobs of one run", async () => {
  const jobs = [job("a", "r", "training"), job("b", "other", "training")];
  vi.mocked(rest.list).mockResolvedValue({ entries: jobs, total: 2 });
  expect(await loadEvaluationJobs("r", signal)).toEqual([jobs[0]]);
});

it("shows the jobs that run, and a failed one until a newer one has ended", () => {
  const shown = (...statuses: RunStatus[]) =>
    shownJobs(statuses.map((status, index) => job(String(index), "r", status))).map(
      ({ status }) => status,
    );
  expect(shown("training", "pending", "error")).toEqual(["training", "pending"]);
  expect(shown("error", "error", "completed")).toEqual(["error"]);
  expect(shown("completed", "error")).toEqual([]);
});

it("offers to evaluate a run that has ended with a model", () => {
  expect(canBeEvaluated({ status: "completed", deleted: false }, true)).toBe(true);
  expect(canBeEvaluated({ status: "stopped", deleted: false }, true)).toBe(true);
  expect(canBeEvaluated({ status: "training", deleted: false }, true)).toBe(false);
  expect(canBeEvaluated({ status: "completed", deleted: false }, false)).toBe(false);
  expect(canBeEvaluated({ status: "completed", deleted: true }, true)).toBe(false);
});
