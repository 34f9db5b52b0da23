import { describe, expect, it } from "vitest";
import type { CriticalAlert, ServerMessage } from "../../../live/schemas";
import { afterMessages, storeStatus, type LiveState, useLive } from "./liveStore";

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

it("does not replace a live status by an older one that was loaded", () => {
  const live = { status: "paused", run_id: "r" };
  const message = { type: "status_update", run_id: "r", offset: 1, timestamp: "", status: live };
  useLive.setState(afterMessages(EMPTY, [message as unknown as ServerMessage], 100));
  storeStatus({ status: "training", run_id: "r" } as Parameters<typeof storeStatus>[0], 50);
  expect(useLive.getState().runs.r?.status?.status).toBe("paused");
  storeStatus({ status: "stopped", run_id: "r" } as Parameters<typeof storeStatus>[0], 150);
  expect(useLive.getState().runs.r?.status?.status).toBe("stopped");
});
