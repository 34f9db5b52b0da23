import { describe, expect, it } from "vitest";
import { RequestError } from "../live/rest";
import { shareDone } from "../live/runStatus";
import type {
  ControlResponse,
  CriticalAlert,
  RunStatus,
  ServerMessage,
  TrainingStatus,
} from "../live/schemas";
import {
  afterMessage,
  type Command,
  isStale,
  newCriticalAlerts,
  openAlerts,
  outcomeOf,
  type RunState,
  toggleAction,
  whyNot,
  withAlerts,
  withOpenAlerts,
} from "./runState";

function statusOf(status: RunStatus, more: Partial<TrainingStatus> = {}): TrainingStatus {
  return {
    status,
    message: "",
    run_id: "r",
    run_name: "",
    experiment_id: "0",
    mlflow_status: "RUNNING",
    deleted: false,
    epoch: null,
    total_epochs: null,
    batch: null,
    total_batches: null,
    step: null,
    elapsed_time: null,
    eta_seconds: null,
    current_image: null,
    alert: null,
    threshold_problem: null,
    ...more,
  };
}

function stateOf(status: RunStatus, more: Partial<RunState> = {}): RunState {
  return {
    status: statusOf(status),
    connection: { state: "live", sinceMs: 0, reason: "" },
    alerts: {},
    command: null,
    ...more,
  };
}

function alertOf(id: string, more: Partial<CriticalAlert> = {}): CriticalAlert {
  return {
    alert_id: id,
    level: "warning",
    state: "firing",
    timestamp: "2026-01-01T00:00:00Z",
    ...more,
  } as CriticalAlert;
}

function statusUpdate(status: RunStatus): ServerMessage {
  const where = { run_id: "r", offset: 1, timestamp: "2026-01-01T00:00:00Z" };
  return { ...where, type: "status_update", status: statusOf(status) };
}

function answered(answer: Partial<ControlResponse>): Command {
  return { action: "pause", answer: { status: "success", ...answer } as ControlResponse };
}

function ids(alerts: readonly CriticalAlert[]): string[] {
  return alerts.map((alert) => alert.alert_id);
}

describe("alerts", () => {
  it("are sorted by level, then by time", () => {
    const state = withAlerts(stateOf("training"), [
      alertOf("old"),
      alertOf("new", { timestamp: "2026-01-02T00:00:00Z" }),
      alertOf("worst", { level: "critical" }),
      alertOf("over", { state: "resolved", level: "critical" }),
    ]);

    expect(ids(openAlerts(state))).toEqual(["worst", "new", "old"]);
  });

  it("received live are not replaced by older ones that are loaded", () => {
    const ended = alertOf("a", { state: "resolved", timestamp: "2026-01-02T00:00:00Z" });
    const state = withAlerts(withAlerts(stateOf("training"), [ended]), [alertOf("a")]);

    expect(openAlerts(state)).toEqual([]);
  });

  it("that ended while disconnected are dropped after a reload", () => {
    const before = withAlerts(stateOf("training"), [alertOf("ended"), alertOf("goes on")]);
    const meanwhile = withAlerts(before, [alertOf("new")]);

    const state = withOpenAlerts(meanwhile, [alertOf("goes on"), alertOf("missed")], before);

    expect(ids(openAlerts(state)).sort()).toEqual(["goes on", "missed", "new"]);
  });

  it("are announced when they become critical", () => {
    const before = withAlerts(stateOf("training"), [
      alertOf("a", { level: "critical" }),
      alertOf("b"),
    ]);
    const after = withAlerts(before, [alertOf("b", { level: "critical" }), alertOf("c")]);

    expect(ids(newCriticalAlerts(before, after))).toEqual(["b"]);
  });
});

describe("isStale", () => {
  const lost = { state: "lost", sinceMs: 0, reason: "" } as const;

  it("is true for a live run without a connection", () => {
    expect(isStale(stateOf("training", { connection: lost }))).toBe(true);
    expect(isStale(stateOf("training", { connection: { ...lost, state: "refused" } }))).toBe(true);
  });

  it("is false with a connection, and for a run that has ended", () => {
    expect(isStale(stateOf("training"))).toBe(false);
    expect(isStale(stateOf("completed", { connection: lost }))).toBe(false);
  });
});

