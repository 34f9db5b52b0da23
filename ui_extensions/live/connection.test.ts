import { describe, expect, it } from "vitest";
import { ServerAddress } from "./address";
import { type Clock, HEARTBEAT_MS, type ConnectionStatus, LiveConnection } from "./connection";

class FakeSocket {
  static readonly OPEN = 1;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readyState = FakeSocket.OPEN;
  sent: string[] = [];
  isClosed = false;

  constructor(readonly url: URL) {}

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.isClosed = true;
  }

  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  end(code = 1006, reason = ""): void {
    this.onclose?.({ code, reason });
  }
}

Object.assign(globalThis, { WebSocket: FakeSocket });

class FakeClock implements Clock {
  now = 0;
  private readonly due = new Map<number, { at: number; call: () => void }>();
  private next = 0;

  nowMs(): number {
    return this.now;
  }

  after(delayMs: number, call: () => void): () => void {
    const id = this.next;
    this.next += 1;
    this.due.set(id, { at: this.now + delayMs, call });
    return () => this.due.delete(id);
  }

  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const [first] = [...this.due]
        .filter(([, { at }]) => at <= end)
        .sort((a, b) => a[1].at - b[1].at);
      if (!first) {
        this.now = end;
        return;
      }
      this.due.delete(first[0]);
      this.now = first[1].at;
      first[1].call();
    }
  }
}

function stage() {
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
    newest().say({ type: "initial_state", run_id: null, epoch, offset, recovered });
  return { clock, connection, sockets, links, offsets, newest, begin, gaps: () => gaps };
}

describe("a connection", () => {
  it("asks below the server's prefix, and is live with the first state", () => {
    const { newest, begin, links } = stage();
    expect(newest().url.href).toBe("wss://host/prefix/ws");
    begin(null, 10);
    expect(links.map(({ state }) => state)).toEqual(["live"]);
  });

  it("goes on behind the last message that it saw, without a gap", () => {
    const { clock, newest, begin, links, sockets, gaps } = stage();
    begin(null, 10);
    newest().say({ type: "status_update", run_id: "r", offset: 14 });
    newest().end();
    expect(links.at(-1)?.state).toBe("lost");
    clock.pass(1_000);
    expect(sockets).toHaveLength(2);
    expect(newest().url.searchParams.get("since")).toBe("e1:14");
    begin(true, 14);
    expect(links.at(-1)?.state).toBe("live");
    expect(gaps()).toBe(0);
  });

  it("says that something is missing where the server cannot go on", () => {
    const { clock, newest, begin, gaps } = stage();
    begin(null, 10);
    newest().end();
    clock.pass(1_000);
    begin(false, 2, "e2");
    expect(gaps()).toBe(1);
    newest().end();
    clock.pass(1_000);
    expect(newest().url.searchParams.get("since")).toBe("e2:2");
  });

  it("takes a server that does not answer a ping for lost", () => {
    const { clock, newest, begin, links, sockets } = stage();
    begin(null, 10);
    clock.pass(HEARTBEAT_MS);
    expect(newest().sent).toEqual(['{"type": "ping"}']);
    newest().say({ type: "pong", run_id: null, offset: 10 });
    clock.pass(HEARTBEAT_MS);
    expect(links.at(-1)?.state).toBe("live");
    clock.pass(HEARTBEAT_MS);
    expect(links.at(-1)?.state).toBe("lost");
    expect(sockets[0]?.isClosed).toBe(true);
  });

  it("gives up a handshake that nobody answers, and tries again", () => {
    const { clock, links, sockets } = stage();
    clock.pass(3 * HEARTBEAT_MS);
    expect(links.at(-1)?.state).toBe("lost");
    expect(sockets.length).toBeGreaterThan(1);
  });

  it("says since when it is lost, however often it tries", () => {
    const { clock, newest, begin, links } = stage();
    begin(null, 10);
    clock.pass(2_000);
    newest().end();
    const { sinceMs } = links.at(-1) as ConnectionStatus;
    for (let attempt = 0; attempt < 5; attempt += 1) {
      clock.pass(20_000);
      newest().end(1006, `attempt ${attempt}`);
    }
    expect(links.at(-1)?.sinceMs).toBe(sinceMs);
  });

  it("waits longer from attempt to attempt, but not for ever", () => {
    const { clock, newest, sockets } = stage();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 12; attempt += 1) {
      newest().end();
      const [numBefore, before] = [sockets.length, clock.now];
      while (sockets.length === numBefore) {
        clock.pass(10);
      }
      waits.push(clock.now - before);
    }
    expect(waits[0]).toBeLessThanOrEqual(260);
    expect(Math.min(...waits.slice(-4))).toBeGreaterThan(7_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(15_010);
  });

  it("says refused where the server lets nobody in", () => {
    const { newest, links } = stage();
    newest().end(4403, "the Origin is none of the server's");
    expect(links.at(-1)).toMatchObject({
      state: "refused",
      reason: "the Origin is none of the server's",
    });
  });

  it("tries at once when the network is back", () => {
    const { newest, connection, sockets } = stage();
    newest().end();
    connection.checkNow();
    expect(sockets).toHaveLength(2);
  });

  it("hears nothing more of a socket that it has left", () => {
    const { clock, newest, begin, sockets, offsets } = stage();
    begin(null, 10);
    const first = newest();
    first.end();
    clock.pass(1_000);
    begin(true, 10);
    first.say({ type: "status_update", run_id: "r", offset: 99 });
    first.end();
    expect(offsets).toEqual([10, 10]);
    expect(sockets).toHaveLength(2);
  });

  it("ends for good when it is closed", () => {
    const { clock, connection, newest, begin, sockets } = stage();
    begin(null, 10);
    connection.close();
    clock.pass(60_000);
    expect(newest().isClosed).toBe(true);
    expect(sockets).toHaveLength(1);
  });
});
