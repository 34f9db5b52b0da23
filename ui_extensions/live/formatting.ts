// Formats numbers, shares, times and sizes for the user's region.
//
// A run may log any number: each result is short, and none throws.

export const NOTHING = "–";

export interface Formats {
  /** Four significant digits. */
  metric(value: number | null | undefined): string;
  whole(value: number | null | undefined): string;
  /** Formats a share from 0 to 1. */
  percent(value: number | null | undefined, digits?: number): string;
  /** Formats seconds, as in `2 h 5 min`. */
  duration(seconds: number | null | undefined): string;
  /** As in `2 minutes ago`. */
  ago(thenMs: number, nowMs: number): string;
  date(time: string | number | null | undefined): string;
  clock(time: string | number): string;
  /** With the day of the week. */
  day(time: string | number): string;
  bytes(size: number): string;
}

const FAR = 1e6;
const NEAR = 1e-3;
/** A longer number is written in powers of ten: written out, 1e308 has 309 digits. */
const FAR_WHOLE = 1e15;
const FAR_SHARE = 1e4;
const SECONDS_PER_YEAR = 31_557_600;
/** Beyond this, a duration is in years. */
const FAR_DURATION_S = 1_000 * SECONDS_PER_YEAR;
const UNITS: ReadonlyArray<[Intl.RelativeTimeFormatUnit, number]> = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** Creating a format takes much longer than using it. */
function cached<Key>(make: (key: Key) => Intl.NumberFormat): (key: Key) => Intl.NumberFormat {
  const made = new Map<Key, Intl.NumberFormat>();
  return (key) => {
    const format = made.get(key) ?? make(key);
    made.set(key, format);
    return format;
  };
}

export function formatsOf(locale: string): Formats {
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const plain = new Intl.NumberFormat(locale, { maximumSignificantDigits: 4 });
  const scientific = new Intl.NumberFormat(locale, {
    notation: "scientific",
    maximumSignificantDigits: 4,
  });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "full" });
  const clock = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
  const farShare = new Intl.NumberFormat(locale, {
    style: "percent",
    notation: "scientific",
    maximumSignificantDigits: 4,
  });
  const years = new Intl.NumberFormat(locale, {
    style: "unit",
    unit: "year",
    notation: "scientific",
    maximumSignificantDigits: 4,
  });
  const shares = cached(
    (digits: number) =>
      new Intl.NumberFormat(locale, {
        style: "percent",
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      }),
  );
  const spans = cached(
    (unit: string) => new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short" }),
  );
  const sizes = cached(
    (unit: string) =>
      new Intl.NumberFormat(locale, { style: "unit", unit, maximumSignificantDigits: 3 }),
  );

  return {
    metric(value) {
      if (value === null || value === undefined) {
        return NOTHING;
      }
      if (Number.isNaN(value)) {
        return "NaN";
      }
      const size = Math.abs(value);
      return (size !== 0 && (size >= FAR || size < NEAR) ? scientific : plain).format(value);
    },
    whole(value) {
      if (value === null || value === undefined) {
        return NOTHING;
      }
      return (Math.abs(value) < FAR_WHOLE ? whole : scientific).format(value);
    },
    percent(value, digits = 1) {
      if (value === null || value === undefined) {
        return NOTHING;
      }
      return (Math.abs(value) < FAR_SHARE ? shares(digits) : farShare).format(value);
    },
    duration(seconds) {
      if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) {
        return NOTHING;
      }
      if (seconds > FAR_DURATION_S) {
        return years.format(seconds / SECONDS_PER_YEAR);
      }
      const total = Math.max(0, Math.round(seconds));
      const parts: Array<[number, string]> = [
        [Math.floor(total / 86_400), "day"],
        [Math.floor(total / 3_600) % 24, "hour"],
        [Math.floor(total / 60) % 60, "minute"],
        [total % 60, "second"],
      ];
      const first = parts.findIndex(([count]) => count > 0);
      // Two units are precise enough.
      const shown = first < 0 ? parts.slice(3) : parts.slice(first, first + 2);
      return shown
        .filter(([count], index) => index === 0 || count > 0)
        .map(([count, unit]) => spans(unit).format(count))
        .join(" ");
    },
    ago(thenMs, nowMs) {
      const seconds = Math.max(0, (nowMs - thenMs) / 1000);
      if (!(seconds < FAR_DURATION_S)) {
        return NOTHING;
      }
      const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? ["second", 1];
      return relative.format(-Math.floor(seconds / size), unit);
    },
    date: (time) => shown(date, time),
    clock: (time) => shown(clock, time),
    day: (time) => shown(day, time),
    bytes(size) {
      const isFar = !(Math.abs(size) < FAR_WHOLE * 1000) || Math.abs(size) < NEAR;
      if (isFar && size !== 0) {
        return `${scientific.format(size)} B`;
      }
      const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte"];
      const power = size < 1 ? 0 : Math.min(5, Math.floor(Math.log10(size) / 3));
      return sizes(units[power] as string).format(size / 1000 ** power);
    },
  };
}

/** JavaScript has no dates beyond the year 275,760. */
function shown(format: Intl.DateTimeFormat, time: string | number | null | undefined): string {
  const at = new Date(time ?? Number.NaN);
  return Number.isNaN(at.getTime()) ? NOTHING : format.format(at);
}
