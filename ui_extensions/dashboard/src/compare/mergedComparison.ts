// Puts the parts of a comparison together that were loaded in batches of runs.

import type { RunComparison } from "../../../live/schemas";

type Param = RunComparison["params"][number];
type Metric = RunComparison["metrics"][number];

export function mergedComparison(parts: readonly RunComparison[]): RunComparison {
  const [first] = parts;
  if (first && parts.length === 1) {
    return first;
  }
  const counts = parts.map(({ runs }) => runs.length);
  const params = joined<Param>(
    parts.map((part) => part.params),
    (found, at) => {
      const values = found.flatMap((each, part) => each?.values ?? nulls(counts[part]));
      return { name: at, values, differs: differs(found, values) };
    },
  );
  const metrics = joined<Metric>(
    parts.map((part) => part.metrics),
    (found, at) => {
      const values = found.flatMap((each, part) => each?.values ?? nulls(counts[part]));
      const words = found.flatMap((each, part) => each?.not_finite ?? nulls(counts[part]));
      const both = values.map((value, run) => words[run] ?? value);
      return { name: at, values, not_finite: words, differs: differs(found, both) };
    },
  );
  return {
    runs: parts.flatMap(({ runs }) => runs),
    missing: parts.flatMap(({ missing }) => missing),
    params,
    metrics,
    num_params: Math.max(params.length, ...parts.map(({ num_params }) => num_params)),
    num_metrics: Math.max(metrics.length, ...parts.map(({ num_metrics }) => num_metrics)),
  };
}

/** One entry for each name, made of the entries of the parts that have it. */
function joined<T extends { name: string }>(
  parts: ReadonlyArray<readonly T[]>,
  make: (found: Array<T | undefined>, name: string) => T,
): T[] {
  const byName = parts.map((entries) => new Map(entries.map((each) => [each.name, each])));
  const names = [...new Set(parts.flatMap((entries) => entries.map(({ name }) => name)))].sort();
  return names.map((name) =>
    make(
      byName.map((entries) => entries.get(name)),
      name,
    ),
  );
}

/** Of texts that the server has cut nobody knows whether they are equal: they are shown. */
function differs(
  found: ReadonlyArray<{ differs: boolean } | undefined>,
  values: ReadonlyArray<string | number | null>,
): boolean {
  const isCut = values.some((value) => typeof value === "string" && value.endsWith("…"));
  return isCut || found.some((each) => each?.differs) || new Set(values).size > 1;
}

function nulls(count = 0): null[] {
  return Array.from({ length: count }, () => null);
}
