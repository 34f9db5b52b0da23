// A socket and a clock for tests of connections, which decide what arrives and when.

import type { Clock } from "./reconnectingSocket";

export class FakeSocket {
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

  receive(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  end(code = 1006, reason = ""): void {
    this.onclose?.({ code, reason });
  }
}

Object.assign(globalThis, { WebSocket: FakeSocket });

export class FakeClock implements Clock {
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

  advance(ms: number): void {
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
