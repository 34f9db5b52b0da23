import type { CriticalAlert } from "../../../live/schemas";
import { useWords, words } from "../i18n/words";
import styles from "./Acknowledgement.module.css";
import { RelativeTime } from "./RelativeTime";

const texts = words(
  { by: (who: string) => `Acknowledged by ${who}`, note: "Note" },
  { fr: { by: (who) => `Acquittée par ${who}`, note: "Note" } },
);

/** Who acknowledged an alert, when, and with which note. */
export function Acknowledgement({ alert, nowMs }: { alert: CriticalAlert; nowMs: number }) {
  const t = useWords(texts);
  const { acknowledged_by: who, acknowledged_at: time, note } = alert;
  if (who === null) {
    return null;
  }
  return (
    <div className={styles.acknowledgement}>
      <p>
        <span aria-hidden="true">✎</span> {t.by(who)}
        {time !== null && (
          <>
            , <RelativeTime time={time} nowMs={nowMs} />
          </>
        )}
      </p>
      {note !== "" && (
        <blockquote aria-label={t.note} className={styles.note}>
          {note}
        </blockquote>
      )}
    </div>
  );
}
