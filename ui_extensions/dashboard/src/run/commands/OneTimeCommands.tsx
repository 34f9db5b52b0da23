import { useWords, words } from "../../i18n/words";
import { Section } from "../../ui/Section";
import { CommandForms } from "./CommandForms";

const texts = words(
  { title: "Commands to this run" },
  { fr: { title: "Commandes à cet entraînement" } },
);

/** A part of a run's page, if the run's program understands one-time commands. */
export function OneTimeCommands({ runId }: { runId: string }) {
  const t = useWords(texts);
  return (
    <CommandForms runId={runId} wrap={(forms) => <Section title={t.title}>{forms}</Section>} />
  );
}
