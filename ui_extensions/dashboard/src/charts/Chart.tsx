import { useEffect, useRef, useState } from "react";
import { NOTHING, useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { curves } from "../live/session";
import { CrashBoundary, CrashedPart } from "../ui/CrashBoundary";
import { useTheme } from "../ui/theme";
import styles from "./Chart.module.css";
import { useChartOptions } from "./chartOptions";
import { LineSign } from "./LineSign";
import type { ChartLine } from "./lineStyle";
import { Plot } from "./plot";
import type { Reading } from "./reading";

const texts = words(
  {
    at: (step: string, epoch: string) => (epoch ? `step ${step}, epoch ${epoch}` : `step ${step}`),
    gaps: (count: string) => `${count} not finite`,
    none: "Nothing has been logged yet",
    loading: "Loading…",
    thinned: "not all points are drawn: zoom in to load more",
    partial: "earlier points are not loaded yet",
    keys: "Arrow keys move the cursor, plus and minus zoom, 0 shows everything.",
  },
  {
    fr: {
      at: (step, epoch) => (epoch ? `pas ${step}, époque ${epoch}` : `pas ${step}`),
      gaps: (count) => `${count} non finies`,
      none: "Rien n’a encore été enregistré",
      loading: "Chargement…",
      thinned: "tous les points ne sont pas tracés : zoomez pour en charger plus",
      partial: "points précédents pas encore chargés",
      keys: "Les flèches déplacent le curseur, plus et moins zooment, 0 montre tout.",
    },
  },
);

interface Props {
  title: string;
  /** The same array as long as the lines are the same. */
  lines: readonly ChartLine[];
  stepsPerEpoch: number | null;
  isPreloaded?: boolean;
}

const FAST = 10;
/** A longer legend scrolls. */
const MOST_IN_SIGHT = 8;

/** An error in one chart does not affect the others. */
export function Chart(props: Props) {
  return (
    <CrashBoundary isPart>
      <Figure {...props} />
    </CrashBoundary>
  );
}

function Figure({ title, lines, stepsPerEpoch, isPreloaded = true }: Props) {
  const t = useWords(texts);
  const formats = useFormats();
  const options = useChartOptions();
  const isDark = useTheme((appearance) => appearance.isDark);
  const target = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const caption = useRef<HTMLSpanElement>(null);
  const values = useRef<Array<HTMLElement | null>>([]);
  const [hasFailed, setHasFailed] = useState(false);

  // Written directly, without React: the legend changes with every point, and nothing else does.
  const show = useRef((_reading: Reading) => {});
  show.current = ({ step, isCursor, values: shown, numNotFinite, isWhole, isThinned }) => {
    shown.forEach((value, index) => {
      write(values.current[index], value === undefined ? NOTHING : formats.metric(value));
    });
    const epoch = step !== null && stepsPerEpoch ? formats.metric(step / stepsPerEpoch) : "";
    const nothing = isWhole ? t.none : t.loading;
    const place = step === null ? nothing : t.at(formats.whole(step), epoch);
    const remarks = [
      numNotFinite > 0 ? t.gaps(formats.whole(numNotFinite)) : "",
      step !== null && !isWhole ? t.partial : "",
      isThinned && lines.length > 1 ? t.thinned : "",
    ].filter((remark) => remark !== "");
    write(caption.current, [`${isCursor ? "⌖ " : ""}${place}`, ...remarks].join(" · "));
  };

  const settings = { lines, options, stepsPerEpoch, formats, isPreloaded };
  const newest = useRef(settings);
  newest.current = settings;

  useEffect(() => {
    const element = target.current;
    if (!element) {
      return;
    }
    const made = new Plot(
      element,
      curves,
      newest.current,
      (reading) => show.current(reading),
      (zoom) => useChartOptions.setState({ zoom }),
      (error) => {
        reportError(error);
        setHasFailed(true);
      },
    );
    plot.current = made;
    const visibility = new IntersectionObserver(
      (entries) => made.setVisible(entries.at(-1)?.isIntersecting ?? false),
      { rootMargin: "100px" },
    );
    const size = new ResizeObserver(() => made.resize());
    const print = (): void => made.drawNow();
    const afterPrint = (): void => made.rebuild();
    visibility.observe(element);
    size.observe(element);
    window.addEventListener("beforeprint", print);
    window.addEventListener("afterprint", afterPrint);
    return () => {
      visibility.disconnect();
      size.disconnect();
      window.removeEventListener("beforeprint", print);
      window.removeEventListener("afterprint", afterPrint);
      made.destroy();
      plot.current = null;
    };
  }, []);

  useEffect(
    () => plot.current?.set(settings),
    // These are the parts of `settings`, which is a new object in each render.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [lines, options, stepsPerEpoch, formats, isPreloaded],
  );
  // `isDark` only triggers the effect.
  useEffect(() => plot.current?.rebuild(), [isDark]);

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const moves: Record<string, () => void> = {
      ArrowLeft: () => plot.current?.moveCursor(event.shiftKey ? -FAST : -1),
      ArrowRight: () => plot.current?.moveCursor(event.shiftKey ? FAST : 1),
      "+": () => plot.current?.zoomBy(0.5),
      "-": () => plot.current?.zoomBy(2),
      "0": () => useChartOptions.setState({ zoom: null }),
    };
    const move = moves[event.key];
    if (move) {
      event.preventDefault();
      move();
    }
  };

  return (
    <figure className={styles.chart}>
      <figcaption className={styles.caption}>
        <h3 title={title}>{title}</h3>
        <span className={styles.place} ref={caption} />
      </figcaption>
      <ul
        className={styles.legend}
        data-long={lines.length > MOST_IN_SIGHT || undefined}
        // A scrolling list must be reachable by keyboard.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={lines.length > MOST_IN_SIGHT ? 0 : undefined}
      >
        {lines.map((line, index) => (
          <li key={`${line.runId} ${line.metric}`}>
            <LineSign {...line} />
            <span className={styles.metric} title={line.label}>
              {line.label}
            </span>
            <output
              ref={(element) => {
                values.current[index] = element;
              }}
              aria-live="off"
            />
          </li>
        ))}
      </ul>
      {hasFailed && (
        <CrashedPart
          onRetry={() => {
            setHasFailed(false);
            plot.current?.rebuild();
          }}
        />
      )}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- HTML has no element for a
      drawing with a cursor */}
      <div
        ref={target}
        className={styles.plot}
        role="application"
        // The keyboard moves the cursor, too.
        tabIndex={0}
        aria-label={`${title}. ${t.keys}`}
        onKeyDown={onKeyDown}
      />
    </figure>
  );
}

function write(element: HTMLElement | null | undefined, text: string): void {
  if (element && element.textContent !== text) {
    element.textContent = text;
  }
}
