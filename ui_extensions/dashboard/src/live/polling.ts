// Asks the server at an interval while there is no live connection to it.

export const POLL_MS = 5_000;

interface Polled {
  /** Whether the server answers. */
  isThere(): Promise<boolean>;
  /** Called after each answer: what is shown is loaded again. */
  onAnswer(): void;
  /** Called when the server has not answered, either. */
  onSilence(): void;
}

export class Polling {
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Rises with each start and end, so that a late answer is told apart. */
  private turn = 0;

  constructor(
    private readonly polled: Polled,
    private readonly isHidden: () => boolean = () => document.hidden,
  ) {}

  start(): void {
    if (this.timer === undefined) {
      this.schedule();
    }
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.turn += 1;
  }

  private schedule(): void {
    this.timer = setTimeout(() => void this.ask(), POLL_MS);
  }

  private async ask(): Promise<void> {
    const { turn } = this;
    // A page in the background does not ask.
    const isThere = this.isHidden() ? null : await this.polled.isThere();
    if (turn !== this.turn) {
      return;
    }
    this.schedule();
    if (isThere === true) {
      this.polled.onAnswer();
    } else if (isThere === false) {
      this.polled.onSilence();
    }
  }
}
