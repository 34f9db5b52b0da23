// The order in which params and metrics of compared runs are shown.

interface Compared {
  differs: boolean;
  values: ReadonlyArray<string | number | null>;
  not_finite?: ReadonlyArray<string | null>;
}

/** First what all runs have and what differs, then what else differs; each in the order given. */
export function tellingFirst<T extends Compared>(fields: readonly T[]): T[] {
  const rank = (field: T): number => (field.differs ? (isOfAll(field) ? 0 : 1) : 2);
  return [...fields].sort((a, b) => rank(a) - rank(b));
}

function isOfAll({ values, not_finite }: Compared): boolean {
  return values.every((value, run) => value !== null || Boolean(not_finite?.[run]));
}
