import { useDeferredValue, useMemo, useState } from "react";
import type { LeakEntry, ProjectDetail } from "../../../../live/schemas";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { LongText } from "../../ui/LongText";
import { Section } from "../../ui/Section";
import { ShowMore } from "../../ui/ShowMore";
import table from "../Table.module.css";
import { OverrideDialog } from "./OverrideDialog";

const texts = words(
  {
    title: "Columns that give the answer away",
    none: "No column was found that gives the answer away.",
    how: "A score that is much higher with a column means that the column knows the answer. It would not be there for new rows, so it is left out unless you say why it may stay.",
    search: "Find a column",
    table: "Flagged columns",
    column: "Column",
    why: "Why",
    with: "With it",
    without: "Without it",
    decision: "Decision",
    out: "Left out",
    kept: "Kept",
    override: "Use it…",
    overrideOf: (column: string) => `Use it… (${column})`,
    by: (who: string, when: string, reason: string) => `by ${who}, ${when}: ${reason}`,
  },
  {
    fr: {
      title: "Colonnes qui trahissent la réponse",
      none: "Aucune colonne qui trahit la réponse n’a été trouvée.",
      how: "Un score bien plus élevé avec une colonne signifie que celle-ci connaît la réponse. Elle manquerait pour de nouvelles lignes : elle est donc écartée, sauf si vous dites pourquoi elle peut rester.",
      search: "Chercher une colonne",
      table: "Colonnes signalées",
      column: "Colonne",
      why: "Raison",
      with: "Avec",
      without: "Sans",
      decision: "Décision",
      out: "Écartée",
      kept: "Gardée",
      override: "L’utiliser…",
      overrideOf: (column) => `L’utiliser… (${column})`,
      by: (who, when, reason) => `par ${who}, ${when} : ${reason}`,
    },
  },
);

const AT_ONCE = 20;

interface Props {
  detail: ProjectDetail;
  onChanged(): void;
}

/** The flagged columns, with the score of a model with and without each, and the way to overrule. */
export function LeakTable({ detail, onChanged }: Props) {
  const t = useWords(texts);
  const { metric, date } = useFormats();
  const { leaks, overrides } = detail;
  const [search, setSearch] = useState("");
  const [limit, setLimit] = useState(AT_ONCE);
  const [overruled, setOverruled] = useState<LeakEntry>();
  const wanted = useDeferredValue(search.trim().toLocaleLowerCase());
  const found = useMemo(
    () => leaks.filter(({ column }) => column.toLocaleLowerCase().includes(wanted)),
    [leaks, wanted],
  );
  if (leaks.length === 0) {
    return (
      <Section title={t.title}>
        <p className={table.muted}>{t.none}</p>
      </Section>
    );
  }
  return (
    <Section title={t.title}>
      <div className={table.part}>
        <p className={table.muted}>{t.how}</p>
        {leaks.length > AT_ONCE && (
          <div className={table.head}>
            <input
              type="search"
              value={search}
              placeholder={t.search}
              aria-label={t.search}
              onChange={(event) => setSearch(event.target.value)}
            />
          </div>
        )}
        <section className={table.scroller} tabIndex={0} aria-label={t.table}>
          <table className={table.table}>
            <thead>
              <tr>
                <th scope="col">{t.column}</th>
                <th scope="col" className={table.number}>
                  {t.with}
                </th>
                <th scope="col" className={table.number}>
                  {t.without}
                </th>
                <th scope="col">{t.why}</th>
                <th scope="col">{t.decision}</th>
              </tr>
            </thead>
            <tbody>
              {found.slice(0, limit).map((leak) => {
                const override = overrides.find(({ column }) => column === leak.column);
                return (
                  <tr key={leak.column}>
                    <th scope="row">
                      <LongText text={leak.column} />
                    </th>
                    <td className={table.number}>{metric(leak.score_with)}</td>
                    <td className={table.number}>{metric(leak.score_without)}</td>
                    <td className={table.long} lang="en">
                      <LongText text={leak.reason} />
                    </td>
                    <td>
                      <Badge tone={leak.left_out ? "ok" : "warning"}>
                        {leak.left_out ? t.out : t.kept}
                      </Badge>{" "}
                      {override ? (
                        <LongText text={t.by(override.who, date(override.at), override.reason)} />
                      ) : (
                        leak.left_out && (
                          <Button
                            variant="subtle"
                            aria-label={t.overrideOf(leak.column)}
                            onClick={() => setOverruled(leak)}
                          >
                            {t.override}
                          </Button>
                        )
                      )}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </section>
        <ShowMore
          left={found.length - limit}
          step={4 * AT_ONCE}
          onMore={() => setLimit(limit + 4 * AT_ONCE)}
        />
      </div>
      {overruled && (
        <OverrideDialog
          projectId={detail.project_id}
          column={overruled.column}
          onClose={() => setOverruled(undefined)}
          onDone={() => {
            setOverruled(undefined);
            onChanged();
          }}
        />
      )}
    </Section>
  );
}
