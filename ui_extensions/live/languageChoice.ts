// Chooses the language and region from the stored choice and the browser's languages.

export const LANGUAGES = { en: "English", fr: "Français" } as const;
export type Language = keyof typeof LANGUAGES;

export interface Choice {
  language: Language;
  /** For dates and numbers: the user's own region if it has that language. */
  locale: string;
}

/** The stored language, else the browser's first available language, else English. */
export function choiceOf(stored: string | null, wanted: readonly string[]): Choice {
  const known = Object.keys(LANGUAGES) as Language[];
  const ofTag = (tag: string | null | undefined): Language | undefined =>
    known.find((language) => language === tag?.split("-")[0]);
  const language = ofTag(stored) ?? wanted.map(ofTag).find((found) => found) ?? "en";
  return { language, locale: wanted.find((tag) => ofTag(tag) === language) ?? language };
}
