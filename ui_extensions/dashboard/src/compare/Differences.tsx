import { closed } from "../../../live/bidi";
import { LineSign } from "../charts/LineSign";
import { NOTHING, useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { useAddressChoice } from "../ui/addressState";
import { Empty, Section } from "../ui/Section";
import type { RunComparison } from "../../../live/schemas";
import type { ComparedRun } from "./comparedRuns";
import shared from "./ComparePage.module.css";
import styles from "./Differences.module.css";
import { tellingFirst } from "./fieldOrder";

const texts = words(
  {
    title: "Differences",
    all: "Show what is equal, too",
    params: "Params",
    metrics: "Newest values of the metrics",
    equal: "All params and metrics are equal.",
    name: "Name",
    some: (shown: string, total: string) => `The first ${shown} of ${total} names are compared.`,
  },
  {
    fr: {
      title: "Différences",
      all: "Afficher aussi ce qui est égal",
      params: "Paramètres",
      metrics: "Dernières valeurs des métriques",
      equal: "Tous les paramètres et toutes les métriques sont égaux.",
      name: "Nom",
      some: (shown, total) => `Les ${shown} premiers noms sur ${total} sont comparés.`,
    },
  },
);

/** More rows than anybody reads; the metrics have their charts. */
const MOST_ROWS = 300;
const MOST_CELLS = 10_000;

interface Props {
  comparison: RunComparison;
  runs: readonly ComparedRun[];
}

export function Differences({ comparison, runs }: Props) {
  const t = useWords(texts);
  const [which, setWhich] = useAddressChoice("differences", ["differing", "all"]);
  const isWanted = ({ differs }: { differs: boolean }): boolean => which === "all" || differs;
  const params = tellingFirst(comparison.params.filter(isWanted));
  const metrics = tellingFirst(comparison.metrics.filter(isWanted));
  const baseline = runs.findIndex(({ isBaseline }) => isBaseline);
  return (
    <Section
      title={t.title}
      tools={
        <label>
          <input
            type="checkbox"
            checked={which === "all"}
            onChange={(event) => setWhich(event.target.checked ? "all" : "differing")}
          />
          {t.all}
        </label>
      }
    >
      {params.length + metrics.length === 0 && <Empty>{t.equal}</Empty>}
      <Rows title={t.params} runs={runs} rows={params} total={comparison.num_params}>
        {({ values }, run) => {
          const value = values[run];
          return value === null || value === undefined ? (
            NOTHING
          ) : (
            <span title={value}>
              <bdi>{closed(value)}</bdi>
            </span>
          );
        }}
      </Rows>
      <Rows title={t.metrics} runs={runs} rows={metrics} total={comparison.num_metrics}>
        {({ values, not_finite }, run) => (
          <Value
            value={values[run] ?? null}
            word={not_finite[run] ?? null}
            baseline={run === baseline ? null : (values[baseline] ?? null)}
          />
        )}
      </Rows>
    </Section>
  );
}

interface RowsProps<T> {
  title: string;
  runs: readonly ComparedRun[];
  rows: readonly T[];
  /** Number of names that the runs have. */
  total: number;
  children(row: T, run: number): React.ReactNode;
}

function Rows<T extends { name: string; differs: boolean }>(props: RowsProps<T>) {
  const { title, runs, rows, total, children } = props;
  const t = useWords(texts);
  const { whole } = useFormats();
  const most = Math.min(MOST_ROWS, Math.ceil(MOST_CELLS / Math.max(1, runs.length)));
  if (rows.length === 0) {
    return null;
  }
  return (
    <>
      {/* A scrolling region must be reachable by keyboard. */}
      <div className={styles.region} tabIndex={0} role="region" aria-label={title}>
        <table className={styles.table}>
          <caption>{title}</caption>
          <thead>
            <tr>
              <th scope="col">{t.name}</th>
              {runs.map(({ row, name, style, isBaseline }) => (
                <th
                  key={row.run_id}
                  scope="col"
                  title={name}
                  data-baseline={isBaseline || undefined}
                >
                  <span className={styles.run}>
                    <LineSign {...style} />
                    <bdi>{closed(name)}</bdi>
                  </span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, most).map((row) => (
              <tr key={row.name} data-differs={row.differs || undefined}>
                <th scope="row" title={row.name}>
                  <bdi>{closed(row.name)}</bdi>
                </th>
                {runs.map((run, index) => (
                  <td key={run.row.run_id}>{children(row, index)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > most && <p className={shared.note}>{t.some(whole(most), whole(total))}</p>}
    </>
  );
}

interface ValueProps {
  value: number | null;
  word: string | null;
  /** The value of the baseline; null for the baseline itself. */
  baseline: number | null;
}

function Value({ value, word, baseline }: ValueProps) {
  const { metric } = useFormats();
  if (value === null) {
    return <>{word ?? NOTHING}</>;
  }
  const change = baseline === null ? Number.NaN : value - baseline;
  return (
    <span title={String(value)}>
      {metric(value)}
      {Number.isFinite(change) && (
        <small>{` ${change > 0 ? "+" : ""}${change === 0 ? "=" : metric(change)}`}</small>
      )}
    </span>
  );
}
