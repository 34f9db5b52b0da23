import type { ProjectDetail } from "../../../../live/schemas";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { LongText } from "../../ui/LongText";
import { Section } from "../../ui/Section";
import styles from "./Decisions.module.css";

const texts = words(
  {
    title: "Decisions on the way",
    out: (column: string) => `Leaves out ${column}`,
    kept: (column: string) => `Keeps ${column}, although it was flagged`,
    more: (count: string) => `${count} more flagged columns: see the result`,
    models: (names: string) => `Combines ${names}`,
    answered: (id: string, answer: string) => `${id}: ${answer}`,
    by: (who: string, when: string) => `${who}, ${when}`,
    override: (column: string) => `Trains on ${column} in spite of the flag`,
  },
  {
    fr: {
      title: "Décisions en chemin",
      out: (column) => `Écarte ${column}`,
      kept: (column) => `Garde ${column}, malgré le signalement`,
      more: (count) => `${count} autres colonnes signalées : voir le résultat`,
      models: (names) => `Combine ${names}`,
      answered: (id, answer) => `${id} : ${answer}`,
      by: (who, when) => `${who}, ${when}`,
      override: (column) => `Apprend de ${column} malgré le signalement`,
    },
  },
);

const MOST_LEAKS = 8;

interface Decision {
  what: string;
  why: string;
}

/** What was decided by the server and by people, each with its reason. */
export function Decisions({ detail }: { detail: ProjectDetail }) {
  const t = useWords(texts);
  const { date, whole } = useFormats();
  const { leaks, selected_models } = detail;
  const decisions: Decision[] = [
    ...detail.answers.map(({ id, answer, who, answered_at }) => ({
      what: t.answered(id, answer),
      why: t.by(who, date(answered_at)),
    })),
    ...leaks.slice(0, MOST_LEAKS).map(({ column, reason, left_out }) => ({
      what: left_out ? t.out(column) : t.kept(column),
      why: reason,
    })),
    ...(leaks.length > MOST_LEAKS
      ? [{ what: t.more(whole(leaks.length - MOST_LEAKS)), why: "" }]
      : []),
    ...detail.overrides.map(({ column, reason, who, at }) => ({
      what: t.override(column),
      why: `${reason} (${t.by(who, date(at))})`,
    })),
    ...(selected_models?.length ? [{ what: t.models(selected_models.join(", ")), why: "" }] : []),
  ];
  return decisions.length === 0 ? null : (
    <Section title={t.title}>
      <ul className={styles.list}>
        {decisions.map(({ what, why }, index) => (
          <li key={index}>
            <LongText text={what} />
            {why !== "" && (
              <div className={styles.why}>
                <LongText text={why} />
              </div>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
