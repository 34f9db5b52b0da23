import { useState } from "react";
import type { ProjectDetail } from "../../../../live/schemas";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { artifactUrl } from "../../run/artifacts";
import { LongText } from "../../ui/LongText";
import { Section } from "../../ui/Section";
import { ShowMore } from "../../ui/ShowMore";
import table from "../Table.module.css";

const texts = words(
  {
    title: "Undecided rows, the most probable first",
    cut: (shown: string, all: string) => `The first ${shown} of ${all} rows.`,
    download: "Download all (JSON)",
    table: "Ranked rows",
    rank: "Rank",
    row: "Row of the table",
    label: "Label there",
    class: "Class",
    probability: "Probability",
    decision: "Decision",
    abstains: "none: not sure enough",
  },
  {
    fr: {
      title: "Lignes indécises, les plus probables d’abord",
      cut: (shown, all) => `Les ${shown} premières lignes sur ${all}.`,
      download: "Tout télécharger (JSON)",
      table: "Lignes classées",
      rank: "Rang",
      row: "Ligne du tableau",
      label: "Étiquette",
      class: "Classe",
      probability: "Probabilité",
      decision: "Décision",
      abstains: "aucune : pas assez sûr",
    },
  },
);

const AT_ONCE = 20;
const ARTIFACT = "project/ranked.json";

/** The rows without a decided label, ranked by what the model makes of them. */
export function RankedRows({ detail }: { detail: ProjectDetail }) {
  const t = useWords(texts);
  const { percent, whole } = useFormats();
  const [limit, setLimit] = useState(AT_ONCE);
  const { ranked, num_ranked, run_id } = detail;
  if (ranked.length === 0) {
    return null;
  }
  return (
    <Section title={t.title}>
      <div className={table.part}>
        <div className={table.head}>
          <span>{t.cut(whole(Math.min(limit, ranked.length)), whole(num_ranked))}</span>
          {run_id && (
            <a href={artifactUrl(run_id, ARTIFACT)} download>
              {t.download}
            </a>
          )}
        </div>
        <section className={table.scroller} tabIndex={0} aria-label={t.table}>
          <table className={table.table}>
            <thead>
              <tr>
                <th scope="col">{t.rank}</th>
                <th scope="col" className={table.number}>
                  {t.row}
                </th>
                <th scope="col">{t.label}</th>
                <th scope="col">{t.class}</th>
                <th scope="col" className={table.number}>
                  {t.probability}
                </th>
                <th scope="col">{t.decision}</th>
              </tr>
            </thead>
            <tbody>
              {ranked.slice(0, limit).map((row, index) => (
                <tr key={index}>
                  <td>{whole(numberIn(row.rank))}</td>
                  {/* The pipeline counts rows from 0, people from 1. */}
                  <td className={table.number}>
                    {whole(typeof row.row === "number" ? row.row + 1 : null)}
                  </td>
                  <td>
                    <LongText text={textIn(row.label)} />
                  </td>
                  <td>
                    <LongText text={textIn(row.ranked_class)} />
                  </td>
                  <td className={table.number}>{percent(numberIn(row.probability))}</td>
                  <td>
                    {row.abstained === true ? (
                      <span className={table.muted}>{t.abstains}</span>
                    ) : (
                      <LongText text={textIn(row.decision)} />
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
        <ShowMore
          left={ranked.length - limit}
          step={AT_ONCE}
          onMore={() => setLimit(limit + AT_ONCE)}
        />
      </div>
    </Section>
  );
}

function numberIn(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

function textIn(value: unknown): string {
  return typeof value === "string" ? value : "";
}
