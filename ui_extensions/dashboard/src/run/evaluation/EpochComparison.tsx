import { memo, type ReactNode, useDeferredValue, useMemo, useState } from "react";
import type { EpochDetails, MetricCatalog } from "../../../../live/schemas";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { useMetricCatalog } from "../../metrics/useMetricCatalog";
import { useAddressChoice, useAddressList } from "../../ui/addressState";
import { Button } from "../../ui/Button";
import { Empty, Section } from "../../ui/Section";
import { ShowMore } from "../../ui/ShowMore";
import { type ComparedMetric, type ComparedValue, compared, type Part, partOf } from "./comparison";
import styles from "./EpochComparison.module.css";
import { EpochField } from "./EpochField";
import { best, isEvaluated, nearest, type Criterion } from "./epochs";

const texts = words(
  {
    title: "Compare epochs",
    table: "Metrics of the epochs side by side",
    metric: "Metric",
    epoch: "Epoch",
    nth: (n: string) => `Epoch in column ${n}`,
    remove: (epoch: string) => `Remove epoch ${epoch}`,
    add: "Add an epoch",
    full: "Four epochs are the most that can be compared",
    reset: "First, best, latest",
    resetTitle: "Compare these again, and follow the training",
    compareTo: (epoch: string) => `Differences are to epoch ${epoch}.`,
    first: "first",
    oldest: "oldest that can be picked",
    score: "best by F1, AUROC and kappa",
    loss: "best by validation loss",
    accuracy: "best by validation accuracy",
    latest: "latest",
    best: "best",
    better: "better",
    worse: "worse",
    same: "same",
    show: "Show",
    main: "Main metrics",
    classes: "Recall per class",
    all: "All metrics",
    search: "Find a metric",
    noMatch: "No metric matches.",
    none: "These epochs have no such metric.",
  },
  {
    fr: {
      title: "Comparer des époques",
      table: "Métriques des époques côte à côte",
      metric: "Métrique",
      epoch: "Époque",
      nth: (n) => `Époque de la colonne ${n}`,
      remove: (epoch) => `Retirer l’époque ${epoch}`,
      add: "Ajouter une époque",
      full: "Quatre époques au plus peuvent être comparées",
      reset: "Première, meilleure, dernière",
      resetTitle: "Comparer de nouveau celles-ci, au fil de l’entraînement",
      compareTo: (epoch) => `Les différences se rapportent à l’époque ${epoch}.`,
      first: "première",
      oldest: "la plus ancienne disponible",
      score: "meilleure selon F1, AUROC et kappa",
      loss: "meilleure selon la perte de validation",
      accuracy: "meilleure selon l’exactitude de validation",
      latest: "dernière",
      best: "meilleure valeur",
      better: "mieux",
      worse: "moins bien",
      same: "identique",
      show: "Afficher",
      main: "Métriques principales",
      classes: "Rappel par classe",
      all: "Toutes les métriques",
      search: "Chercher une métrique",
      noMatch: "Aucune métrique ne correspond.",
      none: "Ces époques n’ont pas de telle métrique.",
    },
  },
);

export const FEWEST_COMPARED = 2;
const MOST = 4;
const AT_ONCE = 100;
/** From this number of metrics a search is shown. */
const MANY = 30;

const PARTS: readonly [Part, ...Part[]] = ["main", "classes", "all"];

interface Props {
  /** Oldest first. */
  epochs: readonly EpochDetails[];
  /** Number of epochs of the run, which may be larger. */
  total: number;
}

/** Epochs side by side, each compared with the first of them. */
export const EpochComparison = memo(function EpochComparison({ epochs, total }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const [named, setNamed] = useAddressList("compare");
  const [part, setPart] = useAddressChoice("compare_by", PARTS);
  const picked = useMemo(() => epochsIn(named), [named]);
  const setPicked = (numbers: readonly number[]) => setNamed(numbers.map(String));
  const catalog = useMetricCatalog((state) => state.catalog);
  const defaults = useMemo(() => defaultEpochs(epochs, total, catalog), [epochs, total, catalog]);
  const wanted = picked.length > 0 ? picked : defaults.epochs;
  const shown = useMemo(
    () => wanted.flatMap((epoch) => nearest(epochs, epoch) ?? []),
    [epochs, wanted],
  );
  const metrics = useMemo(() => compared(shown, catalog), [shown, catalog]);
  if (epochs.length < FEWEST_COMPARED) {
    return null;
  }
  const numbers = shown.map(({ epoch }) => epoch);
  const tools = (
    <>
      <label>
        {t.show}
        <select value={part} onChange={(event) => setPart(event.target.value as Part)}>
          {PARTS.map((each) => (
            <option key={each} value={each}>
              {t[each]}
            </option>
          ))}
        </select>
      </label>
      <Button
        whyNot={shown.length < MOST ? undefined : t.full}
        onClick={() => setPicked([...numbers, another(epochs, numbers, catalog)])}
      >
        {t.add}
      </Button>
      {picked.length > 0 && (
        <Button title={t.resetTitle} onClick={() => setPicked([])}>
          {t.reset}
        </Button>
      )}
    </>
  );
  const heads = shown.map(({ epoch }, index) => (
    // Two columns may show the same epoch, so the key is the position.
    <th key={index} scope="col">
      <span className={styles.pick}>
        <span aria-hidden="true">{t.epoch}</span>
        <EpochField
          label={t.nth(whole(index + 1))}
          epochs={epochs}
          value={epoch}
          onPick={(other) => setPicked(numbers.with(index, other))}
        />
        {shown.length > FEWEST_COMPARED && (
          <Button
            variant="subtle"
            aria-label={t.remove(whole(epoch))}
            onClick={() => setPicked(numbers.toSpliced(index, 1))}
          >
            <span aria-hidden="true">✕</span>
          </Button>
        )}
      </span>
      <span className={styles.roles}>
        {defaults.rolesOf(epoch).map((role) => (
          <span key={role}>{t[role]}</span>
        ))}
      </span>
    </th>
  ));
  return (
    <Section title={t.title} tools={tools}>
      <p className={styles.note}>{t.compareTo(whole(numbers[0]))}</p>
      <Metrics key={part} metrics={partOf(metrics, part, catalog)} heads={heads} />
    </Section>
  );
});

