import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { CriticalAlert } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { Button } from "../ui/Button";
import { ErrorNote } from "../ui/ErrorNote";
import { useHashQuery } from "../ui/hashLocation";
import { Empty } from "../ui/Section";
import { useNow } from "../ui/useNow";
import { AcknowledgeDialog } from "./AcknowledgeDialog";
import { AlertCard } from "./AlertCard";
import { AlertFilters } from "./AlertFilters";
import styles from "./AlertsPage.module.css";
import { StaleBadge } from "./StaleBadge";
import { type AlertFilter, filterOf, isNarrowed, queryOf } from "./alertFilter";
import { useAlertChoices } from "./useAlertChoices";
import { useAlertList } from "./useAlertList";

const texts = words(
  {
    title: "Alerts",
    reading: "Reading…",
    noneOpen: "No alert is open. One that begins appears here by itself.",
    nonePast: "No alert has ended yet.",
    none: "There has been no alert yet. A rule raises one when a metric that is logged is wrong.",
    noMatch: "No alert matches the filters.",
    count: (shown: string, total: string) =>
      shown === total ? `Alerts: ${total}` : `Alerts: ${shown} of ${total}`,
    more: (count: string) => `Show more (${count})`,
    done: (condition: string) => `${condition} is acknowledged`,
  },
  {
    fr: {
      title: "Alertes",
      reading: "Lecture…",
      noneOpen: "Aucune alerte n’est ouverte. Celle qui se déclenche apparaît ici d’elle-même.",
      nonePast: "Aucune alerte n’a encore pris fin.",
      none: "Il n’y a encore eu aucune alerte. Une règle en déclenche une quand une métrique enregistrée est mauvaise.",
      noMatch: "Aucune alerte ne correspond aux filtres.",
      count: (shown, total) =>
        shown === total ? `Alertes : ${total}` : `Alertes : ${shown} sur ${total}`,
      more: (count) => `Afficher la suite (${count})`,
      done: (condition) => `${condition} est acquittée`,
    },
  },
);

/** The alerts of all runs; what is shown stands in the address, so that a link shares it. */
export function AlertsPage() {
  const t = useWords(texts);
  const { whole } = useFormats();
  const [query, changeQuery] = useHashQuery();
  const filter = useMemo(() => filterOf(query), [query]);
  const list = useAlertList(filter);
  const numMore = (list.total ?? 0) - list.alerts.length;
  const choices = useAlertChoices(filter);
  const nowMs = useNow(15_000);
  const { chosen, said, heading, choose, close, done, forget } = useAcknowledging(t.done);

  useEffect(() => {
    document.title = `${t.title} · Fovea`;
    return () => {
      document.title = "Fovea";
    };
  }, [t]);

  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1 ref={heading} tabIndex={-1}>
          {t.title}
        </h1>
        <StaleBadge />
      </div>
      <AlertFilters
        filter={filter}
        {...choices}
        onChange={(next) => {
          forget();
          changeQuery(queryOf(next));
        }}
      />
      <p role="status" className={styles.count}>
        {said} {list.total !== undefined && t.count(whole(list.alerts.length), whole(list.total))}
      </p>
      {list.error && <ErrorNote error={list.error} onRetry={list.refetch} />}
      <ul className={styles.list}>
        {list.alerts.map((alert) => (
          <li key={alert.alert_id}>
            <AlertCard alert={alert} nowMs={nowMs} onAcknowledge={choose} />
          </li>
        ))}
      </ul>
      {list.alerts.length === 0 && !list.error && (
        <Empty>{list.isLoading ? t.reading : nothing(filter, t)}</Empty>
      )}
      {numMore > 0 && (
        <Button className={styles.more} onClick={list.loadMore} isBusy={list.isLoadingMore}>
          {t.more(whole(numMore))}
        </Button>
      )}
      {chosen && <AcknowledgeDialog alert={chosen} onClose={close} onDone={done} />}
    </div>
  );
}

function nothing(filter: AlertFilter, t: (typeof texts)["en"]): string {
  if (isNarrowed(filter)) {
    return t.noMatch;
  }
  return { open: t.noneOpen, past: t.nonePast, all: t.none }[filter.state];
}

/** The dialog outlives the card, which may leave the list meanwhile. */
function useAcknowledging(words: (condition: string) => string) {
  const [chosen, setChosen] = useState<CriticalAlert>();
  const [said, setSaid] = useState("");
  const heading = useRef<HTMLHeadingElement>(null);
  const wasAsking = useRef(false);
  const choose = useCallback((alert: CriticalAlert) => {
    setSaid("");
    setChosen(alert);
  }, []);
  const close = () => setChosen(undefined);
  const isAsking = chosen !== undefined;
  useEffect(() => {
    // The button that opened the dialog may be gone with what it was for.
    if (wasAsking.current && !isAsking && document.activeElement === document.body) {
      heading.current?.focus();
    }
    wasAsking.current = isAsking;
  }, [isAsking]);
  const done = (alert: CriticalAlert) => setSaid(`${words(alert.condition)}.`);
  const forget = () => setSaid("");
  return { chosen, said, heading, choose, close, done, forget };
}
