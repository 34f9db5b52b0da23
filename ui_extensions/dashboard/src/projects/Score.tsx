import type { ScoreEntry } from "../../../live/schemas";
import { type Formats, useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { isShare, metricName, metricWords } from "./metricNames";

const texts = words(
  { interval: (low: string, high: string) => `95% interval ${low} to ${high}` },
  { fr: { interval: (low, high) => `intervalle à 95 % : ${low} à ${high}` } },
);

/** A figure in the form that people read it in. */
export function figure({ metric, percent }: Formats, name: string, value: number | null): string {
  return isShare(name) ? percent(value) : metric(value);
}

export function useInterval(): (name: string, interval: readonly number[] | null) => string {
  const t = useWords(texts);
  const formats = useFormats();
  return (name, interval) => {
    const [low, high] = interval ?? [];
    return low === undefined || high === undefined
      ? ""
      : t.interval(figure(formats, name, low), figure(formats, name, high));
  };
}

interface Props {
  score: ScoreEntry;
  className?: string | undefined;
}

/** A score with its name and interval, in one line. */
export function Score({ score, className }: Props) {
  const names = useWords(metricWords);
  const formats = useFormats();
  const interval = useInterval();
  const between = interval(score.metric, score.interval);
  return (
    <span className={className}>
      {metricName(names, score.metric)} <b>{figure(formats, score.metric, score.value)}</b>
      {between && ` (${between})`}
    </span>
  );
}
