// Texts of the pages: each component defines its own, once per language.
//
// A text that a function puts into a sentence, such as a run's name, does not turn the words around it.

import { withIsolation } from "../../../live/bidi";
import { useLanguage } from "./language";
import type { Language } from "../../../live/languageChoice";

type Entry = string | ((...args: never[]) => string);
type Shape<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => string ? (...args: A) => string : string;
};

/** English first; every other language must have the same texts. */
export function words<T extends Record<string, Entry>>(
  en: T,
  others: Record<Exclude<Language, "en">, Shape<T>>,
): Record<Language, Shape<T>> {
  const all = { en: en as unknown as Shape<T>, ...others };
  const isolated = Object.entries(all).map(([language, texts]) => [language, withIsolation(texts)]);
  return Object.fromEntries(isolated) as Record<Language, Shape<T>>;
}

export function useWords<T>(all: Record<Language, T>): T {
  const language = useLanguage((choice) => choice.language);
  return all[language];
}
