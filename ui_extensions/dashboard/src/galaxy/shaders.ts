// The shaders of the sky. Each instance is a square from -1 to 1, scaled and moved by its matrix.

import { GLOW_RADII, NUM_STAGES, RING } from "./view";

const SHARED = /* glsl */ `
  attribute vec3 tint;
  attribute float stage;
  varying vec2 at;
  varying vec3 colour;
  varying float current;
`;

/** A square that faces the camera. */
export const FACING = /* glsl */ `
  ${SHARED}
  void main() {
    at = position.xy;
    colour = tint;
    current = stage;
    vec4 middle = modelViewMatrix * instanceMatrix * vec4(0.0, 0.0, 0.0, 1.0);
    middle.xy += position.xy * length(instanceMatrix[0].xyz);
    gl_Position = projectionMatrix * middle;
  }
`;

/** A square that lies on the plane of the stars. */
export const LYING = /* glsl */ `
  ${SHARED}
  void main() {
    at = position.xy;
    colour = tint;
    current = stage;
    vec4 onPlane = instanceMatrix * vec4(position.x, 0.0, position.y, 1.0);
    gl_Position = projectionMatrix * modelViewMatrix * onPlane;
  }
`;

const VARYINGS = /* glsl */ `
  varying vec2 at;
  varying vec3 colour;
  varying float current;
  uniform float glow;
`;

/** A bright disc with a glow around it. */
export const SUN = /* glsl */ `
  ${VARYINGS}
  void main() {
    float away = length(at) * ${GLOW_RADII.toFixed(2)};
    float edge = fwidth(away);
    if (away > ${GLOW_RADII.toFixed(2)}) discard;
    float core = 1.0 - smoothstep(1.0 - edge, 1.0 + edge, away);
    float halo = pow(max(0.0, 1.0 - (away - 0.6) / ${(GLOW_RADII - 0.6).toFixed(2)}), 2.5);
    vec3 lit = mix(colour, vec3(1.0), 0.45 * core * (1.0 - away * away * 0.8));
    gl_FragColor = vec4(lit, max(core, 0.42 * halo));
  }
`;

/** A ball that is lit from one side. */
export const BODY = /* glsl */ `
  ${VARYINGS}
  void main() {
    float away = length(at);
    float edge = fwidth(away);
    if (away > 1.0) discard;
    float light = 0.62 + 0.38 * dot(at, vec2(-0.6, 0.8));
    gl_FragColor = vec4(colour * light, 1.0 - smoothstep(1.0 - edge, 1.0, away));
  }
`;

/** Eight arcs, clockwise from the top: stages that are done, the one that runs, those to come. */
export const RINGS = /* glsl */ `
  ${VARYINGS}
  const float TURN = 6.283185307;
  void main() {
    float away = length(at);
    float edge = fwidth(away);
    float inner = ${(RING.inner / RING.outer).toFixed(4)};
    float band = smoothstep(inner - edge, inner, away) * (1.0 - smoothstep(1.0 - edge, 1.0, away));
    float place = fract(atan(at.x, at.y) / TURN) * ${NUM_STAGES.toFixed(1)};
    float within = fract(place);
    float arc = step(0.07, within) * step(within, 0.93);
    float number = floor(place);
    float strength = number < current - 0.5 ? 0.75 : number < current + 0.5 ? 0.35 + 0.65 * glow : 0.15;
    gl_FragColor = vec4(colour, band * arc * strength);
  }
`;

/** The line of an orbit. */
export const LINE = /* glsl */ `
  ${VARYINGS}
  void main() {
    float away = length(at);
    float width = fwidth(away);
    float line = 1.0 - smoothstep(0.0, 1.2 * width, abs(away - 1.0 + 1.2 * width));
    gl_FragColor = vec4(colour, 0.4 * line);
  }
`;
