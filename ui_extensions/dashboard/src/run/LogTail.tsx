import { useDeferredValue, useEffect, useMemo, useState } from "react";
import { hasEnded } from "../../../live/runStatus";
import type { LogLevel } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { useLive } from "../live/liveStore";
import { Badge } from "../ui/Badge";
import { Button } from "../ui/Button";
import { copyText } from "../ui/copyText";
import { ErrorNote } from "../ui/ErrorNote";
import { Empty, Section } from "../ui/Section";
import { LogList } from "./LogList";
import { LogSearch } from "./LogSearch";
import styles from "./LogTail.module.css";
import { atLeast, LEVELS, matching, pattern } from "./logLines";
import { levelWords } from "./logWords";
import { useAddressChoice, useAddressText } from "../ui/addressState";
import { useLogTail } from "./useLogTail";

const texts = words(
  {
    title: "Log",
    level: "Level, at least",
    follow: "Follow the end",
    wrap: "Wrap lines",
    copy: "Copy",
    copyTitle: "Copy the lines of the chosen level or above",
    copied: (count: string) => `Lines copied: ${count}`,
    notCopied: "The browser did not allow copying.",
    loading: "Loading the log…",
    elsewhere:
      "This server did not start the run. Its output is where it was started: in a terminal, a notebook or log files. RunControl(console=True) shows it here as well.",
    nothing: "Nothing has been printed yet. The output of the training appears here.",
    ended: "The run has ended, and this server has no output of it.",
    noneOfLevel: (count: string, level: string) =>
      `None of ${count} lines has the level “${level}” or above.`,
    older: (count: string) =>
      `The newest ${count} lines. Of a run that this server started, all are in the artifact logs/training.log once it has ended.`,
    stale: "Not live",
  },
  {
    fr: {
      title: "Journal",
      level: "Niveau minimal",
      follow: "Suivre la fin",
      wrap: "Retour à la ligne",
      copy: "Copier",
      copyTitle: "Copier les lignes du niveau choisi ou plus graves",
      copied: (count) => `Lignes copiées : ${count}`,
      notCopied: "Le navigateur n’a pas permis la copie.",
      loading: "Chargement du journal…",
      elsewhere:
        "Ce serveur n’a pas lancé cet entraînement : sa sortie se trouve là où il a été lancé, dans ce terminal ou ce notebook, ou dans ses propres fichiers journaux. RunControl(console=True) la montre aussi ici.",
      nothing: "Rien n’a encore été écrit. Ce que l’entraînement écrit apparaît ici.",
      ended: "L’entraînement est terminé, et ce serveur n’a rien conservé de ce qu’il a écrit.",
      noneOfLevel: (count, level) =>
        `Sur ${count} lignes, aucune n’est de niveau « ${level} » ou plus grave.`,
      older: (count) =>
        `Les ${count} lignes les plus récentes. Si ce serveur a lancé l’entraînement, toutes sont dans l’artefact logs/training.log une fois qu’il est terminé.`,
      stale: "Pas en direct",
    },
  },
);

/** From this number of lines on, older ones may exist that are not shown. */
const LOADED_LINES = 1_000;

/** The output of the run's job. */
export function LogTail({ runId }: { runId: string }) {
  const t = useWords(texts);
  const levels = useWords(levelWords);
  const { whole } = useFormats();
  const { tail, isLoading, error, refetch } = useLogTail(runId);
  const isLive = useLive((live) => live.connection.state === "live");
  const status = useLive((live) => live.runs[runId]?.status?.status);
  const [least, setLeast] = useAddressChoice("log_level", LEVELS);
  const [wanted, setWanted] = useAddressText("log_search");
  const [follows, setFollows] = useState(true);
  const [wraps, setWraps] = useState(true);
  const [current, setCurrent] = useState<number | null>(null);
  const [copied, setCopied] = useState("");

  const deferredSearch = useDeferredValue(wanted);
  const wantedPattern = useMemo(() => pattern(deferredSearch), [deferredSearch]);
  const shown = useMemo(() => atLeast(tail.lines, least), [tail, least]);
  const matches = useMemo(() => matching(shown, wantedPattern), [shown, wantedPattern]);

  useEffect(() => {
    const timer = copied ? setTimeout(() => setCopied(""), 4_000) : undefined;
    return () => clearTimeout(timer);
  }, [copied]);

  const copy = async () => {
    const isCopied = await copyText(shown.map(({ message }) => message).join("\n"));
    setCopied(isCopied ? t.copied(whole(shown.length)) : t.notCopied);
  };
  const goTo = (place: number) => {
    const line = shown[matches[place] ?? -1];
    if (line) {
      setFollows(false);
      setCurrent(line.key);
    }
  };
  const hasLines = tail.lines.length > 0;
  const currentPlace = matches.findIndex((index) => shown[index]?.key === current);

  return (
    <Section
      title={t.title}
      tools={
        hasLines && (
          <>
            {!isLive && <Badge tone="stale">{t.stale}</Badge>}
            <LogSearch
              wanted={wanted}
              onWanted={setWanted}
              numMatches={matches.length}
              place={currentPlace}
              onPlace={goTo}
            />
            <label>
              {t.level}
              <select value={least} onChange={(event) => setLeast(event.target.value as LogLevel)}>
                {LEVELS.map((level) => (
                  <option key={level} value={level}>
                    {levels[level]}
                  </option>
                ))}
              </select>
            </label>
            <label>
              <input type="checkbox" checked={follows} onChange={() => setFollows(!follows)} />
              {t.follow}
            </label>
            <label>
              <input type="checkbox" checked={wraps} onChange={() => setWraps(!wraps)} />
              {t.wrap}
            </label>
            <Button title={t.copyTitle} onClick={copy}>
              {t.copy}
            </Button>
            <span role="status" className={styles.copied}>
              {copied}
            </span>
          </>
        )
      }
    >
      {error && error.status !== 404 && <ErrorNote error={error} onRetry={refetch} />}
      {hasLines && shown.length > 0 && (
        <LogList
          label={t.title}
          lines={shown}
          wanted={wantedPattern}
          wraps={wraps}
          follows={follows}
          onFollows={setFollows}
          current={current}
        />
      )}
      {hasLines && shown.length === 0 && (
        <Empty>{t.noneOfLevel(whole(tail.lines.length), levels[least])}</Empty>
      )}
      {hasLines && tail.lines.length >= LOADED_LINES && (
        <p className={styles.note}>{t.older(whole(tail.lines.length))}</p>
      )}
      {!hasLines && isLoading && <Empty>{t.loading}</Empty>}
      {!hasLines && error?.status === 404 && <Empty>{t.elsewhere}</Empty>}
      {!hasLines && !isLoading && !error && (
        <Empty>{status && hasEnded(status) ? t.ended : t.nothing}</Empty>
      )}
    </Section>
  );
}
