// The sentences of an alert, in the language of the page.

import type { CriticalAlert } from "../../../live/schemas";
import { alertMessage, alertRecommendation, type Sentence } from "../../../live/alertSentence";
import { useLanguage } from "../i18n/language";
import { useFormats } from "../i18n/useFormats";

export function AlertMessage({ alert }: { alert: CriticalAlert }) {
  const language = useLanguage((choice) => choice.language);
  return <InLanguage sentence={alertMessage(alert, language, useFormats())} />;
}

/** Nothing without a recommendation. */
export function Recommendation({ alert }: { alert: CriticalAlert }) {
  const language = useLanguage((choice) => choice.language);
  const sentence = alertRecommendation(alert, language);
  return sentence && <InLanguage sentence={sentence} />;
}

function InLanguage({ sentence: { text, language } }: { sentence: Sentence }) {
  return <span lang={language}>{text}</span>;
}
