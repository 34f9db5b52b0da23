import { describe, expect, it } from "vitest";
import { ServerAddress } from "./address";
import { FakeClock, FakeSocket } from "./fakeSocket";
import { ProjectStream } from "./projectStream";
import { HEARTBEAT_MS } from "./reconnectingSocket";

const PROGRESS = { project_id: "p", status: "training", progress_percentage: 40 };

function started() {
  const clock = new FakeClock();
  const sockets: FakeSocket[] = [];
  const seen: string[] = [];
  const stream = new ProjectStream(
    new ServerAddress(new URL("http://host/prefix/"), "a space"),
    "an id",
    {
      onProgress: ({ status, progress_percentage }) =>
        seen.push(`${status} ${progress_percentage}`),
      onStatus: ({ state }) => seen.push(state),
      onGone: () => seen.push("gone"),
    },
    clock,
    (url) => {
      const socket = new FakeSocket(url);
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
  );
  stream.start();
  const send = (event_type: string, data: object) =>
    sockets.at(-1)?.receive({ event_type, project_id: "p", timestamp: "", data });
  return { clock, sockets, seen, send, stream };
}

describe("ProjectStream", () => {
  it("is live from the first event, in the workspace of the page", () => {
    const { sockets, seen, send } = started();
    expect(sockets[0]?.url.href).toBe(
      "ws://host/prefix/api/v1/ws/projects/an%20id/stream?workspace=a+space",
    );
    send("stage_change", PROGRESS);
    expect(seen).toEqual(["live", "training 40"]);
  });

  it("reads the end of a pipeline from an error, and no progress from a line of the log", () => {
    const { seen, send } = started();
    send("stage_change", PROGRESS);
    send("log", { level: "info", message: "a line" });
    send("pong", {});
    send("error", { ...PROGRESS, status: "failed", error: "no model", error_code: "x" });
    expect(seen).toEqual(["live", "training 40", "failed 40"]);
  });

  it("reconnects after it was closed, and after no answer to a ping", () => {
    const { clock, sockets, seen, send } = started();
    send("stage_change", PROGRESS);
    sockets[0]?.end(1013);
    clock.advance(1_000);
    expect(sockets).toHaveLength(2);
    send("stage_change", PROGRESS);
    clock.advance(3 * HEARTBEAT_MS);
    expect(sockets[1]?.sent[0]).toBe('{"type": "ping"}');
    expect(sockets.length).toBeGreaterThan(2);
    expect(seen).toEqual(["live", "training 40", "lost", "live", "training 40", "lost"]);
  });

  it("ends with a project that is gone", () => {
    const { clock, sockets, seen, send } = started();
    send("error", { error: "no such project", error_code: "PROJECT_NOT_FOUND" });
    expect(sockets[0]?.isClosed).toBe(true);
    clock.advance(60_000);
    expect(sockets).toHaveLength(1);
    expect(seen).toEqual(["gone"]);
  });
});
