// Limits how many requests wait for the server at once: a browser sends six, and others must get through.

export class Turns {
  private numRunning = 0;
  private readonly waiting: Array<() => void> = [];

  constructor(private readonly most: number) {}

  /** Calls `work` when it is its turn. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.numRunning === this.most) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.numRunning += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) {
        next();
      } else {
        this.numRunning -= 1;
      }
    }
  }
}
