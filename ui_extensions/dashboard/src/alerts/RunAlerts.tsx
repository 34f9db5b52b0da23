import { useCallback, useMemo, useState } from "react";
import type { CriticalAlert } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { storeAlerts, useLive } from "../live/liveStore";
import { rest } from "../live/session";
import { Button } from "../ui/Button";
import { ErrorNote } from "../ui/ErrorNote";
import { Empty, Section } from "../ui/Section";
import { useQuery } from "../ui/useQuery";
import { useNow } from "../ui/useNow";
import { AcknowledgeDialog } from "./AcknowledgeDialog";
import { AlertRow } from "./AlertRow";
import { StaleBadge } from "./StaleBadge";
import { hrefOf } from "./alertFilter";
import { isOpen, ofRun } from "./alertOrder";
import styles from "./RunAlerts.module.css";
import { RunHistory } from "./RunHistory";

const MAX_ALERTS = 100;
const NUM_AT_FIRST = 5;

const texts = words(
  {
    title: "Alerts",
    loading: "Loading…",
    noneOpen: "No open alerts.",
    more: (count: string) => `Show all open alerts (${count})`,
    past: (count: string) => `Past alerts (${count})`,
    all: (count: string) => `All ${count} alerts of this run`,
    history: "History",
  },
  {
    fr: {
      title: "Alertes",
      loading: "Chargement…",
      noneOpen: "Aucune alerte ouverte.",
      more: (count) => `Afficher toutes les alertes ouvertes (${count})`,
      past: (count) => `Alertes passées (${count})`,
      all: (count) => `Les ${count} alertes de cet entraînement`,
      history: "Historique",
    },
  },
);

/** The open and past alerts of a run, and their history. */
export function RunAlerts({ runId }: { runId: string }) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const nowMs = useNow(15_000);
  const { open, past, total, isRead, error, refetch } = useRunAlerts(runId);
  const [chosen, setChosen] = useState<CriticalAlert>();
  const [isExpanded, setIsExpanded] = useState(false);
  const rows = (alerts: readonly CriticalAlert[]) => (
    <ul className={styles.rows}>
      {alerts.map((alert) => (
        <AlertRow key={alert.alert_id} alert={alert} nowMs={nowMs} onAcknowledge={setChosen} />
      ))}
    </ul>
  );
  return (
    <Section title={t.title} id="alerts" tools={<StaleBadge />}>
      <div className={styles.parts}>
        {error && <ErrorNote error={error} onRetry={refetch} />}
        {open.length > 0
          ? rows(isExpanded ? open : open.slice(0, NUM_AT_FIRST))
          : !error && (
              <Empty>
                {isRead && <span aria-hidden="true">✓ </span>}
                {isRead ? t.noneOpen : t.loading}
              </Empty>
            )}
        {!isExpanded && open.length > NUM_AT_FIRST && (
          <Button onClick={() => setIsExpanded(true)}>{t.more(whole(open.length))}</Button>
        )}
        {past.length > 0 && (
          <details>
            <summary className={styles.summary}>{t.past(whole(past.length))}</summary>
            {rows(past)}
          </details>
        )}
        {open.length + past.length > 0 && <RunHistory runId={runId} title={t.history} />}
        {total > MAX_ALERTS && <a href={hrefOf({ state: "all", runId })}>{t.all(whole(total))}</a>}
      </div>
      {chosen && <AcknowledgeDialog alert={chosen} onClose={() => setChosen(undefined)} />}
    </Section>
  );
}

function useRunAlerts(runId: string) {
  const gaps = useLive((live) => live.gaps);
  const known = useLive((live) => live.alerts);
  const read = useCallback(
    async (signal: AbortSignal) => {
      const query = { run_id: runId, limit: MAX_ALERTS };
      // Open alerts may be older than the newest page of all alerts.
      const [open, all] = await Promise.all([
        rest.list<CriticalAlert>("api/alerts", { ...query, state: "firing" }, signal),
        rest.list<CriticalAlert>("api/alerts", query, signal),
      ]);
      storeAlerts([...open.entries, ...all.entries]);
      return all.total;
    },
    [runId],
  );
  const { data: total, error, refetch } = useQuery(read, gaps);
  const alerts = useMemo(() => ofRun(known, runId), [known, runId]);
  return {
    open: alerts.filter(isOpen),
    past: alerts.filter((alert) => !isOpen(alert)),
    total: total ?? 0,
    isRead: total !== undefined,
    error,
    refetch,
  };
}
