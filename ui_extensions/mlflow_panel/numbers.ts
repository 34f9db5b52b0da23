// Formats numbers and times for the user's region.

import { formatsOf } from "../live/formatting";

export interface Numbers {
  whole(value: number): string;
  percent(share: number): string;
  /** Formats seconds, as in `2 h 5 min`. */
  duration(seconds: number): string;
  clock(timeMs: number): string;
}

export function numbersOf(locale: string): Numbers {
  const { whole, percent, duration, clock } = formatsOf(locale);
  return {
    whole,
    percent: (share) => percent(wholePercent(share) / 100, 0),
    duration,
    clock,
  };
}

/** Rounded down, so that 100% means complete. */
export function wholePercent(share: number): number {
  // 0.29 * 100 is a little less than 29.
  return Math.floor(share * 100 + 1e-9);
}
