// Caches the evaluations of epochs, so that going back to one is immediate.

import type { EpochDetails } from "../../../../live/schemas";

const MAX_EPOCHS = 200;
/** Cells of all matrices together: a matrix of 1,000 classes has a million. */
const MAX_CELLS = 2_000_000;

interface Entry {
  details: EpochDetails;
  changes: number;
}

export class EpochCache {
  private readonly entries = new Map<number, Entry>();
  private numCells = 0;

  constructor(
    private readonly maxEpochs = MAX_EPOCHS,
    private readonly maxCells = MAX_CELLS,
  ) {}

  get(epoch: number): EpochDetails | undefined {
    return this.entries.get(epoch)?.details;
  }

  /** `changes` is the number of changes of the run when `details` were requested. */
  put(details: EpochDetails, changes: number): void {
    this.drop(details.epoch);
    this.entries.set(details.epoch, { details, changes });
    this.numCells += cellsOf(details);
    for (const epoch of this.entries.keys()) {
      if (this.entries.size <= this.maxEpochs && this.numCells <= this.maxCells) {
        break;
      }
      if (epoch !== details.epoch) {
        this.drop(epoch);
      }
    }
  }

  /** Whether the cached evaluation is up to date.

  The evaluation of a finished epoch does not change, unless a resumed training has repeated the
  epoch: `listed` then has another end time. */
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
