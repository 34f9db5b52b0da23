// Classifies a metric by its name: the same algorithm as api/runs/metric_classifier.py, with the
// tables that the server's catalogue has. Names are untrusted, so the work is linear in their length.

import type {
  CatalogMetric,
  MetricCatalog,
  MetricDirection,
  MetricFamily,
  MetricRole,
  MetricSplit,
  MetricTerm,
} from "../../../live/schemas";

/** Metrics of the same `group` and `measure` share a chart; without a group, it has no section. */
export interface MetricClass {
  role: MetricRole;
  split: MetricSplit;
  direction: MetricDirection;
  group: string | null;
  measure: string;
}

const MAX_CHARS = 250;
const MAX_CACHED = 50_000;
const MOST_PIECES = 8;
const LONGEST_PHRASE = 3;

// Letters outside ASCII belong to words, which then are in no table.
const PART = /[A-Za-z0-9\u{80}-\u{10ffff}]+/gu;
const INNER_CAPITAL = /([a-z0-9])([A-Z])/g;
const NUMBER = /^[0-9]+$/;

const classifiers = new WeakMap<MetricCatalog, Classifier>();

/** The class of any name; `other` without a direction if nothing is known about it. */
export function classify(name: string, catalog: MetricCatalog): MetricClass {
  let classifier = classifiers.get(catalog);
  if (!classifier) {
    classifier = new Classifier(catalog);
    classifiers.set(catalog, classifier);
  }
  return classifier.classify(name);
}

interface Match {
  rank: number;
  first: number;
  end: number;
}

class Classifier {
  private readonly known = new Map<string, MetricClass>();
  private readonly metrics: ReadonlyMap<string, CatalogMetric>;
  private readonly families: readonly MetricFamily[];
  private readonly terms: readonly MetricTerm[];
  private readonly splitOf = new Map<string, MetricSplit>();
  private readonly splitPrefixes: readonly string[];
  private readonly rankOf = new Map<string, number>();
  private readonly rankAlone = new Map<string, number>();
  private readonly phraseBeginnings = new Set<string>();
  private readonly plain: ReadonlySet<string>;
  private readonly plainOf: ReadonlyArray<ReadonlySet<string>>;
  private readonly granularity: ReadonlySet<string>;
  private readonly settings: ReadonlySet<string>;
  private readonly counts: ReadonlySet<string>;
  private readonly undirected: ReadonlySet<string>;

  constructor({ metrics, families, words }: MetricCatalog) {
    this.metrics = new Map(metrics.map((metric) => [metric.name, metric]));
    this.families = families;
    this.terms = words.terms;
    for (const { split, words: named } of words.splits) {
      named.forEach((word) => this.splitOf.set(word, split));
    }
    this.splitPrefixes = [...this.splitOf.keys()].sort(
      (a, b) => b.length - a.length || (a < b ? -1 : 1),
    );
    words.terms.forEach(({ words: named, alone }, rank) => {
      named.forEach((word) => this.rankOf.set(word, rank));
      alone.forEach((word) => this.rankAlone.set(word, rank));
    });
    for (const phrase of this.rankOf.keys()) {
      if (phrase.includes(" ")) {
        this.phraseBeginnings.add(phrase.split(" ")[0] ?? "");
      }
    }
    this.plain = new Set(words.plain);
    this.plainOf = words.terms.map(
      (term) =>
        new Set(
          [...term.words, ...term.alone, ...term.plain].flatMap((phrase) => phrase.split(" ")),
        ),
    );
    this.granularity = new Set(words.granularity);
    this.settings = new Set(words.settings);
    this.counts = new Set(words.counts);
    this.undirected = new Set([...words.undirected, ...words.counts]);
  }

  classify(name: string): MetricClass {
    const cached = this.known.get(name);
    if (cached) {
      return cached;
    }
    if (this.known.size >= MAX_CACHED) {
      this.known.clear();
    }
    const found = this.ofCatalog(name) ?? this.ofWords([...name].slice(0, MAX_CHARS).join(""));
    this.known.set(name, found);
    return found;
  }

  private ofCatalog(name: string): MetricClass | undefined {
    const metric = this.metrics.get(name);
    if (metric) {
      const { role, split, direction, group } = metric;
      return { role, split, direction, group: group ?? null, measure: group ?? name };
    }
    const family = this.families.find(({ prefix }) => name.startsWith(prefix));
    if (family) {
      const { role, direction, group } = family;
      return { role, split: "none", direction, group: group ?? null, measure: group ?? name };
    }
    return undefined;
  }

