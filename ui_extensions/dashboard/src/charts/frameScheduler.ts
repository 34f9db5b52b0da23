// Who is due draws with the next frame; a frame gives away only so much time, and the rest waits its turn.

export interface Drawable {
  draw(): void;
  /** Change the page, once all have drawn: a canvas asks for its style, which each change makes anew. */
  write?(): void;
}

const BUDGET_MS = 8;

export class FrameScheduler {
  private readonly due = new Set<Drawable>();
  private isFrameRequested = false;

  constructor(
    private readonly request: (call: () => void) => void = (call) => requestAnimationFrame(call),
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  ask(drawable: Drawable): void {
    this.due.add(drawable);
    this.requestFrame();
  }

  cancel(drawable: Drawable): void {
    this.due.delete(drawable);
  }

  private requestFrame(): void {
    if (!this.isFrameRequested) {
      this.isFrameRequested = true;
      this.request(() => this.drawDue());
    }
  }

  private drawDue(): void {
    this.isFrameRequested = false;
    const endMs = this.nowMs() + BUDGET_MS;
    const drawn: Drawable[] = [];
    // A set keeps the order of asking: who waits longest draws first, and who draws goes to the end.
    for (const drawable of this.due) {
      this.due.delete(drawable);
      drawable.draw();
      drawn.push(drawable);
      if (this.nowMs() >= endMs) {
        break;
      }
    }
    for (const drawable of drawn) {
      drawable.write?.();
    }
    if (this.due.size > 0) {
      this.requestFrame();
    }
  }
}

export const frameScheduler = new FrameScheduler();
