// Sorts critical conditions, the worst first, and chooses the scale of each.

import type { CriticalCondition } from "../../../live/schemas";

const ORDER: Record<CriticalCondition["status"], number> = {
  critical: 0,
  warning: 1,
  no_data: 2,
  ok: 3,
};

/** Start of a condition's scale: high values get a scale near 1, where the floors are. */
export function scaleStart({
  sensitivity,
  confidence_interval: interval,
}: CriticalCondition): number {
  const least = interval?.[0] ?? sensitivity ?? 0;
  return least >= 0.8 ? 0.8 : least >= 0.5 ? 0.5 : 0;
}

export function inOrder(
  conditions: Readonly<Record<string, CriticalCondition>>,
): Array<[string, CriticalCondition]> {
  return Object.entries(conditions).sort(
    ([a, one], [b, other]) => ORDER[one.status] - ORDER[other.status] || a.localeCompare(b),
  );
}
