import type { InstructionEntry } from "../../../../live/schemas";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { Badge, type Tone } from "../../ui/Badge";
import styles from "./Commands.module.css";

const texts = words(
  {
    pending: "Waits for the run, which takes it between two steps",
    taken: "Taken: the run carries it out",
    done: "Done",
    refused: "Refused",
    failed: "Failed",
    doneAt: (step: string) => `Done after step ${step}`,
    refusedAt: (step: string) => `Refused after step ${step}`,
    failedAt: (step: string) => `Failed after step ${step}`,
  },
  {
    fr: {
      pending: "Attend l’entraînement, qui la prend entre deux pas",
      taken: "Prise : l’entraînement l’exécute",
      done: "Fait",
      refused: "Refusé",
      failed: "Échec",
      doneAt: (step) => `Fait après le pas ${step}`,
      refusedAt: (step) => `Refusé après le pas ${step}`,
      failedAt: (step) => `Échec après le pas ${step}`,
    },
  },
);

const TONES: Record<InstructionEntry["status"], Tone> = {
  pending: "info",
  taken: "info",
  done: "ok",
  refused: "warning",
  failed: "critical",
};

/** How far a one-time command has come, and what the run has answered. */
export function CommandAnswer({ entry }: { entry: InstructionEntry | undefined }) {
  const t = useWords(texts);
  const { whole, date } = useFormats();
  return (
    <p role="status" className={styles.answer}>
      {entry && (
        <>
          <Badge tone={TONES[entry.status]}>{stateOf(t, entry, whole)}</Badge>{" "}
          {entry.message && <span lang="en">{entry.message}</span>}{" "}
          <time dateTime={entry.timestamp}>{date(entry.answered_at ?? entry.timestamp)}</time>
        </>
      )}
    </p>
  );
}

function stateOf(
  t: (typeof texts)["en"],
  { status, step }: InstructionEntry,
  whole: (value: number) => string,
): string {
  if (step === null || status === "pending" || status === "taken") {
    return t[status];
  }
  return t[`${status}At`](whole(step));
}
