// Follows one run while MLflow shows its page, and sends commands to it.

import type { ServerAddress } from "../live/address";
import { LiveConnection } from "../live/connection";
import { type Action, sendCommand } from "../live/controls";
import { isRetryable, Rest } from "../live/rest";
import type { CriticalAlert, TrainingStatus } from "../live/schemas";
import { guarded, ignoreRejection } from "./guarded";
import { afterMessage, type Command, type RunState, withAlerts, withOpenAlerts } from "./runState";

/** Enough for the panel; the dashboard shows all. */
const MAX_ALERTS = 100;

export class RunWatch {
  private readonly rest: Rest;
  private readonly connection: LiveConnection;
  private readonly closing = new AbortController();
  private hasAlerts = false;
  private state: RunState = {
    status: null,
    connection: { state: "connecting", sinceMs: Date.now(), reason: "" },
    alerts: {},
    command: null,
  };

  constructor(
    address: ServerAddress,
    private readonly runId: string,
    private readonly onChange: (state: RunState) => void,
  ) {
    this.rest = new Rest(address);
    this.connection = new LiveConnection(
      address,
      {
        onMessage: guarded((message) => this.setState(afterMessage(this.state, message))),
        onStatus: guarded((connection) => {
          this.setState({ ...this.state, connection });
          if (connection.state === "live" && !this.hasAlerts) {
            ignoreRejection(this.loadAlerts());
          }
        }),
        onGap: guarded(() => {
          this.hasAlerts = false;
          ignoreRejection(this.loadAlerts());
        }),
      },
      runId,
    );
  }

  /** Shows nothing if the server does not know the run, or is not a Fovea server. */
  async start(): Promise<void> {
    try {
      const path = `api/runs/${encodeURIComponent(this.runId)}`;
      const status = await this.rest.get<TrainingStatus>(path, {}, this.closing.signal);
      this.setState({ ...this.state, status });
    } catch (error) {
      if (!isRetryable(error)) {
        return;
      }
    }
    if (!this.closing.signal.aborted) {
      this.connection.start();
      await this.loadAlerts();
    }
  }

  /** Reconnects or pings at once. */
  checkNow(): void {
    this.connection.checkNow();
  }

  close(): void {
    this.closing.abort();
    this.connection.close();
  }

  async command(action: Action, release = false): Promise<void> {
    const sent: Command = { action };
    this.setState({ ...this.state, command: sent });
    const result = await sendCommand(this.rest, this.runId, action, release);
    // A later command replaces this one.
    if (this.state.command === sent) {
      this.setState({ ...this.state, command: { action, ...result } });
    }
  }

  dismissOutcome(): void {
    this.setState({ ...this.state, command: null });
  }

  private async loadAlerts(): Promise<void> {
    const query = { run_id: this.runId, limit: MAX_ALERTS, state: "firing" };
    const before = this.state;
    const { signal } = this.closing;
    const { entries, total } = await this.rest.list<CriticalAlert>("api/alerts", query, signal);
    this.hasAlerts = true;
    const isAll = entries.length === total;
    this.setState(
      isAll ? withOpenAlerts(this.state, entries, before) : withAlerts(this.state, entries),
    );
  }

  private setState(state: RunState): void {
    if (!this.closing.signal.aborted && state !== this.state) {
      this.state = state;
      this.onChange(state);
    }
  }
}