function Metrics({ metrics, heads }: { metrics: readonly ComparedMetric[]; heads: ReactNode }) {
  const t = useWords(texts);
  const [search, setSearch] = useState("");
  const [limit, setLimit] = useState(AT_ONCE);
  const wanted = useDeferredValue(search).trim().toLowerCase();
  const found = metrics.filter(({ name }) => name.toLowerCase().includes(wanted));
  const left = found.length - limit;
  return (
    <>
      {metrics.length > MANY && (
        <input
          type="search"
          className={styles.search}
          value={search}
          placeholder={t.search}
          aria-label={t.search}
          onChange={(event) => setSearch(event.target.value)}
        />
      )}
      {/* A scrolling region must be reachable by keyboard. */}
      <section className={styles.scroller} tabIndex={0} aria-label={t.table}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t.metric}</th>
              {heads}
            </tr>
          </thead>
          <tbody>
            {found.slice(0, limit).map(({ name, values }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {values.map((value, index) => (
                  // A column is identified by its position.
                  <td key={index}>
                    <Value {...value} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {found.length === 0 && <Empty>{metrics.length > 0 ? t.noMatch : t.none}</Empty>}
      <ShowMore left={left} step={AT_ONCE} onMore={() => setLimit((before) => before + AT_ONCE)} />
    </>
  );
}

function Value({ value, difference, rating, isBest }: ComparedValue) {
  const t = useWords(texts);
  const { metric } = useFormats();
  return (
    <>
      <span className={isBest ? styles.best : undefined}>
        {isBest && (
          <>
            <span aria-hidden="true">★ </span>
            <span className="visually-hidden">{t.best}: </span>
          </>
        )}
        {metric(value)}
      </span>
      {difference !== undefined && (
        <span className={styles.difference} data-rating={rating}>
          {difference === 0
            ? t.same
            : `${difference > 0 ? "+" : "−"}${metric(Math.abs(difference))}`}
          {(rating === "better" || rating === "worse") && ` ${t[rating]}`}
        </span>
      )}
    </>
  );
}

type Role = "first" | "oldest" | Criterion | "latest";

/** The epochs compared by default: the first, the best and the latest. */
function defaultEpochs(epochs: readonly EpochDetails[], total: number, catalog: MetricCatalog) {
  const evaluated = epochs.filter((each) => isEvaluated(each, catalog));
  const eligible = evaluated.length >= FEWEST_COMPARED ? evaluated : epochs;
  const top = best(eligible, catalog);
  const named: Array<[Role, number | undefined]> = [
    [epochs.length < total ? "oldest" : "first", eligible[0]?.epoch],
    [top?.by ?? "score", top?.epoch.epoch],
    ["latest", eligible.at(-1)?.epoch],
  ];
  const numbers = named.flatMap(([, epoch]) => epoch ?? []);
  return {
    epochs: [...new Set(numbers)],
    rolesOf: (wanted: number): Role[] =>
      named.filter(([, epoch]) => epoch === wanted).map(([role]) => role),
  };
}

/** The newest epoch that is not shown; evaluated ones first. */
function another(
  epochs: readonly EpochDetails[],
  shown: readonly number[],
  catalog: MetricCatalog,
): number {
  const unseen = (each: EpochDetails): boolean => !shown.includes(each.epoch);
  const found =
    epochs.findLast((each) => unseen(each) && isEvaluated(each, catalog)) ??
    epochs.findLast(unseen);
  return found?.epoch ?? shown[0] ?? 0;
}

/** The epochs that the address names. */
function epochsIn(texts: readonly string[]): readonly number[] {
  return texts.map(Number).filter(Number.isInteger).slice(0, MOST);
}
