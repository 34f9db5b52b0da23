// Draws charts in animation frames with a time budget per frame; the rest wait for the next frame.

export interface Drawable {
  draw(): void;
  /** Changes the page after all have drawn: drawing reads styles, which each change invalidates. */
  write?(): void;
  /** Called with what `draw` or `write` has thrown; the others are drawn all the same. */
  fail(error: unknown): void;
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

  /** Draws without waiting for a frame. */
  drawNow(drawable: Drawable): void {
    this.scheduled.delete(drawable);
    attempt(drawable, () => {
      drawable.draw();
      drawable.write?.();
    });
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
      attempt(drawable, () => {
        drawable.draw();
        drawn.push(drawable);
      });
      if (this.nowMs() >= endMs) {
        break;
      }
    }
    for (const drawable of drawn) {
      attempt(drawable, () => drawable.write?.());
    }
    if (this.scheduled.size > 0) {
      this.requestFrame();
    }
  }
}

function attempt(drawable: Drawable, call: () => void): void {
  try {
    call();
  } catch (error) {
    drawable.fail(error);
  }
}

export const frameScheduler = new FrameScheduler();
