// The curves of the runs that are looked at: read once, then carried on by what comes live.

import { isRetryable, type Rest } from "../../../live/rest";
import type { NotFinite, PerformancePoint } from "../../../live/schemas";
import { Series } from "./series";

/** Of a longer metric the server leaves out what a chart cannot show; zooming in asks for the rest. */
export const LOADED_POINTS = 4_000;
const MOST_RUNS = 8;

export interface Curve {
  readonly series: Series;
  /** What failed may come yet; what the server has refused, it will refuse again. */
  state: "new" | "reading" | "read" | "failed" | "refused";
  /** Points that the server has, of which `series` may hold fewer. */
  total: number;
  /** Something was missed while it was being read: the answer on its way may lack that. */
  isOutdated: boolean;
}

type Watcher = () => void;

export class Curves {
  private readonly runs = new Map<string, Map<string, Curve>>();
  private readonly watchers = new Map<string, Set<Watcher>>();

  constructor(private readonly rest: Rest) {}

  /** The curve as far as it is known; reading it begins with the first call. */
  curve(runId: string, metric: string): Curve {
    const known = this.ofRun(runId);
    let curve = known.get(metric);
    if (!curve) {
      curve = { series: new Series(), state: "new", total: 0, isOutdated: false };
      known.set(metric, curve);
    }
    if (curve.state === "new") {
      void this.read(runId, metric, curve);
    }
    return curve;
  }

  /** What is there, without asking the server. */
  known(runId: string, metric: string): Curve | undefined {
    return this.runs.get(runId)?.get(metric);
  }

  /** `watcher` is called when a curve of the run has changed. */
  watch(runId: string, watcher: Watcher): () => void {
    const watchers = this.watchers.get(runId) ?? new Set();
    watchers.add(watcher);
    this.watchers.set(runId, watchers);
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0) {
        this.watchers.delete(runId);
      }
    };
  }

  add(runId: string, points: readonly IncomingPoint[]): void {
    const known = this.runs.get(runId);
    if (!known) {
      return;
    }
    let isNews = false;
    for (const point of points) {
      const curve = known.get(point.metric);
      if (curve && curve.state !== "new") {
        curve.series.add(point.step, numberOf(point), Date.parse(point.timestamp));
        isNews = true;
      }
    }
    if (isNews) {
      this.tell(runId);
    }
  }

  /** Something was missed: read again what is known, of one run or of all. */
  refresh(runId?: string): void {
    this.refetch((_, id) => id === (runId ?? id));
  }

  /** Ask again for what could not be read. */
  retry(): void {
    this.refetch((curve) => curve.state === "failed");
  }

  /** The points of a range of steps, as finely as a chart can show them. */
  async detail(runId: string, metric: string, from: number, to: number): Promise<Series> {
    const range = { from_step: Math.floor(from), to_step: Math.ceil(to) };
    const { entries } = await this.ask(runId, metric, range);
    const series = new Series();
    series.fill(entries.map(plain));
    return series;
  }

  private refetch(isWanted: (curve: Curve, runId: string) => boolean): void {
    for (const [runId, known] of this.runs) {
      for (const [metric, curve] of known) {
        if (isWanted(curve, runId)) {
          void this.read(runId, metric, curve);
        }
      }
    }
  }

  private async read(runId: string, metric: string, curve: Curve): Promise<void> {
    if (curve.state === "reading") {
      curve.isOutdated = true;
      return;
    }
    curve.state = "reading";
    curve.isOutdated = false;
    try {
      const { entries, total } = await this.ask(runId, metric, {});
      curve.series.fill(entries.map(plain));
      curve.total = total;
      curve.state = "read";
    } catch (error) {
      // What comes live is shown all the same.
      curve.state = isRetryable(error) ? "failed" : "refused";
    }
    this.tell(runId);
    if (curve.isOutdated && curve.state === "read") {
      void this.read(runId, metric, curve);
    }
  }

  private ask(runId: string, metric: string, range: Record<string, number>) {
    const path = `api/metrics/performance/${metric.split("/").map(encodeURIComponent).join("/")}`;
    return this.rest.list<PerformancePoint>(path, {
      run_id: runId,
      limit: LOADED_POINTS,
      ...range,
    });
  }

  private ofRun(runId: string): Map<string, Curve> {
    const found = this.runs.get(runId) ?? new Map<string, Curve>();
    // The last to be looked at stands last, and the first goes when there are too many.
    this.runs.delete(runId);
    this.runs.set(runId, found);
    for (const id of this.runs.keys()) {
      if (this.runs.size <= MOST_RUNS) {
        break;
      }
      if (!this.watchers.has(id)) {
        this.runs.delete(id);
      }
    }
    return found;
  }

  private tell(runId: string): void {
    for (const watcher of this.watchers.get(runId) ?? []) {
      watcher();
    }
  }
}

/** As a socket or a route tells of it. */
interface IncomingPoint {
  metric: string;
  value: number | null;
  not_finite?: NotFinite | null;
  step: number;
  timestamp: string;
}

function plain(point: IncomingPoint) {
  return { step: point.step, value: numberOf(point), timeMs: Date.parse(point.timestamp) };
}

const WORDS: Record<NotFinite, number> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

/** JSON has no NaN and no infinity: such a value is null, and a word says what it was. */
export function numberOf(point: { value: number | null; not_finite?: NotFinite | null }): number {
  return point.value ?? (point.not_finite ? WORDS[point.not_finite] : Number.NaN);
}
