import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import type { RunComparison } from "../../../live/schemas";
import type { ComparedRun } from "./comparedRuns";
import { fieldAxis, valuesOf } from "./fieldAxis";
import styles from "./ParamPlots.module.css";
import { TickText } from "./TickText";

const texts = words(
  {
    label: (metric: string, param: string) => `${metric} by ${param}`,
    point: (run: string, param: string, metric: string) => `${run}: ${param}, ${metric}`,
  },
  {
    fr: {
      label: (metric, param) => `${metric} selon ${param}`,
      point: (run, param, metric) => `${run} : ${param}, ${metric}`,
    },
  },
);

const [WIDTH, HEIGHT] = [640, 300];
const [LEFT, RIGHT, TOP, BOTTOM] = [86, 20, 14, 34];

interface Props {
  comparison: RunComparison;
  runs: readonly ComparedRun[];
  param: string;
  metric: string;
}

/** The newest value of a metric by a param, one point for each run that has both. */
export function Scatter({ comparison, runs, param, metric }: Props) {
  const t = useWords(texts);
  const formats = useFormats();
  const [xs, ys] = [
    valuesOf(`params.${param}`, comparison),
    valuesOf(`metrics.${metric}`, comparison),
  ];
  const [x, y] = [fieldAxis(xs), fieldAxis(ys)];
  const left = (at: number): number => LEFT + at * (WIDTH - LEFT - RIGHT);
  const top = (at: number): number => HEIGHT - BOTTOM - at * (HEIGHT - TOP - BOTTOM);
  const shown = (value: number | string | null | undefined): string =>
    typeof value === "number" ? formats.metric(value) : (value ?? "");
  return (
    <svg
      className={styles.plot}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={t.label(metric, param)}
    >
      {y.ticks.map((tick) => (
        <g key={String(tick.value)}>
          <line
            className={styles.grid}
            x1={LEFT}
            x2={WIDTH - RIGHT}
            y1={top(tick.at)}
            y2={top(tick.at)}
          />
          <TickText x={LEFT - 8} y={top(tick.at) + 4} anchor="end" value={tick.value} />
        </g>
      ))}
      {x.ticks.map((tick) => (
        <g key={String(tick.value)}>
          <line
            className={styles.grid}
            x1={left(tick.at)}
            x2={left(tick.at)}
            y1={TOP}
            y2={HEIGHT - BOTTOM}
          />
          <TickText x={left(tick.at)} y={HEIGHT - BOTTOM + 20} anchor="middle" value={tick.value} />
        </g>
      ))}
      {runs.map(({ row, name, style, isBaseline }, index) => {
        const [atX, atY] = [x.positions[index], y.positions[index]];
        if (typeof atX !== "number" || typeof atY !== "number") {
          return null;
        }
        return (
          <circle
            key={row.run_id}
            cx={left(atX)}
            cy={top(atY)}
            r={isBaseline ? 9 : 6}
            fill={`var(--series-${style.series})`}
            className={styles.point}
          >
            <title>{t.point(name, shown(xs[index]), shown(ys[index]))}</title>
          </circle>
        );
      })}
    </svg>
  );
}
