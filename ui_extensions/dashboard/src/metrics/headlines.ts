// The few metrics by which a run is followed: the same choice as api/runs/headlines.py.

import type { MetricCatalog, MetricRole, MetricSplit } from "../../../live/schemas";
import { classify, type MetricClass } from "./classifier";

export const MOST_HEADLINES = 8;
const MOST_OTHERS = 3;

const ROLES: readonly MetricRole[] = ["loss", "accuracy", "auc_roc", "f1", "score", "error"];
const SPLITS: readonly MetricSplit[] = ["val", "train", "none", "test"];

/** One metric for each measure of quality and split; without any, the first few others. */
export function headlineNames(names: readonly string[], catalog: MetricCatalog): string[] {
  const classOf = (name: string): MetricClass => classify(name, catalog);
  const measured = [...new Set(names)].filter((name) => ROLES.includes(classOf(name).role));
  measured.sort((a, b) => compared(orderOf(a, classOf(a)), orderOf(b, classOf(b))));
  const places = new Set<string>();
  const chosen = measured.filter((name) => {
    const { role, measure, split } = classOf(name);
    const place = JSON.stringify([role, measure, split]);
    return !places.has(place) && places.add(place);
  });
  if (chosen.length > 0) {
    return chosen.slice(0, MOST_HEADLINES);
  }
  const others = names.filter((name) => classOf(name).role === "other");
  return [...new Set(others)].sort().slice(0, MOST_OTHERS);
}

type Order = ReadonlyArray<number | string>;

function orderOf(name: string, { role, group, measure, split }: MetricClass): Order {
  const isPart = measure === group ? 0 : 1;
  // train_loss comes before train_loss_epoch.
  return [ROLES.indexOf(role), isPart, measure, SPLITS.indexOf(split), name.length, name];
}

function compared(a: Order, b: Order): number {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index < 0 ? 0 : (a[index] as string) < (b[index] as string) ? -1 : 1;
}
