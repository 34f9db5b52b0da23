import { useCallback } from "react";
import type { CommandEntry } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { useLive } from "../live/liveStore";
import { rest } from "../live/session";
import { Badge, type Tone } from "../ui/Badge";
import { ErrorNote } from "../ui/ErrorNote";
import { Empty, Section } from "../ui/Section";
import { useQuery } from "../ui/useQuery";
import styles from "./CommandHistory.module.css";

const texts = words(
  {
    commands: "Command history",
    none: "No command has been sent to this run.",
    pause: "pause",
    release: "pause and release",
    resume: "resume",
    stop: "stop",
    takeover: "control taken over",
    instruct: "command",
    pending: "in progress",
    done: "done",
    refused: "refused",
    failed: "failed",
    superseded: "replaced by another command",
    from: (address: string) => `from ${address}`,
  },
  {
    fr: {
      commands: "Historique des commandes",
      none: "Aucune commande n’a été envoyée à cet entraînement.",
      pause: "pause",
      release: "pause et libération",
      resume: "reprise",
      stop: "arrêt",
      takeover: "prise de contrôle",
      instruct: "commande",
      pending: "en cours",
      done: "fait",
      refused: "refusé",
      failed: "échoué",
      superseded: "remplacé par une autre commande",
      from: (address) => `depuis ${address}`,
    },
  },
);

const TONES: Record<CommandEntry["outcome"], Tone> = {
  pending: "info",
  done: "ok",
  refused: "warning",
  failed: "critical",
  superseded: "stale",
};

const SHOWN = 20;

/** The commands to the run from its audit, newest first. */
export function CommandHistory({ runId }: { runId: string }) {
  const t = useWords(texts);
  const { date } = useFormats();
  // Every command changes the status, or is a one-time one.
  const status = useLive((live) => live.runs[runId]?.status?.status);
  const changes = useLive((live) => live.runs[runId]?.commands ?? 0);
  const gaps = useLive((live) => live.gaps);
  const read = useCallback(
    (signal: AbortSignal) =>
      rest.list<CommandEntry>(
        `api/training/${encodeURIComponent(runId)}/commands`,
        { limit: SHOWN },
        signal,
      ),
    [runId],
  );
  const { data, error, refetch } = useQuery(read, `${status} ${changes} ${gaps}`);
  return (
    <Section title={t.commands}>
      {error && <ErrorNote error={error} onRetry={refetch} />}
      {data?.entries.length === 0 && <Empty>{t.none}</Empty>}
      <ul className={styles.commands}>
        {data?.entries.map((command) => (
          <li key={command.id}>
            <time dateTime={command.timestamp}>{date(command.timestamp)}</time>
            <span>
              <strong>{command.who}</strong> {command.source && t.from(command.source)}
            </span>
            <span>
              {t[command.release ? "release" : command.action]}{" "}
              {command.name && <code>{command.name}</code>}
            </span>
            <Badge tone={TONES[command.outcome]}>{t[command.outcome]}</Badge>
            {command.message && <span className={styles.message}>{command.message}</span>}
          </li>
        ))}
      </ul>
    </Section>
  );
}
