// Moves the panel: by dragging its handle, with the arrow keys, or from corner to corner.

import { fitted, GAP, nextCorner, type Position, type Size } from "./position";
import { listen, guarded } from "./guarded";
import { besideBoxes, textBoxes } from "./textBoxes";

const STEP_PX = 24;
/** MLflow's assistant can be opened at any time, which fires no event here. */
const LOOK_EVERY_MS = 1_000;
/** A shorter movement of the pointer is a click, not a drag. */
const SMALLEST_DRAG_PX = 4;

const ARROWS: Readonly<Record<string, readonly [right: number, bottom: number]>> = {
  ArrowLeft: [STEP_PX, 0],
  ArrowRight: [-STEP_PX, 0],
  ArrowUp: [0, STEP_PX],
  ArrowDown: [0, -STEP_PX],
};

export class Movable {
  private wanted: Position;
  /** Start of a drag: positions of the pointer and of the panel. */
  private drag: { x: number; y: number; from: Position; isMoved: boolean } | null = null;
  private wasDragged = false;

  constructor(
    private readonly panel: HTMLElement,
    handle: HTMLElement,
    stored: Position | null,
    private readonly onMoved: (position: Position) => void,
  ) {
    this.wanted = stored ?? { right: GAP, bottom: GAP };
    // Otherwise the browser would drag a link that lies under the panel.
    listen(handle, "mousedown", (event) => event.preventDefault());
    listen(handle, "pointerdown", (event) => this.begin(handle, event));
    listen(handle, "pointermove", (event) => this.move(event));
    listen(handle, "pointerup", () => this.end());
    listen(handle, "pointercancel", () => this.end());
    listen(handle, "click", (event) => this.press(event));
    listen(handle, "keydown", (event) => this.step(event));
    listen(window, "resize", () => this.place());
    new ResizeObserver(guarded(() => this.place())).observe(panel);
    setInterval(
      guarded(() => this.placeIfShown()),
      LOOK_EVERY_MS,
    );
  }

  private begin(handle: HTMLElement, event: PointerEvent): void {
    handle.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    this.drag = { x: event.clientX, y: event.clientY, from: this.at(), isMoved: false };
  }

  private move(event: PointerEvent): void {
    const { drag } = this;
    if (!drag) {
      return;
    }
    const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
    drag.isMoved ||= Math.hypot(x, y) >= SMALLEST_DRAG_PX;
    if (drag.isMoved) {
      this.wanted = { right: drag.from.right - x, bottom: drag.from.bottom - y };
      this.place();
    }
  }

  private end(): void {
    if (this.drag?.isMoved) {
      this.keep(this.at());
    }
    this.wasDragged = this.drag?.isMoved ?? false;
    this.drag = null;
  }

  private press(event: MouseEvent): void {
    // A drag ends with a click event as well. Clicks by keyboard have no detail.
    if (event.detail === 0 || !this.wasDragged) {
      this.keep(nextCorner(this.at(), this.size(), windowSize()));
    }
  }

  private step(event: KeyboardEvent): void {
    const arrow = ARROWS[event.key];
    if (arrow) {
      event.preventDefault();
      const { right, bottom } = this.at();
      this.keep({ right: right + arrow[0], bottom: bottom + arrow[1] });
    }
  }

  private keep(position: Position): void {
    this.wanted = fitted(position, this.size(), windowSize());
    this.place();
    this.onMoved(this.wanted);
  }

  private place(): void {
    const { right, bottom } = this.at();
    this.panel.style.setProperty("--right", `${right}px`);
    this.panel.style.setProperty("--bottom", `${bottom}px`);
  }

  private placeIfShown(): void {
    if (!document.hidden && !this.panel.hidden) {
      this.place();
    }
  }

  /** A panel that is being dragged follows the pointer everywhere. */
  private at(): Position {
    return this.drag?.isMoved
      ? fitted(this.wanted, this.size(), windowSize())
      : besideBoxes(this.wanted, this.size(), windowSize(), textBoxes());
  }

  private size(): Size {
    return { width: this.panel.offsetWidth, height: this.panel.offsetHeight };
  }
}

function windowSize(): Size {
  const { clientWidth: width, clientHeight: height } = document.documentElement;
  return { width, height };
}
