// Which star or planet is at a point of the picture.

import { project } from "./camera";
import type { Sky } from "./layout";
import { type Drawing, showsPlanets } from "./view";

export interface Picked {
  projectId: string;
  /** Of a planet. */
  runId: string | null;
}

/** A finger is not as exact as a mouse, and far stars are small. */
const SMALLEST_TARGET_PX = 12;

export function pick(
  sky: Sky,
  { camera, size }: Pick<Drawing, "camera" | "size">,
  left: number,
  top: number,
): Picked | undefined {
  let best: Picked | undefined;
  let bestPx = Infinity;
  const consider = (body: { x: number; z: number; radius: number }, found: Picked) => {
    const at = project(camera, size, body.x, body.z);
    if (!at) {
      return;
    }
    const away = Math.hypot(at.left - left, at.top - top);
    if (away < bestPx && away <= Math.max(SMALLEST_TARGET_PX, body.radius * at.scale)) {
      best = found;
      bestPx = away;
    }
  };
  for (const star of sky.stars) {
    const projectId = star.project.project_id;
    consider(star, { projectId, runId: null });
    if (showsPlanets({ camera, size })) {
      for (const planet of star.planets) {
        consider(planet, { projectId, runId: planet.run.run_id });
      }
    }
  }
  return best;
}
