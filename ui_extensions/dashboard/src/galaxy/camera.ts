// The camera above the plane of the stars: what it sees, and its flights; all views share this geometry.

export interface Camera {
  /** The point of the plane in the middle of the picture. */
  x: number;
  z: number;
  /** From that point, in units of the plane. */
  distance: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface Projected {
  left: number;
  top: number;
  /** Pixels of one unit there. */
  scale: number;
}

/** The angle between the line of sight and the plane. */
export const ELEVATION = (58 * Math.PI) / 180;
/** Of the whole height of the picture. */
export const FIELD_OF_VIEW = (40 * Math.PI) / 180;
const NEAREST = 22;
const FARTHEST = 6_000;
const SMALLEST_PICTURE = 60;
const CLOSE_UP = 52;
const MARGIN = 10;

const SIN = Math.sin(ELEVATION);
const COS = Math.cos(ELEVATION);

/** The distance in pixels at which one unit is one pixel. */
function focal({ height }: Size): number {
  return height / 2 / Math.tan(FIELD_OF_VIEW / 2);
}

/** Where a point of the plane is in the picture; undefined behind the camera. */
export function project(camera: Camera, size: Size, x: number, z: number): Projected | undefined {
  const [across, along] = [x - camera.x, z - camera.z];
  const depth = camera.distance - along * COS;
  if (depth <= 1) {
    return undefined;
  }
  const scale = focal(size) / depth;
  return {
    left: size.width / 2 + across * scale,
    top: size.height / 2 + along * SIN * scale,
    scale,
  };
}

/** Pixels of one unit in the middle of the picture. */
export function scaleOf(camera: Camera, size: Size): number {
  return focal(size) / camera.distance;
}

/** The camera from which everything within `extent` of the middle is seen. */
export function overview(extent: number, size: Size): Camera {
  const radius = Math.max(SMALLEST_PICTURE, extent + MARGIN);
  const tangent = Math.tan(FIELD_OF_VIEW / 2);
  const aspect = size.height === 0 ? 1 : Math.max(0.1, size.width / size.height);
  // The nearest point of the circle needs the height, a point of its nearer half the width.
  const forHeight = radius * (SIN / tangent + COS);
  const forWidth = Math.hypot(radius / (tangent * aspect), radius * COS);
  return { x: 0, z: 0, distance: limited(Math.max(forHeight, forWidth)) };
}

/** The camera that shows one star with its planets. */
export function closeUp(place: { x: number; z: number }): Camera {
  return { x: place.x, z: place.z, distance: CLOSE_UP };
}

export function zoomed(camera: Camera, factor: number): Camera {
  return { ...camera, distance: limited(camera.distance * factor) };
}

/** The camera after the picture was pulled by so many pixels; its middle stays within `extent`. */
export function moved(
  camera: Camera,
  size: Size,
  { right, down }: { right: number; down: number },
  extent: number,
): Camera {
  const scale = scaleOf(camera, size);
  const x = camera.x - right / scale;
  const z = camera.z - down / scale / SIN;
  const most = Math.max(extent, SMALLEST_PICTURE);
  const out = Math.hypot(x, z) / most;
  return out > 1 ? { ...camera, x: x / out, z: z / out } : { ...camera, x, z };
}

/** The camera on its flight from one place to another, at `share` of the time. */
export function onFlight(from: Camera, to: Camera, share: number): Camera {
  const at = eased(Math.min(1, Math.max(0, share)));
  const mix = (a: number, b: number) => a + (b - a) * at;
  return {
    x: mix(from.x, to.x),
    z: mix(from.z, to.z),
    distance: Math.exp(mix(Math.log(from.distance), Math.log(to.distance))),
  };
}

function eased(share: number): number {
  return share < 0.5 ? 4 * share ** 3 : 1 - (2 - 2 * share) ** 3 / 2;
}

function limited(distance: number): number {
  return Math.min(FARTHEST, Math.max(NEAREST, distance));
}
