// The part of a picture that a viewer shows.

export interface Zoom {
  /** 1 shows the whole picture. */
  scale: number;
  /** Place of the picture's corner in the viewer, in pixels. */
  x: number;
  y: number;
}

export interface Point {
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

export const WHOLE: Zoom = { scale: 1, x: 0, y: 0 };
export const LARGEST_SCALE = 40;
/** From this scale on, single pixels of the picture are shown with sharp edges. */
export const SHARP_SCALE = 4;

/** Zooms by `factor`, and keeps what is at `point` where it is. */
export function zoomed(zoom: Zoom, factor: number, point: Point, size: Size): Zoom {
  const scale = Math.min(LARGEST_SCALE, Math.max(1, zoom.scale * factor));
  const ratio = scale / zoom.scale;
  return within(
    { scale, x: point.x - (point.x - zoom.x) * ratio, y: point.y - (point.y - zoom.y) * ratio },
    size,
  );
}

export function moved(zoom: Zoom, by: Point, size: Size): Zoom {
  return within({ ...zoom, x: zoom.x + by.x, y: zoom.y + by.y }, size);
}

/** The picture fills the viewer: it cannot be moved out of it. */
function within({ scale, x, y }: Zoom, { width, height }: Size): Zoom {
  return { scale, x: limited(x, width * (1 - scale)), y: limited(y, height * (1 - scale)) };
}

/** Adding 0 avoids a negative zero. */
function limited(place: number, least: number): number {
  return Math.min(0, Math.max(least, place)) + 0;
}

const STEP = 1.4;
/** Share of the viewer by which an arrow key moves. */
const KEY_SHARE = 0.12;

/** The zoom after a key; undefined for a key that means nothing here. */
export function afterKey(zoom: Zoom, key: string, size: Size): Zoom | undefined {
  const middle = { x: size.width / 2, y: size.height / 2 };
  const [right, down] = [size.width * KEY_SHARE, size.height * KEY_SHARE];
  switch (key) {
    case "+":
    case "=":
      return zoomed(zoom, STEP, middle, size);
    case "-":
      return zoomed(zoom, 1 / STEP, middle, size);
    case "0":
      return WHOLE;
    case "ArrowLeft":
      return moved(zoom, { x: right, y: 0 }, size);
    case "ArrowRight":
      return moved(zoom, { x: -right, y: 0 }, size);
    case "ArrowUp":
      return moved(zoom, { x: 0, y: down }, size);
    case "ArrowDown":
      return moved(zoom, { x: 0, y: -down }, size);
    default:
      return undefined;
  }
}