describe("shareDone", () => {
  const whole = { total_epochs: 4, total_batches: 25 };

  it("is the share of steps that are done", () => {
    expect(shareDone(statusOf("training", { ...whole, step: 25 }))).toBe(0.25);
    expect(shareDone(statusOf("training", { ...whole, step: 0 }))).toBe(0);
    expect(shareDone(statusOf("training", { ...whole, step: 400 }))).toBe(1);
    expect(shareDone(statusOf("completed"))).toBe(1);
  });

  it("is unknown if the run's length is", () => {
    expect(shareDone(statusOf("training", { step: 25 }))).toBeNull();
    expect(shareDone(statusOf("training", { ...whole, total_epochs: 0, step: 25 }))).toBeNull();
    expect(shareDone(statusOf("training", whole))).toBeNull();
  });
});

describe("whyNot", () => {
  it.each([
    ["training", "pause", "pause"],
    ["pending", "pause", "pause"],
    ["pausing", "resume", "resume"],
    ["paused", "resume", "resume"],
  ] as const)("while %s the first button is to %s", (status, action, allowed) => {
    expect(toggleAction(status)).toBe(action);
    expect(whyNot(stateOf(status), allowed)).toBeNull();
    expect(whyNot(stateOf(status), "stop")).toBeNull();
  });

  it.each(["stopping", "stopped", "completed", "error", "idle"] as const)(
    "nothing is possible while %s",
    (status) => {
      for (const action of ["pause", "resume", "stop"] as const) {
        expect(whyNot(stateOf(status), action)).toBe("status");
      }
    },
  );

  it("a pending command cannot be repeated, but another one can be sent", () => {
    const pausing = stateOf("training", { command: { action: "pause" } });
    expect(whyNot(pausing, "pause")).toBe("pending");
    expect(whyNot(pausing, "stop")).toBeNull();
    expect(whyNot(stateOf("pausing", { command: { action: "pause" } }), "resume")).toBeNull();
    expect(whyNot(stateOf("training", { command: { action: "stop" } }), "stop")).toBe("pending");
    const settled = { command: answered({ training_status: "paused" }) };
    expect(whyNot(stateOf("paused", settled), "resume")).toBeNull();
  });

  it("nothing is possible with a deleted run, or without permission", () => {
    const deleted = stateOf("training", { status: statusOf("training", { deleted: true }) });
    expect(whyNot(deleted, "stop")).toBe("deleted");
    const error = new RequestError(403, "FORBIDDEN", "no");
    expect(whyNot(stateOf("training", { command: { action: "pause", error } }), "stop")).toBe(
      "forbidden",
    );
  });
});

describe("outcomeOf", () => {
  it("is done only after every rank has acknowledged", () => {
    expect(outcomeOf({ action: "stop" })).toBe("sent");
    expect(outcomeOf(answered({ acknowledged: true }))).toBe("done");
    expect(outcomeOf(answered({ acknowledged: false }))).toBe("unanswered");
    expect(outcomeOf(answered({ status: "error", acknowledged: false }))).toBe("failed");
  });

  it("distinguishes kinds of errors", () => {
    const of = (status: number) =>
      outcomeOf({ action: "stop", error: new RequestError(status, "", "") });
    expect([0, 403, 404, 409, 503].map(of)).toEqual([
      "unreachable",
      "forbidden",
      "failed",
      "failed",
      "failed",
    ]);
  });
});

describe("an outcome", () => {
  function commandAfter(...statuses: RunStatus[]): Command | null {
    const command = answered({ training_status: "paused", acknowledged: true });
    return statuses.map(statusUpdate).reduce(afterMessage, stateOf("training", { command }))
      .command;
  }

  it("is shown until the run reaches its status, and while the status lasts", () => {
    expect(commandAfter()).not.toBeNull();
    expect(commandAfter("training", "pausing")).not.toBeNull();
    expect(commandAfter("pausing", "paused", "paused")).not.toBeNull();
  });

  it("is not shown after the run has left the status", () => {
    expect(commandAfter("paused", "resuming")).toBeNull();
  });

  it("that is not known yet stays pending", () => {
    const command: Command = { action: "pause" };
    const state = afterMessage(stateOf("training", { command }), statusUpdate("pausing"));
    expect(state.command).toBe(command);
    expect(state.status?.status).toBe("pausing");
  });
});
