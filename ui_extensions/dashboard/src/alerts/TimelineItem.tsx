import type { TimelineEntry } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { Badge } from "../ui/Badge";
import { kindWords, appearanceOf, shownNumber } from "./alertWords";
import styles from "./TimelineItem.module.css";

const texts = words(
  {
    by: (who: string) => `by ${who}`,
    measured: (metric: string, value: string, step: string) => `${metric} ${value}, step ${step}`,
  },
  {
    fr: {
      by: (who) => `par ${who}`,
      measured: (metric, value, step) => `${metric} ${value}, pas ${step}`,
    },
  },
);

export function TimelineItem({ entry }: { entry: TimelineEntry }) {
  const kinds = useWords(kindWords);
  const t = useWords(texts);
  const formats = useFormats();
  const { tone, sign } = appearanceOf(entry);
  const isByMetrics = entry.who === "";
  return (
    <li className={styles.item}>
      <time dateTime={entry.timestamp} title={formats.date(entry.timestamp)}>
        {formats.clock(entry.timestamp)}
      </time>
      <div className={styles.what}>
        <p className={styles.head}>
          <strong>{entry.condition}</strong>
          <Badge tone={tone} sign={sign}>
            {kinds[entry.kind](entry.level)}
          </Badge>
          <span className={styles.aside}>
            {isByMetrics
              ? t.measured(
                  entry.metric,
                  shownNumber(entry, entry.value, formats),
                  formats.whole(entry.step),
                )
              : t.by(entry.who)}
          </span>
        </p>
        {entry.note !== "" && <p className={styles.note}>{entry.note}</p>}
      </div>
    </li>
  );
}
