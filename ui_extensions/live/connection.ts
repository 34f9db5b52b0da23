// One WebSocket to the server that reconnects by itself and resumes after the last message received.

import type { ServerAddress } from "./address";
import {
  type Clock,
  type ConnectionStatus,
  type OpenSocket,
  ReconnectingSocket,
} from "./reconnectingSocket";
import type { ServerMessage } from "./schemas";

export type { ConnectionState, ConnectionStatus } from "./reconnectingSocket";

export interface Listener {
  onMessage(message: ServerMessage): void;
  onStatus(status: ConnectionStatus): void;
  /** Messages were lost: load again what is shown. */
  onGap(): void;
}

export class LiveConnection extends ReconnectingSocket<ServerMessage> {
  private epoch: string | null = null;
  private offset = 0;

  constructor(
    private readonly address: ServerAddress,
    private readonly listener: Listener,
    private readonly runId: string | null = null,
    clock?: Clock,
    open?: OpenSocket,
  ) {
    super((status) => listener.onStatus(status), clock, open);
  }

  protected url(): URL {
    const since = this.epoch === null ? null : `${this.epoch}:${this.offset}`;
    return this.address.socket("ws", { run_id: this.runId, since });
  }

  protected receive(message: ServerMessage): void {
    if (message.type === "initial_state") {
      const isReconnect = this.epoch !== null;
      this.epoch = message.epoch;
      this.offset = message.offset;
      this.setLive();
      if (isReconnect && !message.recovered) {
        this.listener.onGap();
      }
    } else if (message.type !== "error") {
      this.offset = Math.max(this.offset, message.offset);
    }
    this.listener.onMessage(message);
  }
}
