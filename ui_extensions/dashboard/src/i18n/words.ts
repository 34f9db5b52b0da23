// Texts of the pages: each component defines its own, once per language.

import { useLanguage } from "./language";
import type { Language } from "./languageChoice";

type Entry = string | ((...args: never[]) => string);
type Shape<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => string ? (...args: A) => string : string;
};

/** English first; every other language must have the same texts. */
export function words<T extends Record<string, Entry>>(
  en: T,
  others: Record<Exclude<Language, "en">, Shape<T>>,
): Record<Language, Shape<T>> {
  return { en: en as unknown as Shape<T>, ...others };
}

export function useWords<T>(all: Record<Language, T>): T {
  const language = useLanguage((choice) => choice.language);
  return all[language];
}
