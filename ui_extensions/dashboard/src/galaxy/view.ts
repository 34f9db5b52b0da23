// What every view of the sky can do, and what all views draw alike.

import { type Camera, project, scaleOf, type Size } from "./camera";
import type { Sky, Star } from "./layout";

export type ViewKind = "webgl" | "flat";

export interface Drawing {
  camera: Camera;
  size: Size;
  /** Pixels of the screen for one of the page. */
  ratio: number;
  /** The glow of the stages that run, 0 to 1. */
  glow: number;
  /** Its orbits are drawn. */
  selected: Star | undefined;
}

export interface View {
  readonly kind: ViewKind;
  readonly canvas: HTMLCanvasElement;
  /** Shows these stars from the next drawing on. */
  show(sky: Sky): void;
  draw(drawing: Drawing): void;
  dispose(): void;
}

export const NUM_STAGES = 8;
/** The ring of the stages around a star, in radii of the star. */
export const RING = { inner: 1.55, outer: 1.8 };
export const GLOW_RADII = 2.4;

/** Below that, most planets would be smaller than two pixels. */
const SMALLEST_SCALE_OF_PLANETS = 2.5;
/** How far planets are from their star at most. */
const SYSTEM_RADIUS = 14;

export function showsPlanets({ camera, size }: Pick<Drawing, "camera" | "size">): boolean {
  return scaleOf(camera, size) >= SMALLEST_SCALE_OF_PLANETS;
}

/** The stars that are in the picture, or whose planets may be. */
export function starsInView(sky: Sky, { camera, size }: Pick<Drawing, "camera" | "size">): Star[] {
  return sky.stars.filter((star) => {
    const at = project(camera, size, star.x, star.z);
    const margin = at ? SYSTEM_RADIUS * at.scale : 0;
    return (
      at !== undefined &&
      at.left > -margin &&
      at.left < size.width + margin &&
      at.top > -margin &&
      at.top < size.height + margin
    );
  });
}
