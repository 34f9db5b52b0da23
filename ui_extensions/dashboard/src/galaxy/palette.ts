// The colours of the night sky, which is dark in both themes.

import type { Tone } from "../../../live/statusAppearance";

export const SKY_COLOURS: Readonly<Record<Tone, string>> = {
  info: "#6cb4ff",
  ok: "#7fdba4",
  warning: "#ffc766",
  critical: "#ff7f88",
  stale: "#9a9aae",
};

export const LINE_COLOUR = "#7d8ba8";

/** Red, green and blue from 0 to 1. */
export function channels(tone: Tone): readonly [number, number, number] {
  const value = Number.parseInt(SKY_COLOURS[tone].slice(1), 16);
  return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}
