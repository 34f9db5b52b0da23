// Keeps the live runs of an experiment's tables marked while its page is shown.

import type { ServerAddress } from "../live/address";
import { LiveConnection } from "../live/connection";
import { isRetryable, Rest } from "../live/rest";
import type { RunSummary, ServerMessage, TrainingStatus } from "../live/schemas";
import { type Mark, type Marks, MOST_MARKS, styleSheet, withMark } from "./runMarks";
import { guarded, ignoreRejection } from "./guarded";
import type { Words } from "./words";

/** MLflow's names for runs that have not ended. */
const ACTIVE = ["RUNNING", "SCHEDULED"] as const;
const WRITE_AFTER_MS = 100;

export class RunsMarker {
  private readonly rest: Rest;
  private readonly connection: LiveConnection;
  private readonly leaving = new AbortController();
  private readonly sheet = new CSSStyleSheet();
  private marks: Marks = new Map();
  /** What came live while the list was read, which is older. */
  private heard = new Set<string>();
  private timer: number | undefined;

  constructor(
    address: ServerAddress,
    private readonly experimentId: string | null,
    private readonly words: Words,
  ) {
    this.rest = new Rest(address);
    this.connection = new LiveConnection(address, {
      onMessage: guarded((message) => this.take(message)),
      onStatus: () => {},
      onGap: guarded(() => ignoreRejection(this.read())),
    });
  }

  /** Nothing is marked where the server does not tell of runs. */
  async start(): Promise<void> {
    try {
      await this.read();
    } catch (error) {
      if (!isRetryable(error)) {
        return;
      }
    }
    if (!this.leaving.signal.aborted) {
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, this.sheet];
      this.connection.start();
    }
  }

  checkNow(): void {
    this.connection.checkNow();
  }

  close(): void {
    this.leaving.abort();
    this.connection.close();
    clearTimeout(this.timer);
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== this.sheet);
  }

  private async read(): Promise<void> {
    this.heard = new Set();
    const lists = await Promise.all(ACTIVE.map((status) => this.readActive(status)));
    let marks: Marks = new Map([...this.marks].filter(([runId]) => this.heard.has(runId)));
    // Newest first: what is beyond the bound is what was begun longest ago.
    for (const run of lists.flat().reverse()) {
      if (!this.heard.has(run.run_id)) {
        marks = withMark(marks, run.run_id, run);
      }
    }
    this.become(marks);
  }

  private async readActive(status: (typeof ACTIVE)[number]): Promise<RunSummary[]> {
    const query = { status, experiment: this.experimentId, limit: MOST_MARKS };
    const { entries } = await this.rest.list<RunSummary>("api/runs", query, this.leaving.signal);
    return entries;
  }

  private take(message: ServerMessage): void {
    if (message.type === "initial_state" || message.type === "status_update") {
      this.takeStatus(message.status);
    }
  }

  private takeStatus(status: TrainingStatus): void {
    const { run_id: runId, experiment_id: experimentId } = status;
    const isListed = this.experimentId === null || experimentId === this.experimentId;
    if (runId !== null && isListed) {
      this.heard.add(runId);
      const mark: Mark | null = status.deleted ? null : status;
      this.become(withMark(this.marks, runId, mark));
    }
  }

  private become(marks: Marks): void {
    if (marks !== this.marks && !this.leaving.signal.aborted) {
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
