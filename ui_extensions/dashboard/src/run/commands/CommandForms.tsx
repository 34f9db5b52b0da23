import { type ReactNode, useMemo } from "react";
import { useWords, words } from "../../i18n/words";
import { CommandForm } from "./CommandForm";
import styles from "./Commands.module.css";
import { inOrder, newestByName } from "./commandFacts";
import { usePromptsInUse } from "./usePromptsInUse";
import { useOneTimeCommands } from "./useOneTimeCommands";

const texts = words(
  {
    list: "One-time commands",
    how: "The run carries each out once, between two of its steps, and answers with the step.",
  },
  {
    fr: {
      list: "Commandes ponctuelles",
      how: "L’entraînement exécute chacune une seule fois, entre deux pas, et répond avec le pas.",
    },
  },
);

interface Props {
  runId: string;
  /** What is around them, for instance a section. */
  wrap?: (forms: ReactNode) => ReactNode;
}

/** The one-time commands that the run's program understands; nothing if it understands none. */
export function CommandForms({ runId, wrap = (forms) => forms }: Props) {
  const t = useWords(texts);
  const { names = [], entries, refetch } = useOneTimeCommands(runId);
  const newest = useMemo(() => newestByName(entries), [entries]);
  const prompts = usePromptsInUse(runId, entries, names.includes("set_prompts"));
  if (names.length === 0) {
    return null;
  }
  return wrap(
    <>
      <p className={styles.note}>{t.how}</p>
      <ul className={styles.commands} aria-label={t.list}>
        {inOrder(names).map((name) => (
          <CommandForm
            key={name}
            runId={runId}
            name={name}
            newest={newest.get(name)}
            initial={name === "set_prompts" ? prompts.join("\n") : ""}
            onSent={refetch}
          />
        ))}
      </ul>
    </>,
  );
}
