// Draws the sky on a canvas without WebGL: the same stars at the same places.

import { project } from "./camera";
import type { Planet, Sky, Star } from "./layout";
import { LINE_COLOUR, SKY_COLOURS } from "./palette";
import { type Drawing, NUM_STAGES, RING, showsPlanets, starsInView, type View } from "./view";

const TURN = 2 * Math.PI;
const GAP = 0.06;

export class FlatView implements View {
  readonly kind = "flat";
  readonly canvas = document.createElement("canvas");
  private readonly context = this.canvas.getContext("2d");
  private sky: Sky | undefined;

  show(sky: Sky): void {
    this.sky = sky;
  }

  draw(drawing: Drawing): void {
    const { size, ratio } = drawing;
    const { canvas, context } = this;
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    if (!context || !this.sky) {
      return;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    const hasPlanets = showsPlanets(drawing);
    if (drawing.selected && hasPlanets) {
      drawOrbits(context, drawing, drawing.selected);
    }
    for (const star of starsInView(this.sky, drawing)) {
      drawStar(context, drawing, star, hasPlanets);
    }
  }

  dispose(): void {
    this.canvas.remove();
  }
}

function drawStar(
  context: CanvasRenderingContext2D,
  drawing: Drawing,
  star: Star,
  hasPlanets: boolean,
): void {
  const at = project(drawing.camera, drawing.size, star.x, star.z);
  if (!at) {
    return;
  }
  const radius = Math.max(1.2, star.radius * at.scale);
  context.fillStyle = SKY_COLOURS[star.tone];
  context.globalAlpha = 0.18;
  disc(context, at.left, at.top, radius * 1.5);
  context.globalAlpha = 1;
  disc(context, at.left, at.top, radius);
  if (star.stage >= 0) {
    drawStages(context, star, at.left, at.top, radius, drawing.glow);
  }
  if (hasPlanets) {
    star.planets.forEach((planet) => drawPlanet(context, drawing, planet));
  }
}

function drawPlanet(context: CanvasRenderingContext2D, drawing: Drawing, planet: Planet): void {
  const at = project(drawing.camera, drawing.size, planet.x, planet.z);
  if (at) {
    context.fillStyle = SKY_COLOURS[planet.tone];
    disc(context, at.left, at.top, Math.max(0.6, planet.radius * at.scale));
  }
}

/** Those that are done, the one that runs, and those to come, clockwise from the top. */
function drawStages(
  context: CanvasRenderingContext2D,
  star: Star,
  left: number,
  top: number,
  radius: number,
  glow: number,
): void {
  context.strokeStyle = SKY_COLOURS[star.tone];
  context.lineWidth = Math.max(1, radius * (RING.outer - RING.inner));
  for (let stage = 0; stage < NUM_STAGES; stage += 1) {
    context.globalAlpha =
      stage < star.stage ? 0.75 : stage === star.stage ? 0.35 + 0.65 * glow : 0.15;
    const start = (stage / NUM_STAGES) * TURN - TURN / 4 + GAP;
    context.beginPath();
    context.arc(
      left,
      top,
      (radius * (RING.inner + RING.outer)) / 2,
      start,
      start + TURN / NUM_STAGES - 2 * GAP,
    );
    context.stroke();
  }
  context.globalAlpha = 1;
}

function drawOrbits(context: CanvasRenderingContext2D, drawing: Drawing, star: Star): void {
  const middle = project(drawing.camera, drawing.size, star.x, star.z);
  context.strokeStyle = LINE_COLOUR;
  context.lineWidth = 1;
  context.globalAlpha = 0.35;
  for (const { orbit } of middle ? star.planets : []) {
    const [far, near] = [-orbit, orbit].map((along) =>
      project(drawing.camera, drawing.size, star.x, star.z + along),
    );
    if (middle && far && near) {
      context.beginPath();
      const across = orbit * middle.scale;
      context.ellipse(
        middle.left,
        (far.top + near.top) / 2,
        across,
        (near.top - far.top) / 2,
        0,
        0,
        TURN,
      );
      context.stroke();
    }
  }
  context.globalAlpha = 1;
}

function disc(context: CanvasRenderingContext2D, left: number, top: number, radius: number): void {
  context.beginPath();
  context.arc(left, top, radius, 0, TURN);
  context.fill();
}
