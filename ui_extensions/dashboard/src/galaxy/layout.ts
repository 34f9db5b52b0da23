// Where stars and planets are, how large and in which tone; positions are on a plane, in its own units.

import type { GalaxyProject, GalaxyRun, RunStatus } from "../../../live/schemas";
import { STATUS_APPEARANCE, type Tone } from "../../../live/statusAppearance";
import { appearanceOfProject, hasProjectEnded, STAGES } from "../projects/projectStatus";

export interface Planet {
  run: GalaxyRun;
  x: number;
  z: number;
  radius: number;
  orbit: number;
  tone: Tone;
}

export interface Star {
  project: GalaxyProject;
  x: number;
  z: number;
  radius: number;
  tone: Tone;
  /** The stage that runs, counted from 0; -1 if none does. */
  stage: number;
  planets: readonly Planet[];
}

export interface Sky {
  stars: readonly Star[];
  byId: ReadonlyMap<string, Star>;
  /** The distance of the outermost star from the middle. */
  extent: number;
}

/** Seeds of a sunflower: each angle is new, and all have the same room. */
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));
const ROOM = 14;
const SMALLEST_STAR = 1.2;
const LARGEST_STAR = 4.4;
const FIRST_ORBIT = 1.8;
const BETWEEN_ORBITS = 0.3;
const PIPELINE_RADIUS = 0.62;
const CANDIDATE_RADIUS = 0.36;

/** A star's slot, which stays while the page is open: the deletion of one star moves no other.

`newestFirst` are the ids in the order of the server; the oldest project is in the middle. */
export function assignSlots(
  before: ReadonlyMap<string, number>,
  newestFirst: readonly string[],
): Map<string, number> {
  const slots = new Map<string, number>();
  const taken = new Set<number>();
  for (const id of newestFirst) {
    const slot = before.get(id);
    if (slot !== undefined) {
      slots.set(id, slot);
      taken.add(slot);
    }
  }
  let next = 0;
  for (const id of newestFirst.toReversed()) {
    if (slots.has(id)) {
      continue;
    }
    while (taken.has(next)) {
      next += 1;
    }
    slots.set(id, next);
    taken.add(next);
  }
  return slots;
}

export function placeOfSlot(slot: number): { x: number; z: number } {
  const distance = ROOM * Math.sqrt(slot);
  const angle = slot * GOLDEN_ANGLE;
  return { x: distance * Math.cos(angle), z: distance * Math.sin(angle) };
}

/** Grows with the logarithm of the number of rows. */
export function starRadius(numSamples: number | null): number {
  const radius = 1 + 0.55 * Math.log10(1 + Math.max(0, numSamples ?? 0));
  return Math.min(LARGEST_STAR, Math.max(SMALLEST_STAR, radius));
}

export function skyOf(projects: readonly GalaxyProject[], slots: ReadonlyMap<string, number>): Sky {
  const stars = projects.map((project) => starOf(project, slots.get(project.project_id) ?? 0));
  return {
    stars,
    byId: new Map(stars.map((star) => [star.project.project_id, star])),
    extent: Math.max(0, ...stars.map(({ x, z }) => Math.hypot(x, z))),
  };
}

function starOf(project: GalaxyProject, slot: number): Star {
  const { x, z } = placeOfSlot(slot);
  const radius = starRadius(project.num_samples);
  const [tone] = appearanceOfProject(project.status, project.has_question);
  const isRunning = !hasProjectEnded(project.status) && !project.has_question;
  const planets = project.runs.map((run, rank): Planet => {
    const orbit = radius + FIRST_ORBIT + rank * BETWEEN_ORBITS;
    const angle = rank * GOLDEN_ANGLE + slot;
    return {
      run,
      x: x + orbit * Math.cos(angle),
      z: z + orbit * Math.sin(angle),
      radius: run.is_candidate ? CANDIDATE_RADIUS : PIPELINE_RADIUS,
      orbit,
      tone: toneOfRun(run.status),
    };
  });
  return {
    project,
    x,
    z,
    radius,
    tone,
    stage: isRunning ? STAGES.indexOf(project.current_stage) : -1,
    planets,
  };
}

/** As of projects: what runs does not have the tone of what has succeeded. */
function toneOfRun(status: RunStatus): Tone {
  return status === "training" ? "info" : STATUS_APPEARANCE[status][0];
}
