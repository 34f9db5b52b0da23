// Writes the names of stars on the sky: of chosen ones always, of others where there is room.

import { closed } from "../../../live/bidi";
import { appearanceOfProject } from "../projects/projectStatus";
import { shortName } from "../ui/shortName";
import { type Camera, project, type Size } from "./camera";
import type { Sky, Star } from "./layout";

const MOST = 16;
const LONGEST = 32;
const WIDTH_PX = 150;
const HEIGHT_PX = 26;
/** Below that many pixels, only chosen stars are named; those that run are more important. */
const SMALLEST_RADIUS_PX = { running: 7, other: 10 };

interface Box {
  left: number;
  top: number;
}

/** The stars to name and where, most important first; none covers another. */
export function placeLabels(
  sky: Sky,
  camera: Camera,
  size: Size,
  chosen: readonly string[],
): { star: Star; left: number; top: number }[] {
  const placed: { star: Star; left: number; top: number }[] = [];
  const rank = (star: Star) => {
    const at = chosen.indexOf(star.project.project_id);
    return at >= 0 ? at - 1000 : star.stage >= 0 ? 0 : 1;
  };
  const seen = sky.stars
    .map((star) => ({ star, at: project(camera, size, star.x, star.z), rank: rank(star) }))
    .sort((a, b) => a.rank - b.rank || b.star.radius - a.star.radius);
  for (const { star, at, rank: place } of seen) {
    if (placed.length >= MOST || !at) {
      continue;
    }
    const radius = star.radius * at.scale;
    const label = {
      left: Math.min(size.width - WIDTH_PX / 2, Math.max(WIDTH_PX / 2, at.left)),
      top: at.top + Math.max(radius, 5) + 6,
    };
    const isInside =
      at.left > 0 && at.left < size.width && label.top > 0 && label.top < size.height - HEIGHT_PX;
    const isNamed =
      place < 0 || radius >= SMALLEST_RADIUS_PX[star.stage >= 0 ? "running" : "other"];
    if (isInside && isNamed && (place < 0 || placed.every((other) => !covers(other, label)))) {
      placed.push({ star, ...label });
    }
  }
  return placed;
}

function covers(a: Box, b: Box): boolean {
  return Math.abs(a.left - b.left) < WIDTH_PX && Math.abs(a.top - b.top) < HEIGHT_PX;
}

/** The elements of the labels, which are used again from drawing to drawing. */
export class Labels {
  readonly element = document.createElement("div");
  private readonly pool: HTMLElement[] = [];

  constructor(
    className: string,
    private readonly unnamed: () => string,
  ) {
    this.element.className = className;
    // Every star has an element of its own beside the sky.
    this.element.setAttribute("aria-hidden", "true");
  }

  draw(sky: Sky, camera: Camera, size: Size, chosen: readonly string[]): void {
    const placed = placeLabels(sky, camera, size, chosen);
    while (this.pool.length < placed.length) {
      const label = document.createElement("span");
      this.pool.push(label);
      this.element.append(label);
    }
    this.pool.forEach((label, at) => {
      const here = placed[at];
      label.hidden = !here;
      if (here) {
        const { project_name, project_id, status, has_question } = here.star.project;
        const [, sign] = appearanceOfProject(status, has_question);
        const text = `${sign} ${closed(shortName(project_name || this.unnamed(), LONGEST))}`;
        if (label.textContent !== text) {
          label.textContent = text;
        }
        label.toggleAttribute("data-chosen", chosen.includes(project_id));
        label.style.transform = `translate(-50%, 0) translate(${Math.round(here.left)}px, ${Math.round(here.top)}px)`;
      }
    });
  }
}
