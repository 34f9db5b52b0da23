import { useMemo } from "react";
import type { Explanation } from "../../../../live/schemas";
import { useLanguage } from "../../i18n/language";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { LongText } from "../../ui/LongText";
import styles from "./Contributions.module.css";
import { barsOf } from "./contributionBars";

const texts = words(
  {
    title: (output: string) => `Why ${output}`,
    chart: "Contributions",
    base: "Base value",
    others: (count: string) => `${count} other features together`,
    sum: "Sum",
    exact: (base: string, contributions: string, sum: string) =>
      `Exactly: base value ${base} and contributions ${contributions} make ${sum}`,
    raises: "raises",
    lowers: "lowers",
  },
  {
    fr: {
      title: (output) => `Pourquoi ${output}`,
      chart: "Contributions",
      base: "Valeur de base",
      others: (count) => `${count} autres variables ensemble`,
      sum: "Somme",
      exact: (base, contributions, sum) =>
        `Exactement : valeur de base ${base} et contributions ${contributions} font ${sum}`,
      raises: "augmente",
      lowers: "diminue",
    },
  },
);

const MOST_BARS = 12;

/** The top reasons in words, and every contribution that leads from the base value to the sum. */
export function Contributions({ explanation }: { explanation: Explanation }) {
  const t = useWords(texts);
  const { metric, whole } = useFormats();
  const exact = useExact();
  const { bars, numOthers } = useMemo(() => barsOf(explanation, MOST_BARS), [explanation]);
  const { output, reasons, base_value, sum, adds_up_to } = explanation;
  return (
    <div className={styles.contributions}>
      <h3>{t.title(output)}</h3>
      <ol className={styles.reasons} lang="en">
        {reasons.map((reason, index) => (
          <li key={index}>{reason}</li>
        ))}
      </ol>
      <ul className={styles.bars} aria-label={t.chart}>
        <li>
          <span>{t.base}</span>
          <span className={styles.value}>{metric(base_value)}</span>
        </li>
        {bars.map(({ feature, value, length }) => (
          <li key={feature ?? ""} data-lowers={value < 0 || undefined}>
            <span className={styles.feature}>
              {feature === null ? t.others(whole(numOthers)) : <LongText text={feature} />}
            </span>
            <span className={styles.track} aria-hidden="true">
              <span style={{ inlineSize: `${length * 50}%` }} />
            </span>
            <span className={styles.value}>
              <span aria-hidden="true">{value < 0 ? "◀" : "▶"} </span>
              <span className="visually-hidden">{value < 0 ? t.lowers : t.raises} </span>
              {metric(value)}
            </span>
          </li>
        ))}
        <li className={styles.sum}>
          <span>{t.sum}</span>
          <span className={styles.value}>{metric(sum)}</span>
        </li>
      </ul>
      <p className={styles.exact}>
        {t.exact(exact(base_value), exact(sum - base_value), exact(sum))}
      </p>
      <p className={styles.exact} lang="en">
        {adds_up_to}
      </p>
    </div>
  );
}

/** Writes numbers with all digits that a double has. */
function useExact(): (value: number) => string {
  const locale = useLanguage((choice) => choice.locale);
  return useMemo(() => {
    const format = new Intl.NumberFormat(locale, { maximumSignificantDigits: 15 });
    return (value) => format.format(value);
  }, [locale]);
}
