import { type ReactNode, useState } from "react";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { ShowMore } from "../ui/ShowMore";
import styles from "./Charts.module.css";
import { useShownCharts } from "./panelAddress";
import type { Panel } from "./panels";

const texts = words(
  {
    others: "More metrics",
    search: "Find a metric",
  },
  {
    fr: {
      others: "Autres métriques",
      search: "Chercher une métrique",
    },
  },
);

const PANELS_AT_ONCE = 50;

interface Props<T> {
  panels: readonly Panel<T>[];
  /** The panels after these are closed until somebody opens them. */
  numOpen: number;
  /** How many charts a panel shows at first, and how many more at a time. */
  step: number;
  /** Draws a chart. */
  children(chart: T): ReactNode;
}

/** Panels that open and close, each with any number of charts, shown in steps. */
export function PanelList<T extends { key: string }>({
  panels,
  numOpen,
  step,
  children,
}: Props<T>) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const [shown, setShown] = useShownCharts();
  const [limit, setLimit] = useState(PANELS_AT_ONCE);
  return (
    <>
      <div className={styles.panels}>
        {panels.slice(0, limit).map(({ key, label, charts }, index) => {
          const count = shown.get(key) ?? (index < numOpen ? step : 0);
          const isOpen = count > 0;
          return (
            <details
              key={key}
              className={styles.panel}
              data-single={charts.length === 1 || undefined}
              open={isOpen}
              onToggle={({ currentTarget: { open } }) => {
                if (open !== isOpen) {
                  setShown(key, open ? step : 0);
                }
              }}
            >
              <summary>
                <h3>{`${label ?? t.others} (${whole(charts.length)})`}</h3>
              </summary>
              {isOpen && <div className={styles.grid}>{charts.slice(0, count).map(children)}</div>}
              <ShowMore
                left={isOpen ? charts.length - count : 0}
                step={step}
                onMore={() => setShown(key, count + step)}
              />
            </details>
          );
        })}
      </div>
      <ShowMore
        left={panels.length - limit}
        step={PANELS_AT_ONCE}
        onMore={() => setLimit(limit + PANELS_AT_ONCE)}
      />
    </>
  );
}

interface SearchProps {
  text: string;
  onChange(text: string): void;
}

export function MetricSearch({ text, onChange }: SearchProps) {
  const t = useWords(texts);
  return (
    <label className={styles.search}>
      {t.search}
      <input type="search" value={text} onChange={(event) => onChange(event.target.value)} />
    </label>
  );
}
