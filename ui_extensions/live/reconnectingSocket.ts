// A WebSocket that reconnects by itself, and that pings the server to notice a silent connection.

export type ConnectionState = "connecting" | "live" | "lost" | "refused";

export interface ConnectionStatus {
  state: ConnectionState;
  /** When this state began, in ms since the Unix epoch. */
  sinceMs: number;
  /** Why it is not live, as the server said; empty if it said nothing. */
  reason: string;
}

export interface Clock {
  nowMs(): number;
  after(delayMs: number, call: () => void): () => void;
}

export type OpenSocket = (url: URL) => WebSocket;

/** How often the server is pinged. After two of these without a message the connection is lost. */
export const HEARTBEAT_MS = 5_000;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 15_000;
/** Close codes for a refusal, which a retry does not change. */
const REFUSALS = new Set([4401, 4403]);

export const browserClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, call) {
    const timer = setTimeout(call, delayMs);
    return () => clearTimeout(timer);
  },
};

/** `M` is a message of the server, which is JSON. */
export abstract class ReconnectingSocket<M> {
  private socket: WebSocket | null = null;
  private status: ConnectionStatus;
  private numFailures = 0;
  private hasReceived = true;
  private cancelTimer: () => void = () => {};
  private isClosed = false;

  constructor(
    private readonly onStatus: (status: ConnectionStatus) => void,
    private readonly clock: Clock = browserClock,
    private readonly open: OpenSocket = (url) => new WebSocket(url),
  ) {
    this.status = { state: "connecting", sinceMs: clock.nowMs(), reason: "" };
  }

  /** Called for each connection: it may have to resume after what was received. */
  protected abstract url(): URL;

  /** Gets each message of the present connection. */
  protected abstract receive(message: M): void;

  start(): void {
    this.connect();
  }

  /** Closes the connection without a reconnect. */
  close(): void {
    this.isClosed = true;
    this.cancelTimer();
    this.drop();
  }

  /** Reconnects or pings at once, as when the network is back or the page becomes visible. */
  checkNow(): void {
    if (!this.isClosed && this.socket === null) {
      this.numFailures = 0;
      this.cancelTimer();
      this.connect();
    } else if (!this.isClosed && this.status.state === "live") {
      this.cancelTimer();
      this.ping();
    }
  }

  /** To call for the first message of a connection. */
  protected setLive(): void {
    this.numFailures = 0;
    this.setStatus("live", "");
    this.cancelTimer();
    this.cancelTimer = this.clock.after(HEARTBEAT_MS, () => this.ping());
  }

  private connect(): void {
    let socket: WebSocket;
    try {
      socket = this.open(this.url());
    } catch (error) {
      // A browser may have no WebSocket at all.
      this.retry(null, 0, String(error));
      return;
    }
    this.socket = socket;
    this.hasReceived = true;
    socket.onmessage = (event) => this.onText(socket, String(event.data));
    socket.onclose = (event) => this.retry(socket, event.code, event.reason);
    // A handshake without an answer times out like an open socket without messages.
    this.cancelTimer = this.clock.after(2 * HEARTBEAT_MS, () => this.onTimeout());
  }

  private onText(socket: WebSocket, text: string): void {
    if (socket === this.socket) {
      this.hasReceived = true;
      this.receive(JSON.parse(text) as M);
    }
  }

  private ping(): void {
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.hasReceived = false;
      this.socket.send('{"type": "ping"}');
    }
    this.cancelTimer = this.clock.after(HEARTBEAT_MS, () => {
      if (this.hasReceived) {
        this.ping();
      } else {
        this.onTimeout();
      }
    });
  }

  private onTimeout(): void {
    const socket = this.socket;
    this.drop();
    if (socket) {
      this.retry(null, 0, "");
    }
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    if (socket) {
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
  }

  private retry(socket: WebSocket | null, code: number, reason: string): void {
    if (this.isClosed || socket !== this.socket) {
      return;
    }
    this.socket = null;
    this.cancelTimer();
    this.setStatus(REFUSALS.has(code) ? "refused" : "lost", reason);
    const delayMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.numFailures);
    this.numFailures += 1;
    // The random part keeps clients from reconnecting all at once when a server is back.
    this.cancelTimer = this.clock.after(delayMs * (0.5 + Math.random() / 2), () => this.connect());
  }

  private setStatus(state: ConnectionState, reason: string): void {
    if (this.status.state === state && this.status.reason === reason) {
      return;
    }
    const isSame = this.status.state === state;
    this.status = { state, reason, sinceMs: isSame ? this.status.sinceMs : this.clock.nowMs() };
    this.onStatus(this.status);
  }
}
