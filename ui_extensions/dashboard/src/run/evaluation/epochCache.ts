// The evaluations that were looked at, so that going back to one needs no waiting.

import type { EpochDetails } from "../../../../live/schemas";

const MOST_EPOCHS = 200;
/** Cells of all matrices together: one of 1,000 classes has a million. */
const MOST_CELLS = 2_000_000;

interface Entry {
  details: EpochDetails;
  changes: number;
}

export class EpochCache {
  private readonly entries = new Map<number, Entry>();
  private numCells = 0;

  constructor(
    private readonly mostEpochs = MOST_EPOCHS,
    private readonly mostCells = MOST_CELLS,
  ) {}

  get(epoch: number): EpochDetails | undefined {
    return this.entries.get(epoch)?.details;
  }

  /** `changes` says what was known of the run when `details` were asked for. */
  put(details: EpochDetails, changes: number): void {
    this.drop(details.epoch);
    this.entries.set(details.epoch, { details, changes });
    this.numCells += cellsOf(details);
    for (const epoch of this.entries.keys()) {
      if (this.entries.size <= this.mostEpochs && this.numCells <= this.mostCells) {
        break;
      }
      if (epoch !== details.epoch) {
        this.drop(epoch);
      }
    }
  }

  /** Whether what is kept is what the server would answer now.

  An epoch that is over keeps its evaluation, unless a resumed training has been through it again:
  `listed` then ended at another time. */
  isFresh(epoch: number, changes: number, listed: EpochDetails | undefined): boolean {
    const entry = this.entries.get(epoch);
    if (!entry) {
      return false;
    }
    const { confusion_matrix: matrix, end_time: end } = entry.details;
    const isSettled = Boolean(matrix && end) && (!listed || listed.end_time === end);
    return isSettled || entry.changes === changes;
  }

  private drop(epoch: number): void {
    const entry = this.entries.get(epoch);
    if (entry) {
      this.numCells -= cellsOf(entry.details);
      this.entries.delete(epoch);
    }
  }
}

function cellsOf({ classes }: EpochDetails): number {
  return (classes?.length ?? 0) ** 2;
}
