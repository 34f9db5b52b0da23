// The words for what a column was taken for.

import { words } from "../../i18n/words";

export const kindWords = words(
  {
    number: "Number",
    date: "Date",
    boolean: "Yes or no",
    category: "Category",
    text: "Text",
    empty: "Empty",
  },
  {
    fr: {
      number: "Nombre",
      date: "Date",
      boolean: "Oui ou non",
      category: "Catégorie",
      text: "Texte",
      empty: "Vide",
    },
  },
);

export function kindName(t: Readonly<Record<string, string>>, kind: string): string {
  return (Object.hasOwn(t, kind) ? t[kind] : undefined) ?? kind;
}
