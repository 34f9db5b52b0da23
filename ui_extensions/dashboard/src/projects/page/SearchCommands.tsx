import { useWords, words } from "../../i18n/words";
import { CommandForms } from "../../run/commands/CommandForms";

const texts = words(
  { open: "Steer the comparison of models" },
  { fr: { open: "Orienter la comparaison des modèles" } },
);

/** More time for the comparison of models, and an end for one of its trials, once it takes commands. */
export function SearchCommands({ runId }: { runId: string }) {
  const t = useWords(texts);
  return (
    <CommandForms
      runId={runId}
      wrap={(forms) => (
        <details>
          <summary>{t.open}</summary>
          {forms}
        </details>
      )}
    />
  );
}
