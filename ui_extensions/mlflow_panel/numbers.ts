// Formats numbers and times for the user's region.

export interface Numbers {
  whole(value: number): string;
  percent(share: number): string;
  /** Formats seconds, as in `2 h 5 min`. */
  duration(seconds: number): string;
  clock(timeMs: number): string;
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

export function numbersOf(locale: string): Numbers {
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
  const clock = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
  const part = (value: number, unit: string): string =>
    new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short" }).format(value);

  return {
    whole: (value) => whole.format(value),
    percent: (share) => percent.format(wholePercent(share) / 100),
    duration(seconds) {
      let left = Math.max(0, Math.round(seconds));
      const parts = UNITS.map(([unit, length]): [number, string] => {
        const count = Math.floor(left / length);
        left -= count * length;
        return [count, unit];
      });
      const first = parts.findIndex(([count]) => count > 0);
      // Two units are precise enough for a remaining time.
      return (first < 0 ? parts.slice(-1) : parts.slice(first, first + 2))
        .filter(([count], index) => index === 0 || count > 0)
        .map(([count, unit]) => part(count, unit))
        .join(" ");
    },
    clock: (timeMs) => clock.format(timeMs),
  };
}

/** Rounded down, so that 100% means complete. */
export function wholePercent(share: number): number {
  // 0.29 * 100 is a little less than 29.
  return Math.floor(share * 100 + 1e-9);
}
