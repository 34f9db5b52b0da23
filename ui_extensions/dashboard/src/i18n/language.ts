// The language of the pages: the browser's, unless another was chosen here.

import { create } from "zustand";
import { type Choice, choiceOf, type Language } from "../../../live/languageChoice";

const KEY = "fovea.language";

export const useLanguage = create<Choice>()(() =>
  choiceOf(localStorage.getItem(KEY), navigator.languages),
);

export function chooseLanguage(language: Language): void {
  localStorage.setItem(KEY, language);
  useLanguage.setState(choiceOf(language, navigator.languages));
}

function apply({ language }: Choice): void {
  document.documentElement.lang = language;
}

useLanguage.subscribe(apply);
apply(useLanguage.getState());
