// The panel's position: the distance of its lower right corner from that of the window, in px.

export interface Position {
  right: number;
  bottom: number;
}

export interface Size {
  width: number;
  height: number;
}

export const GAP = 12;

/** The position nearest to `wanted` at which the panel is inside the window. */
export function fitted(wanted: Position, panel: Size, window: Size): Position {
  return {
    right: between(wanted.right, window.width - panel.width),
    bottom: between(wanted.bottom, window.height - panel.height),
  };
}

function between(wanted: number, free: number): number {
  const gap = Math.max(0, Math.min(GAP, free / 2));
  return Math.round(Math.max(gap, Math.min(wanted, free - gap)));
}

/** The corner after the nearest one, clockwise from the lower right. */
export function nextCorner(at: Position, panel: Size, window: Size): Position {
  const isLeft = at.right > (window.width - panel.width) / 2;
  const isTop = at.bottom > (window.height - panel.height) / 2;
  const far = Number.MAX_SAFE_INTEGER;
  return fitted({ right: isTop ? 0 : far, bottom: isLeft ? far : 0 }, panel, window);
}