  private ofWords(name: string): MetricClass {
    const parts = name.match(PART) ?? [];
    const { split, rest } = this.withoutSplit(parts.flatMap((part) => this.wordsOf(part)));
    const words = this.withoutGranularity(rest);
    const text = words.join(" ") || name;
    const other: MetricClass = {
      role: "other",
      split,
      direction: "none",
      group: null,
      measure: text,
    };
    if (words.length === 1 && words[0] === "epoch") {
      return { ...other, role: "epoch" };
    }
    const matches = this.matches(words);
    const match = matches.reduce<Match | undefined>(
      (best, each) => (best && best.rank <= each.rank ? best : each),
      undefined,
    );
    const term = match && this.terms[match.rank];
    if (!term) {
      return other;
    }
    // A name such as number/loss may still be a loss.
    const isCount = term.role !== "loss" && words.some((word) => this.counts.has(word));
    if (isCount || this.isSetting(words, matches, match)) {
      return other;
    }
    const isCovered = coverage(matches);
    const isUndirected = words.some(
      (word, index) => !isCovered.has(index) && this.undirected.has(word),
    );
    const isPlain = words.every(
      (word) => this.plain.has(word) || this.plainOf[match.rank]?.has(word),
    );
    return {
      role: term.role,
      split,
      direction: isUndirected ? "none" : term.direction,
      group: term.group ?? null,
      measure: term.measure && (term.is_one_chart || isPlain) ? term.measure : text,
    };
  }

  /** The words of a part without separators: valLoss and valloss are both val and loss. */
  private wordsOf(part: string): string[] {
    const word = part.toLowerCase();
    if (this.isKnown(word)) {
      return [word];
    }
    const pieces = part.replace(INNER_CAPITAL, "$1 $2").toLowerCase().split(" ");
    if (pieces.length > 1) {
      return pieces.length <= MOST_PIECES ? this.withKnownEnd(pieces) : pieces;
    }
    for (const prefix of this.splitPrefixes) {
      if (word.startsWith(prefix) && this.isKnown(word.slice(prefix.length))) {
        return [prefix, word.slice(prefix.length)];
      }
    }
    return [word];
  }

  /** The pieces, the last ones as one word if there is one: IoU and F1Score are no two words. */
  private withKnownEnd(pieces: string[]): string[] {
    for (let start = 1; start < pieces.length; start += 1) {
      const joined = pieces.slice(start).join("");
      if (this.isKnown(joined)) {
        return [...pieces.slice(0, start), joined];
      }
    }
    return pieces;
  }

  /** The split that the words name, and the others; words of two splits name none. */
  private withoutSplit(words: string[]): { split: MetricSplit; rest: string[] } {
    const [split, ...others] = new Set(words.flatMap((word) => this.splitOf.get(word) ?? []));
    if (split === undefined || others.length > 0) {
      return { split: "none", rest: words };
    }
    const isSplit = (word: string | undefined): boolean =>
      word !== undefined && this.splitOf.has(word);
    // The number of a data set, as in valid_0, goes with the split.
    const rest = words.filter(
      (word, index) => !isSplit(word) && !(NUMBER.test(word) && isSplit(words[index - 1])),
    );
    return { split, rest };
  }

  /** Without the step or epoch of train_loss_step and epoch_loss; a name of nothing else keeps one. */
  private withoutGranularity(words: string[]): string[] {
    let [first, end] = [0, words.length];
    while (end - first > 1 && this.granularity.has(words[end - 1] ?? "")) {
      end -= 1;
    }
    while (end - first > 1 && this.granularity.has(words[first] ?? "")) {
      first += 1;
    }
    return words.slice(first, end);
  }

  /** The terms in the words; of overlapping ones, the longest from the left. */
  private matches(words: readonly string[]): Match[] {
    const matches: Match[] = [];
    for (let first = 0; first < words.length;) {
      const [rank, end] = this.longest(words, first);
      if (rank !== undefined) {
        matches.push({ rank, first, end });
      }
      first = end;
    }
    return matches;
  }

  private longest(words: readonly string[], first: number): [number | undefined, number] {
    const word = words[first] ?? "";
    if (this.phraseBeginnings.has(word)) {
      for (let end = Math.min(first + LONGEST_PHRASE, words.length); end > first + 1; end -= 1) {
        const rank = this.rankOf.get(words.slice(first, end).join(" "));
        if (rank !== undefined) {
          return [rank, end];
        }
      }
    }
    const rank = this.rankOf.get(word) ?? this.rankIfAlone(words, first);
    return [rank ?? this.rankBySuffix(word), first + 1];
  }

  private rankIfAlone(words: readonly string[], index: number): number | undefined {
    const rank = this.rankAlone.get(words[index] ?? "");
    const isAlone =
      rank !== undefined &&
      words.every((word, other) => other === index || this.plain.has(word) || NUMBER.test(word));
    return isAlone ? rank : undefined;
  }

  private rankBySuffix(word: string): number | undefined {
    const rank = this.terms.findIndex(({ suffixes }) => suffixes.some((end) => word.endsWith(end)));
    return rank < 0 ? undefined : rank;
  }

  /** Whether the name is that of a setting or a statistic, such as loss_scale or loss_std. */
  private isSetting(words: readonly string[], matches: readonly Match[], { end }: Match): boolean {
    const isCovered = coverage(matches.filter((each) => each.end > end));
    return words.some(
      (word, index) => index >= end && !isCovered.has(index) && this.settings.has(word),
    );
  }

  private isKnown(word: string): boolean {
    return this.rankOf.has(word) || this.rankAlone.has(word) || this.splitOf.has(word);
  }
}

function coverage(matches: readonly Match[]): ReadonlySet<number> {
  const covered = new Set<number>();
  for (const { first, end } of matches) {
    for (let index = first; index < end; index += 1) {
      covered.add(index);
    }
  }
  return covered;
}
