import { describe, expect, it } from "vitest";
import type { CriticalAlert, LatestMetrics, ServerMessage } from "../../../live/schemas";
import {
  afterGap,
  afterMessages,
  loadMetrics,
  storeStatus,
  type LiveState,
  useLive,
} from "./liveStore";

const EMPTY: LiveState = useLive.getInitialState();

function alertMessage(changed: Partial<CriticalAlert>): ServerMessage {
  const alert = {
    alert_id: "a",
    run_id: "r",
    state: "firing",
    level: "critical",
    acknowledged_by: null,
    timestamp: "2026-01-01T00:00:00Z",
    ...changed,
  } as CriticalAlert;
  return { type: "critical_alert", run_id: "r", offset: 1, timestamp: "", alert };
}

function metricsMessage(runId: string, step: number): ServerMessage {
  return {
    type: "metrics_update",
    run_id: runId,
    offset: step,
    timestamp: "",
    epoch: null,
    batch: null,
    total_batches: null,
    step,
    metrics: { other: { step } },
    points: [],
    previous: null,
    system: null,
  } as unknown as ServerMessage;
}

describe("the state after messages", () => {
  it("has the newest metrics of each run, and does not change other runs", () => {
    const first = afterMessages(EMPTY, [metricsMessage("r", 1), metricsMessage("s", 1)], 10);
    const second = afterMessages(first, [metricsMessage("r", 2)], 20);
    expect(second.runs.r).toMatchObject({ step: 2, lastMessageMs: 20 });
    expect(second.runs.s).toBe(first.runs.s);
  });

  it("keeps a limited number of runs: those with the newest messages", () => {
    let state = EMPTY;
    for (let run = 0; run < 600; run += 1) {
      state = afterMessages(state, [metricsMessage(`r${run}`, 1)], run);
    }
    expect(Object.keys(state.runs)).toHaveLength(500);
    expect(state.runs.r599).toBeDefined();
    expect(state.runs.r0).toBeUndefined();
  });
});

describe("a critical alert", () => {
  it("is unseen from when it becomes critical until it ends or is acknowledged", () => {
    const warned = afterMessages(EMPTY, [alertMessage({ level: "warning" })], 0);
    expect(warned.unseen).toEqual([]);
    const raised = afterMessages(warned, [alertMessage({})], 0);
    expect(raised.unseen).toEqual(["a"]);
    expect(afterMessages(raised, [alertMessage({})], 0).unseen).toEqual(["a"]);
    expect(afterMessages(raised, [alertMessage({ state: "resolved" })], 0).unseen).toEqual([]);
    expect(afterMessages(raised, [alertMessage({ acknowledged_by: "ada" })], 0).unseen).toEqual([]);
  });

  it("that was seen stays seen when it changes", () => {
    const raised = afterMessages(EMPTY, [alertMessage({})], 0);
    const seen = { ...raised, unseen: [] };
    expect(afterMessages(seen, [alertMessage({ step: 9 })], 0).unseen).toEqual([]);
  });
});

describe("the metrics of a run", () => {
  const read = {
    run_id: "r",
    other: { a: 1, step: 0 },
    not_finite: {},
  } as unknown as LatestMetrics;
  const other = () => useLive.getState().runs.r?.metrics?.other;
  const receive = (step: number) =>
    useLive.setState((state) => afterMessages(state, [metricsMessage("r", step)], 1));

  it("have what was received live while they were loaded", async () => {
    useLive.setState(EMPTY);
    receive(1);
    await loadMetrics("r", () => {
      receive(2);
      return Promise.resolve(read);
    });
    expect(other()).toEqual({ a: 1, step: 2 });
  });

  it("are those of the server where nothing was received in the meantime", async () => {
    useLive.setState(EMPTY);
    receive(5);
    await loadMetrics("r", () => Promise.resolve(read));
    expect(other()).toEqual({ a: 1, step: 0 });
  });

  it("come in pages, and grow with each update", () => {
    const state = { type: "initial_state", run_id: "r", offset: 1, timestamp: "", status: {} };
    const page = { type: "initial_state_page", run_id: "r", offset: 1, timestamp: "" };
    const messages = [
      { ...state, metrics: { other: { a: 1 } } },
      { ...page, metrics: { other: { b: 2 } } },
    ] as unknown as ServerMessage[];
    const after = afterMessages(EMPTY, [...messages, metricsMessage("r", 3)], 1);
    expect(after.runs.r?.metrics?.other).toEqual({ a: 1, b: 2, step: 3 });
  });

  it("are outdated after a gap, until the next update", () => {
    const before = afterMessages(EMPTY, [metricsMessage("r", 1)], 1);
    const outdated = { ...before, ...afterGap(before) };
    expect(outdated.runs.r?.isOutdated).toBe(true);
    expect(afterMessages(outdated, [metricsMessage("r", 2)], 1).runs.r?.isOutdated).toBe(false);
  });
});

it("does not replace a live status by an older one that was loaded", () => {
  const live = { status: "paused", run_id: "r" };
  const message = { type: "status_update", run_id: "r", offset: 1, timestamp: "", status: live };
  useLive.setState(afterMessages(EMPTY, [message as unknown as ServerMessage], 100));
  storeStatus({ status: "training", run_id: "r" } as Parameters<typeof storeStatus>[0], 50);
  expect(useLive.getState().runs.r?.status?.status).toBe("paused");
  storeStatus({ status: "stopped", run_id: "r" } as Parameters<typeof storeStatus>[0], 150);
  expect(useLive.getState().runs.r?.status?.status).toBe("stopped");
});
