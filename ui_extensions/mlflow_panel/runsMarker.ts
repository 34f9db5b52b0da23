// Marks the live runs in MLflow's tables while a page with such a table is shown.

import type { ServerAddress } from "../live/address";
import { LiveConnection } from "../live/connection";
import { isRetryable, Rest } from "../live/rest";
import type { RunSummary, ServerMessage, TrainingStatus } from "../live/schemas";
import { type Mark, type Marks, MAX_MARKS, styleSheet, withMark } from "./runMarks";
import { guarded, ignoreRejection } from "./guarded";
import type { Words } from "./words";

/** MLflow's names for runs that have not ended. */
const ACTIVE = ["RUNNING", "SCHEDULED"] as const;
const WRITE_AFTER_MS = 100;

export class RunsMarker {
  private readonly rest: Rest;
  private readonly connection: LiveConnection;
  private readonly closing = new AbortController();
  private readonly sheet = new CSSStyleSheet();
  private marks: Marks = new Map();
  /** Runs whose status was received live during a load, whose list is older. */
  private receivedLive = new Set<string>();
  private timer: number | undefined;

  constructor(
    address: ServerAddress,
    private readonly experimentId: string | null,
    private readonly words: Words,
  ) {
    this.rest = new Rest(address);
    this.connection = new LiveConnection(address, {
      onMessage: guarded((message) => this.onMessage(message)),
      onStatus: () => {},
      onGap: guarded(() => ignoreRejection(this.load())),
    });
  }

  /** Marks nothing if the server does not list runs. */
  async start(): Promise<void> {
    try {
      await this.load();
    } catch (error) {
      if (!isRetryable(error)) {
        return;
      }
    }
    if (!this.closing.signal.aborted) {
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, this.sheet];
      this.connection.start();
    }
  }

  checkNow(): void {
    this.connection.checkNow();
  }

  close(): void {
    this.closing.abort();
    this.connection.close();
    clearTimeout(this.timer);
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== this.sheet);
  }

  private async load(): Promise<void> {
    this.receivedLive = new Set();
    const lists = await Promise.all(ACTIVE.map((status) => this.loadActive(status)));
    let marks: Marks = new Map([...this.marks].filter(([runId]) => this.receivedLive.has(runId)));
    // The lists are newest first; reversed, the runs beyond the limit are the oldest.
    for (const run of lists.flat().reverse()) {
      if (!this.receivedLive.has(run.run_id)) {
        marks = withMark(marks, run.run_id, run);
      }
    }
    this.setMarks(marks);
  }

  private async loadActive(status: (typeof ACTIVE)[number]): Promise<RunSummary[]> {
    const query = { status, experiment: this.experimentId, limit: MAX_MARKS };
    const { entries } = await this.rest.list<RunSummary>("api/runs", query, this.closing.signal);
    return entries;
  }

  private onMessage(message: ServerMessage): void {
    if (message.type === "initial_state" || message.type === "status_update") {
      this.onTrainingStatus(message.status);
    }
  }

  private onTrainingStatus(status: TrainingStatus): void {
    const { run_id: runId, experiment_id: experimentId } = status;
    const isListed = this.experimentId === null || experimentId === this.experimentId;
    if (runId !== null && isListed) {
      this.receivedLive.add(runId);
      const mark: Mark | null = status.deleted ? null : status;
      this.setMarks(withMark(this.marks, runId, mark));
    }
  }

  private setMarks(marks: Marks): void {
    if (marks !== this.marks && !this.closing.signal.aborted) {
      this.marks = marks;
      this.timer ??= window.setTimeout(
        guarded(() => {
          this.timer = undefined;
          this.sheet.replaceSync(styleSheet(this.marks, this.words));
        }),
        WRITE_AFTER_MS,
      );
    }
  }
}
