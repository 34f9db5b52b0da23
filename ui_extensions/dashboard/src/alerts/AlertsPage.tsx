import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { CriticalAlert } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { useAddressCount } from "../ui/addressState";
import { ErrorNote } from "../ui/ErrorNote";
import { useHashQuery } from "../ui/hashLocation";
import { Empty } from "../ui/Section";
import { ShowMore } from "../ui/ShowMore";
import { useNow } from "../ui/useNow";
import { usePageTitle } from "../ui/usePageTitle";
import { AcknowledgeDialog } from "./AcknowledgeDialog";
import { AlertCard } from "./AlertCard";
import { AlertFilters } from "./AlertFilters";
import styles from "./AlertsPage.module.css";
import { StaleBadge } from "./StaleBadge";
import { type AlertFilter, filterOf, isNarrowed, queryOf } from "./alertFilter";
import { useAlertChoices } from "./useAlertChoices";
import { PAGE_SIZE, useAlertList } from "./useAlertList";

const texts = words(
  {
    title: "Alerts",
    loading: "Loading…",
    noneOpen: "No alert is open. New alerts appear here.",
    nonePast: "No alert has ended yet.",
    none: "There has been no alert yet. Rules raise alerts from logged metrics.",
    noMatch: "No alert matches the filters.",
    count: (shown: string, total: string) =>
      shown === total ? `Alerts: ${total}` : `Alerts: ${shown} of ${total}`,
    done: (condition: string) => `${condition} is acknowledged`,
  },
  {
    fr: {
      title: "Alertes",
      loading: "Chargement…",
      noneOpen: "Aucune alerte n’est ouverte. Les nouvelles alertes apparaissent ici.",
      nonePast: "Aucune alerte n’a encore pris fin.",
      none: "Il n’y a encore eu aucune alerte. Les règles en déclenchent à partir des métriques enregistrées.",
      noMatch: "Aucune alerte ne correspond aux filtres.",
      count: (shown, total) =>
        shown === total ? `Alertes : ${total}` : `Alertes : ${shown} sur ${total}`,
      done: (condition) => `${condition} est acquittée`,
    },
  },
);

/** The server lists no more at once. */
const MOST = 1_000;

/** The alerts of all runs; the URL holds the filter, so that a link shares it. */
export function AlertsPage() {
  const t = useWords(texts);
  const { whole } = useFormats();
  const [query, changeQuery] = useHashQuery();
  // The number of shown alerts changes the address, and must not load the list again.
  const filterText = queryOf(filterOf(query)).toString();
  const filter = useMemo(() => filterOf(new URLSearchParams(filterText)), [filterText]);
  const [numShown, setNumShown] = useAddressCount("shown", PAGE_SIZE, MOST);
  const list = useAlertList(filter, numShown, setNumShown);
  const numMore = (list.total ?? 0) - list.alerts.length;
  const choices = useAlertChoices(filter);
  const nowMs = useNow(15_000);
  const { chosen, announced, heading, choose, close, done, clear } = useAcknowledging(t.done);

  usePageTitle(t.title);

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
          clear();
          changeQuery(queryOf(next));
        }}
      />
      <p role="status" className={styles.count}>
        {announced}{" "}
        {list.total !== undefined && t.count(whole(list.alerts.length), whole(list.total))}
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
        <Empty>{list.isLoading ? t.loading : emptyText(filter, t)}</Empty>
      )}
      <ShowMore
        left={numMore}
        step={PAGE_SIZE}
        isBusy={list.isLoadingMore}
        onMore={list.loadMore}
      />
      {chosen && <AcknowledgeDialog alert={chosen} onClose={close} onDone={done} />}
    </div>
  );
}

function emptyText(filter: AlertFilter, t: (typeof texts)["en"]): string {
  if (isNarrowed(filter)) {
    return t.noMatch;
  }
  return { open: t.noneOpen, past: t.nonePast, all: t.none }[filter.state];
}

/** State of the dialog, which stays open even if its alert leaves the list. */
function useAcknowledging(words: (condition: string) => string) {
  const [chosen, setChosen] = useState<CriticalAlert>();
  const [announced, setAnnounced] = useState("");
  const heading = useRef<HTMLHeadingElement>(null);
  const wasOpen = useRef(false);
  const choose = useCallback((alert: CriticalAlert) => {
    setAnnounced("");
    setChosen(alert);
  }, []);
  const close = () => setChosen(undefined);
  const isOpen = chosen !== undefined;
  useEffect(() => {
    // The button that opened the dialog may have left the page with its alert.
    if (wasOpen.current && !isOpen && document.activeElement === document.body) {
      heading.current?.focus();
    }
    wasOpen.current = isOpen;
  }, [isOpen]);
  const done = (alert: CriticalAlert) => setAnnounced(`${words(alert.condition)}.`);
  const clear = () => setAnnounced("");
  return { chosen, announced, heading, choose, close, done, clear };
}
