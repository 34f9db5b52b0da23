// The labels of an axis's ticks.

type Format = (value: number) => string;

/** One label per tick. Where rounding would make two equal, all but the first say how far they are from it. */
export function tickLabels(ticks: readonly number[], format: Format): string[] {
  const labels = ticks.map(format);
  const [first] = ticks;
  if (first === undefined || new Set(labels).size === labels.length) {
    return labels;
  }
  return ticks.map((tick, index) => (index === 0 ? format(tick) : `+${format(tick - first)}`));
}
