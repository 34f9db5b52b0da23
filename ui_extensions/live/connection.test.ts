import { describe, expect, it } from "vitest";
import { ServerAddress } from "./address";
import { type ConnectionStatus, LiveConnection } from "./connection";
import { FakeClock, FakeSocket } from "./fakeSocket";
import { HEARTBEAT_MS } from "./reconnectingSocket";

function setUp() {
  const sockets: FakeSocket[] = [];
  const links: ConnectionStatus[] = [];
  const offsets: number[] = [];
  let gaps = 0;
  const clock = new FakeClock();
  const address = new ServerAddress(new URL("https://host/prefix/"));
  const connection = new LiveConnection(
    address,
    {
      onMessage: (message) => offsets.push(message.offset),
      onStatus: (link) => links.push(link),
      onGap: () => {
        gaps += 1;
      },
    },
    null,
    clock,
    (url) => {
      const socket = new FakeSocket(url);
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
  );
  connection.start();
  const newest = (): FakeSocket => sockets.at(-1) as FakeSocket;
  const begin = (recovered: boolean | null, offset: number, epoch = "e1"): void =>
    newest().receive({ type: "initial_state", run_id: null, epoch, offset, recovered });
  return { clock, connection, sockets, links, offsets, newest, begin, gaps: () => gaps };
}

describe("a connection", () => {
  it("connects below the server's prefix, and is live after the first state", () => {
    const { newest, begin, links } = setUp();
    expect(newest().url.href).toBe("wss://host/prefix/ws");
    begin(null, 10);
    expect(links.map(({ state }) => state)).toEqual(["live"]);
  });

  it("resumes after the last message received, without a gap", () => {
    const { clock, newest, begin, links, sockets, gaps } = setUp();
    begin(null, 10);
    newest().receive({ type: "status_update", run_id: "r", offset: 14 });
    newest().end();
    expect(links.at(-1)?.state).toBe("lost");
    clock.advance(1_000);
    expect(sockets).toHaveLength(2);
    expect(newest().url.searchParams.get("since")).toBe("e1:14");
    begin(true, 14);
    expect(links.at(-1)?.state).toBe("live");
    expect(gaps()).toBe(0);
  });

  it("reports a gap if the server cannot resume", () => {
    const { clock, newest, begin, gaps } = setUp();
    begin(null, 10);
    newest().end();
    clock.advance(1_000);
    begin(false, 2, "e2");
    expect(gaps()).toBe(1);
    newest().end();
    clock.advance(1_000);
    expect(newest().url.searchParams.get("since")).toBe("e2:2");
  });

  it("is lost if the server does not answer a ping", () => {
    const { clock, newest, begin, links, sockets } = setUp();
    begin(null, 10);
    clock.advance(HEARTBEAT_MS);
    expect(newest().sent).toEqual(['{"type": "ping"}']);
    newest().receive({ type: "pong", run_id: null, offset: 10 });
    clock.advance(HEARTBEAT_MS);
    expect(links.at(-1)?.state).toBe("live");
    clock.advance(HEARTBEAT_MS);
    expect(links.at(-1)?.state).toBe("lost");
    expect(sockets[0]?.isClosed).toBe(true);
  });

  it("retries after a handshake without an answer", () => {
    const { clock, links, sockets } = setUp();
    clock.advance(3 * HEARTBEAT_MS);
    expect(links.at(-1)?.state).toBe("lost");
    expect(sockets.length).toBeGreaterThan(1);
  });

  it("keeps the time at which it was lost through all retries", () => {
    const { clock, newest, begin, links } = setUp();
    begin(null, 10);
    clock.advance(2_000);
    newest().end();
    const { sinceMs } = links.at(-1) as ConnectionStatus;
    for (let attempt = 0; attempt < 5; attempt += 1) {
      clock.advance(20_000);
      newest().end(1006, `attempt ${attempt}`);
    }
    expect(links.at(-1)?.sinceMs).toBe(sinceMs);
  });

  it("waits longer after each attempt, up to a limit", () => {
    const { clock, newest, sockets } = setUp();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 12; attempt += 1) {
      newest().end();
      const [numBefore, before] = [sockets.length, clock.now];
      while (sockets.length === numBefore) {
        clock.advance(10);
      }
      waits.push(clock.now - before);
    }
    expect(waits[0]).toBeLessThanOrEqual(260);
    expect(Math.min(...waits.slice(-4))).toBeGreaterThan(7_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(15_010);
  });

  it("is refused if the server rejects the page", () => {
    const { newest, links } = setUp();
    newest().end(4403, "the Origin is none of the server's");
    expect(links.at(-1)).toMatchObject({
      state: "refused",
      reason: "the Origin is none of the server's",
    });
  });

  it("reconnects at once when asked to", () => {
    const { newest, connection, sockets } = setUp();
    newest().end();
    connection.checkNow();
    expect(sockets).toHaveLength(2);
  });

  it("ignores a socket that it has replaced", () => {
    const { clock, newest, begin, sockets, offsets } = setUp();
    begin(null, 10);
    const first = newest();
    first.end();
    clock.advance(1_000);
    begin(true, 10);
    first.receive({ type: "status_update", run_id: "r", offset: 99 });
    first.end();
    expect(offsets).toEqual([10, 10]);
    expect(sockets).toHaveLength(2);
  });

  it("does not reconnect after it is closed", () => {
    const { clock, connection, newest, begin, sockets } = setUp();
    begin(null, 10);
    connection.close();
    clock.advance(60_000);
    expect(newest().isClosed).toBe(true);
    expect(sockets).toHaveLength(1);
  });
});
