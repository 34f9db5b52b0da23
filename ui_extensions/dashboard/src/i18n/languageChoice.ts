// Which language and region a reader is shown.

export const LANGUAGES = { en: "English", fr: "Français" } as const;
export type Language = keyof typeof LANGUAGES;

export interface Choice {
  language: Language;
  /** For dates and numbers: the reader's own region where it is of that language. */
  locale: string;
}

/** What was chosen here, else the first of the browser's languages that is there, else English. */
export function choiceOf(stored: string | null, wanted: readonly string[]): Choice {
  const known = Object.keys(LANGUAGES) as Language[];
  const ofTag = (tag: string | null | undefined): Language | undefined =>
    known.find((language) => language === tag?.split("-")[0]);
  const language = ofTag(stored) ?? wanted.map(ofTag).find((found) => found) ?? "en";
  return { language, locale: wanted.find((tag) => ofTag(tag) === language) ?? language };
}
