import { useMemo, useState } from "react";
import type { CriticalAlert } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { markSeen, useLive } from "../live/liveStore";
import { goTo, runPath } from "../ui/hashLocation";
import { AcknowledgeDialog } from "./AcknowledgeDialog";
import { AlertMessage } from "./AlertSentence";
import { hrefOf } from "./alertFilter";
import { newestFirst } from "./alertOrder";
import styles from "./CriticalBanner.module.css";
import { useSyncedOpenAlerts } from "./useOpenAlerts";
import { shortId, useRunName } from "./useRunName";

const texts = words(
  {
    critical: (condition: string) => `Critical: ${condition}`,
    run: (name: string) => `Run ${name}`,
    since: (time: string) => `since ${time}`,
    more: (count: string) => `and ${count} more`,
    view: "View run",
    acknowledge: "Acknowledge",
    dismiss: "Dismiss",
    dismissAll: "Dismiss all",
  },
  {
    fr: {
      critical: (condition) => `Critique : ${condition}`,
      run: (name) => `Entraînement ${name}`,
      since: (time) => `depuis ${time}`,
      more: (count) => `et ${count} de plus`,
      view: "Voir l’entraînement",
      acknowledge: "Acquitter",
      dismiss: "Ignorer",
      dismissAll: "Tout ignorer",
    },
  },
);

/** A banner on every page while there are unseen critical alerts. */
export function CriticalBanner() {
  useSyncedOpenAlerts();
  const unseen = useLive((live) => live.unseen);
  const alerts = useLive((live) => live.alerts);
  const waiting = useMemo(() => newestFirst(alerts, unseen), [alerts, unseen]);
  const [chosen, setChosen] = useState<CriticalAlert>();
  const newest = waiting[0];
  return (
    <>
      {newest && (
        <Waiting alert={newest} waiting={waiting} onAcknowledge={() => setChosen(newest)} />
      )}
      {chosen && <AcknowledgeDialog alert={chosen} onClose={() => setChosen(undefined)} />}
    </>
  );
}

interface Props {
  alert: CriticalAlert;
  waiting: readonly CriticalAlert[];
  onAcknowledge(): void;
}

function Waiting({ alert, waiting, onAcknowledge }: Props) {
  const t = useWords(texts);
  const { date, whole } = useFormats();
  const name = useRunName(alert.run_id);
  const numMore = waiting.length - 1;
  const dismiss = (seen: readonly CriticalAlert[]) => {
    for (const { alert_id } of seen) {
      markSeen(alert_id);
    }
    if (seen.length === waiting.length) {
      // The pressed button disappears with the banner.
      document.getElementById("content")?.focus();
    }
  };
  const view = () => {
    dismiss([alert]);
    goTo(runPath(alert.run_id, alert.epoch));
  };
  return (
    <div role="alert" className={styles.banner}>
      <div className={styles.text}>
        <p className={styles.title}>
          <span aria-hidden="true">✖</span> {t.critical(alert.condition)}
        </p>
        <p>
          <AlertMessage alert={alert} />
        </p>
        <p className={styles.run}>
          {t.run(name || shortId(alert.run_id))}, {t.since(date(alert.started_at))}
        </p>
      </div>
      <div className={styles.actions}>
        <button type="button" className={styles.view} onClick={view}>
          {t.view}
        </button>
        <button type="button" onClick={onAcknowledge}>
          {t.acknowledge}
        </button>
        <button type="button" onClick={() => dismiss([alert])}>
          {t.dismiss}
        </button>
        {numMore > 0 && (
          <>
            <button type="button" onClick={() => dismiss(waiting)}>
              {t.dismissAll}
            </button>
            <a href={hrefOf({ level: "critical", isAcknowledged: false })}>
              {t.more(whole(numMore))}
            </a>
          </>
        )}
      </div>
    </div>
  );
}
