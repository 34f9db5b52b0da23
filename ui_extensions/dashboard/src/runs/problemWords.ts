// Error messages for invalid input in a form field.

import { words } from "../i18n/words";
import type { Problem } from "./typedValue";

export const problemWords = words(
  {
    missing: "A value is needed here.",
    whole: "A whole number is expected, such as 8.",
    number: "A number is expected, such as 0.001 or 1e-3.",
    json: 'JSON is expected, such as 3, true or "text".',
    choice: "One of the listed values is expected.",
    minimum: (limit: string) => `At least ${limit} is expected.`,
    maximum: (limit: string) => `At most ${limit} is expected.`,
    exclusiveMinimum: (limit: string) => `More than ${limit} is expected.`,
    exclusiveMaximum: (limit: string) => `Less than ${limit} is expected.`,
    multipleOf: (limit: string) => `A multiple of ${limit} is expected.`,
    minLength: (limit: string) => `At least ${limit} characters are expected.`,
    maxLength: (limit: string) => `At most ${limit} characters are expected.`,
  },
  {
    fr: {
      missing: "Une valeur est nécessaire ici.",
      whole: "Un nombre entier est attendu, par exemple 8.",
      number: "Un nombre est attendu, par exemple 0,001 ou 1e-3.",
      json: 'Du JSON est attendu, par exemple 3, true ou "texte".',
      choice: "Une des valeurs de la liste est attendue.",
      minimum: (limit) => `Au moins ${limit} est attendu.`,
      maximum: (limit) => `Au plus ${limit} est attendu.`,
      exclusiveMinimum: (limit) => `Plus de ${limit} est attendu.`,
      exclusiveMaximum: (limit) => `Moins de ${limit} est attendu.`,
      multipleOf: (limit) => `Un multiple de ${limit} est attendu.`,
      minLength: (limit) => `Au moins ${limit} caractères sont attendus.`,
      maxLength: (limit) => `Au plus ${limit} caractères sont attendus.`,
    },
  },
);

export function problemText(t: (typeof problemWords)["en"], problem: Problem): string {
  return "limit" in problem ? t[problem.kind](String(problem.limit)) : t[problem.kind];
}
