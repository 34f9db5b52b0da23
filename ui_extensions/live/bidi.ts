// Keeps a foreign text, such as a run's name, from turning the words around it.

const FIRST_STRONG_ISOLATE = "\u2068";
const END_OF_ISOLATE = "\u2069";
const TURNS =
  /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const BEGINS_ISOLATE = /[\u2066-\u2068]/;

/** `text` for a sentence of ours: isolated if it has characters that turn the direction. */
export function isolated(text: string): string {
  return TURNS.test(text) ? `${FIRST_STRONG_ISOLATE}${closed(text)}${END_OF_ISOLATE}` : text;
}

/** `text` without ends of isolates that it has not begun: they would end the isolate around it. */
export function closed(text: string): string {
  let depth = 0;
  let kept = "";
  for (const character of text) {
    if (BEGINS_ISOLATE.test(character)) {
      depth += 1;
    } else if (character === END_OF_ISOLATE) {
      if (depth === 0) {
        continue;
      }
      depth -= 1;
    }
    kept += character;
  }
  return kept;
}

type Args = readonly unknown[];

/** The texts of a page, whose functions isolate each text that they put into a sentence. */
export function withIsolation<T extends object>(texts: T): T {
  const wrapped = Object.entries(texts).map(([name, text]: [string, unknown]) => [
    name,
    typeof text === "function" ? isolating(text as (...args: Args) => string) : text,
  ]);
  return Object.fromEntries(wrapped) as T;
}

function isolating(text: (...args: Args) => string): (...args: Args) => string {
  return (...args) =>
    text(...args.map((each) => (typeof each === "string" ? isolated(each) : each)));
}
