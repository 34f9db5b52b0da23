// What the page knows of one-time commands: their order, their newest answers, the texts typed for them.

import type { InstructionEntry } from "../../../../live/schemas";

/** Those with the same meaning in every run, in the order of the page. */
const KNOWN = [
  "sample_now",
  "save_now",
  "set_prompts",
  "set_learning_rate",
  "extend_budget",
  "skip_trial",
] as const;

export type KnownCommand = (typeof KNOWN)[number];

export function isKnown(name: string): name is KnownCommand {
  return KNOWN.some((each) => each === name);
}

/** The known ones first; those of the run's own program after them, as it has said. */
export function inOrder(names: readonly string[]): readonly string[] {
  return [
    ...KNOWN.filter((each) => names.includes(each)),
    ...names.filter((each) => !isKnown(each)),
  ];
}

/** The newest of each name; `entries` are newest first. */
export function newestByName(
  entries: readonly InstructionEntry[],
): ReadonlyMap<string, InstructionEntry> {
  return new Map([...entries].reverse().map((each) => [each.name, each]));
}

export function isOpen({ status }: InstructionEntry): boolean {
  return status === "pending" || status === "taken";
}

/** A number above 0 and below the limit; undefined if the text is none. */
export function positiveNumber(text: string, limit: number): number | undefined {
  const value = Number(text.trim().replace(",", ".") || Number.NaN);
  return value > 0 && value < limit ? value : undefined;
}

/** Undefined if the text is no whole number from 0 on. */
export function wholeNumber(text: string): number | undefined {
  return /^\d{1,9}$/.test(text.trim()) ? Number(text) : undefined;
}

const MAX_PROMPTS = 16;
const MAX_PROMPT_CHARS = 1000;
const MAX_BYTES = 4096;

/** The lines that are not empty as the arguments of `set_prompts`; undefined if they cannot be. */
export function promptArguments(text: string): Readonly<Record<string, string>> | undefined {
  const prompts = promptLines(text);
  const given = Object.fromEntries(
    prompts.map((prompt, index) => [`prompt_${index + 1}`, prompt] as const),
  );
  const fit =
    prompts.length > 0 &&
    prompts.length <= MAX_PROMPTS &&
    prompts.every((prompt) => [...prompt].length <= MAX_PROMPT_CHARS) &&
    new TextEncoder().encode(JSON.stringify(given)).length <= MAX_BYTES;
  return fit ? given : undefined;
}

/** The lines of a text that are not empty, as the recipe reads its prompts. */
export function promptLines(text: string): readonly string[] {
  return text
    .split(/[\n\r\v\f\u0085\u2028\u2029]/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
