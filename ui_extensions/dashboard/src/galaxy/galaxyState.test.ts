import { describe, expect, it } from "vitest";
import type { ConnectionState } from "../../../live/reconnectingSocket";
import { progressOf, projectOf } from "./galaxyExample";
import { changesBetween, followed, matching, MOST_FOLLOWED, withProgress } from "./galaxyState";

const RUNNING = { status: "training", current_stage: "model_selection" } as const;

describe("live progress", () => {
  it("is shown of the run that the answer has", () => {
    const shown = withProgress(projectOf("a", RUNNING), progressOf("a"));
    expect([shown.current_stage, shown.progress_percentage]).toEqual(["model_training", 60]);
  });

  it("of an earlier run is not shown", () => {
    const project = projectOf("a", { ...RUNNING, run_id: "a new run" });
    expect(withProgress(project, progressOf("a"))).toBe(project);
  });

  it("that is older than the end in the answer is not shown", () => {
    const project = projectOf("a");
    expect(withProgress(project, progressOf("a"))).toBe(project);
  });
});

it("follows only what runs, and a bounded number of it", () => {
  const running = Array.from({ length: 20 }, (_, at) => projectOf(`r${at}`, RUNNING));
  const others = [projectOf("done"), projectOf("asks", { ...RUNNING, has_question: true })];
  const ids = followed([...others, ...running]);
  expect(ids).toHaveLength(MOST_FOLLOWED);
  expect(ids[0]).toBe("r0");
});

describe("changes", () => {
  const kinds = (...args: Parameters<typeof changesBetween>) =>
    changesBetween(...args).map(({ kind, project }) => `${kind} ${project.project_id}`);

  it("are new and deleted projects, stages, questions and ends", () => {
    const before = [projectOf("a", RUNNING), projectOf("b", RUNNING), projectOf("c", RUNNING)];
    const after = [
      projectOf("d"),
      projectOf("a", { ...RUNNING, current_stage: "model_training" }),
      projectOf("b", { status: "failed" }),
    ];
    expect(kinds(before, after)).toEqual(["new d", "stage a", "status b", "gone c"]);
    expect(kinds([projectOf("a", RUNNING)], [projectOf("a", { has_question: true })])).toEqual([
      "question a",
    ]);
  });

  it("are none when only the percentage has changed", () => {
    const later = projectOf("a", { ...RUNNING, progress_percentage: 51 });
    expect(kinds([projectOf("a", RUNNING)], [later])).toEqual([]);
  });
});

describe("the search", () => {
  const names = [
    "Été à Paris 🪐",
    "مشروع المرضى",
    "<b>bold</b>",
    "x".repeat(500),
    "paris in winter",
  ];
  const projects = names.map((project_name, at) => projectOf(`id${at}`, { project_name }));
  const found = (text: string) => matching(projects, text).map(({ project_id }) => project_id);

  it("finds all words without regard to case and accents", () => {
    expect(found("PARIS ete")).toEqual(["id0"]);
    expect(found("🪐")).toEqual(["id0"]);
    expect(found("المرضى")).toEqual(["id1"]);
    expect(found("<B>")).toEqual(["id2"]);
    expect(found("xxx")).toEqual(["id3"]);
    expect(found("nothing")).toEqual([]);
  });

  it("of nothing finds everything", () => {
    expect(found("  ")).toHaveLength(names.length);
  });
});

describe("the sockets of projects", async () => {
  // The module asks for the page's address, which a test does not have.
  Object.assign(globalThis, {
    document: { baseURI: "http://test/monitor/", addEventListener() {} },
    location: new URL("http://test/monitor/"),
    window: { addEventListener() {} },
  });
  const { ProjectSockets } = await import("./projectSockets");

  it("are opened and closed as the set changes, and tell of a lost one", () => {
    const open = new Map<string, { state(state: ConnectionState): void; gone(): void }>();
    const log: string[] = [];
    const lost: boolean[] = [];
    const sockets = new ProjectSockets(
      {
        onProgress: () => undefined,
        onGone: (id) => log.push(`gone ${id}`),
        onLost: (isLost) => lost.push(isLost),
      },
      (id, listener) => {
        open.set(id, { state: listener.onState, gone: listener.onGone });
        return {
          start: () => log.push(`start ${id}`),
          close: () => log.push(`close ${id}`),
          checkNow: () => undefined,
        };
      },
    );
    sockets.follow(["a", "b"]);
    sockets.follow(["b", "c"]);
    expect(log).toEqual(["start a", "start b", "close a", "start c"]);
    open.get("b")?.state("lost");
    expect(lost.at(-1)).toBe(true);
    open.get("b")?.state("live");
    expect(lost.at(-1)).toBe(false);
    open.get("c")?.state("refused");
    open.get("c")?.gone();
    expect(log.slice(4)).toEqual(["close c", "gone c"]);
    expect(lost.at(-1)).toBe(false);
  });
});
