import { useWords, words } from "../../i18n/words";
import { CommandForms } from "../../run/commands/CommandForms";

const texts = words(
  { open: "Steer the comparison of models" },
  { fr: { open: "Orienter la comparaison des modèles" } },
);

/** More time for the comparison of models, and an end for one of its trials. */
export function SearchCommands({ runId }: { runId: string }) {
  const t = useWords(texts);
  return (
    <details>
      <summary>{t.open}</summary>
      <CommandForms runId={runId} />
    </details>
  );
}
