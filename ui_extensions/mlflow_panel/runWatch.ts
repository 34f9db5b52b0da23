// Follows one run while its page is shown, and passes commands on to it.

import type { ServerAddress } from "../live/address";
import { LiveConnection } from "../live/connection";
import { type Action, ANSWER_SLACK_MS, timeoutS } from "../live/controls";
import { asRequestError, isRetryable, type RequestError, Rest } from "../live/rest";
import type { ControlResponse, CriticalAlert, TrainingStatus } from "../live/schemas";
import { guarded, ignoreRejection } from "./guarded";
import { afterMessage, type Command, type RunState, withAlerts, withOpenAlerts } from "./runState";

/** More than anybody reads here; the dashboard has them all. */
const MOST_ALERTS = 100;

export class RunWatch {
  private readonly rest: Rest;
  private readonly connection: LiveConnection;
  private readonly leaving = new AbortController();
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
        onMessage: guarded((message) => this.become(afterMessage(this.state, message))),
        onStatus: guarded((connection) => {
          this.become({ ...this.state, connection });
          if (connection.state === "live" && !this.hasAlerts) {
            ignoreRejection(this.readAlerts());
          }
        }),
        onGap: guarded(() => {
          this.hasAlerts = false;
          ignoreRejection(this.readAlerts());
        }),
      },
      runId,
    );
  }

  /** Nothing is shown where the server has no such run, or is no Fovea server. */
  async start(): Promise<void> {
    try {
      const path = `api/runs/${encodeURIComponent(this.runId)}`;
      const status = await this.rest.get<TrainingStatus>(path, {}, this.leaving.signal);
      this.become({ ...this.state, status });
    } catch (error) {
      if (!isRetryable(error)) {
        return;
      }
    }
    if (!this.leaving.signal.aborted) {
      this.connection.start();
      await this.readAlerts();
    }
  }

  /** Try to connect at once. */
  checkNow(): void {
    this.connection.checkNow();
  }

  close(): void {
    this.leaving.abort();
    this.connection.close();
  }

  async command(action: Action, release = false): Promise<void> {
    const given: Command = { action };
    this.become({ ...this.state, command: given });
    const outcome = await this.outcome(action, release);
    // A later command replaces this one, also what is shown of it.
    if (this.state.command === given) {
      this.become({ ...this.state, command: { action, ...outcome } });
    }
  }

  dismissOutcome(): void {
    this.become({ ...this.state, command: null });
  }

  private async outcome(
    action: Action,
    release: boolean,
  ): Promise<{ answer: ControlResponse } | { error: RequestError }> {
    const seconds = timeoutS(action, release);
    const body = { timeout_s: seconds, ...(action === "pause" ? { release } : {}) };
    const path = `api/training/${action}`;
    const deadlineMs = seconds * 1000 + ANSWER_SLACK_MS;
    try {
      return { answer: await this.rest.post(path, { run_id: this.runId }, body, deadlineMs) };
    } catch (error) {
      return { error: asRequestError(error) };
    }
  }

  private async readAlerts(): Promise<void> {
    const query = { run_id: this.runId, limit: MOST_ALERTS, state: "firing" };
    const asked = this.state;
    const { signal } = this.leaving;
    const { entries, total } = await this.rest.list<CriticalAlert>("api/alerts", query, signal);
    this.hasAlerts = true;
    const isAll = entries.length === total;
    this.become(
      isAll ? withOpenAlerts(this.state, entries, asked) : withAlerts(this.state, entries),
    );
  }

  private become(state: RunState): void {
    if (!this.leaving.signal.aborted && state !== this.state) {
      this.state = state;
      this.onChange(state);
    }
  }
}
