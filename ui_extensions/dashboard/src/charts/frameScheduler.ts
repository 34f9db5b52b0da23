// Draws charts in animation frames with a time budget per frame; the rest wait for the next frame.

export interface Drawable {
  draw(): void;
  /** Changes the page after all have drawn: drawing reads styles, which each change invalidates. */
  write?(): void;
}

const BUDGET_MS = 8;

export class FrameScheduler {
  private readonly scheduled = new Set<Drawable>();
  private isFrameRequested = false;

  constructor(
    private readonly request: (call: () => void) => void = (call) => requestAnimationFrame(call),
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  schedule(drawable: Drawable): void {
    this.scheduled.add(drawable);
    this.requestFrame();
  }

  cancel(drawable: Drawable): void {
    this.scheduled.delete(drawable);
  }

  private requestFrame(): void {
    if (!this.isFrameRequested) {
      this.isFrameRequested = true;
      this.request(() => this.drawScheduled());
    }
  }

  private drawScheduled(): void {
    this.isFrameRequested = false;
    const endMs = this.nowMs() + BUDGET_MS;
    const drawn: Drawable[] = [];
    // A set keeps the order of insertion: the one that waits longest draws first.
    for (const drawable of this.scheduled) {
      this.scheduled.delete(drawable);
      drawable.draw();
      drawn.push(drawable);
      if (this.nowMs() >= endMs) {
        break;
      }
    }
    for (const drawable of drawn) {
      drawable.write?.();
    }
    if (this.scheduled.size > 0) {
      this.requestFrame();
    }
  }
}

export const frameScheduler = new FrameScheduler();
