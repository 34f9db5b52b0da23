import { closed } from "../../../live/bidi";
import { DASHES } from "../charts/lineStyle";
import { useWords, words } from "../i18n/words";
import type { RunComparison } from "../../../live/schemas";
import type { ComparedRun } from "./comparedRuns";
import { fieldAxis, valuesOf } from "./fieldAxis";
import styles from "./ParamPlots.module.css";
import { TickText } from "./TickText";

const texts = words(
  { label: "Each run as a line through its params and the metric", log: "log" },
  {
    fr: {
      label: "Chaque entraînement comme une ligne par ses paramètres et la métrique",
      log: "log",
    },
  },
);

const AXIS_PX = 150;
const HEIGHT = 300;
const [TOP, BOTTOM, SIDE] = [40, 14, 60];
const LONGEST = 18;

interface Props {
  comparison: RunComparison;
  runs: readonly ComparedRun[];
  /** `params.NAME` and `metrics.NAME`. */
  fields: readonly string[];
}

/** A line ends where its run has no value, and goes on at the next axis on which it has one. */
export function ParallelCoordinates({ comparison, runs, fields }: Props) {
  const t = useWords(texts);
  const axes = fields.map((field) => ({ field, ...fieldAxis(valuesOf(field, comparison)) }));
  const width = 2 * SIDE + AXIS_PX * (axes.length - 1) + AXIS_PX / 2;
  const left = (axis: number): number => SIDE + axis * AXIS_PX;
  const top = (at: number): number => HEIGHT - BOTTOM - at * (HEIGHT - TOP - BOTTOM);
  return (
    // A scrolling region must be reachable by keyboard.
    <div className={styles.scroller} tabIndex={0} role="region" aria-label={t.label}>
      <svg
        className={styles.parallel}
        viewBox={`0 0 ${width} ${HEIGHT}`}
        style={{ minWidth: width * 0.8, maxWidth: width * 1.3 }}
        role="img"
        aria-label={t.label}
      >
        {runs.map(({ row, name, style, isBaseline }, run) => (
          <path
            key={row.run_id}
            className={styles.path}
            d={pathOf(
              axes.map(({ positions }, axis) => {
                const at = positions[run];
                return typeof at === "number" ? [left(axis), top(at)] : null;
              }),
            )}
            stroke={`var(--series-${style.series})`}
            strokeDasharray={DASHES[style.dash].join(" ")}
            strokeWidth={isBaseline ? 4 : 2}
          >
            <title>{name}</title>
          </path>
        ))}
        {axes.map(({ field, ticks, isLog }, axis) => {
          const name = closed(field.slice(field.indexOf(".") + 1));
          const letters = [...name];
          return (
            <g key={field}>
              <line
                className={styles.axis}
                x1={left(axis)}
                x2={left(axis)}
                y1={TOP}
                y2={HEIGHT - BOTTOM}
              />
              <text className={styles.name} x={left(axis)} y={16} textAnchor="middle">
                {letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join("")}…` : name}
                <title>{name}</title>
              </text>
              {isLog && (
                <text className={styles.tick} x={left(axis)} y={31} textAnchor="middle">
                  {t.log}
                </text>
              )}
              {ticks.map(({ at, value }) => (
                <TickText
                  key={String(value)}
                  x={left(axis) + 7}
                  y={top(at) + 4}
                  anchor="start"
                  value={value}
                />
              ))}
            </g>
          );
        })}
      </svg>
    </div>
  );
}

function pathOf(points: ReadonlyArray<readonly number[] | null>): string {
  let isDown = false;
  return points
    .map((point) => {
      const step = point === null ? "" : `${isDown ? "L" : "M"}${point.join(" ")}`;
      isDown = point !== null;
      return step;
    })
    .join("");
}
