// Which prompts a run has drawn: those of its param, then those of each `set_prompts` that it carried out.

import type { InstructionEntry } from "../../../../live/schemas";
import type { NamedValue } from "../details/storedRun";
import { promptLines } from "./commandFacts";

const PROMPTS_PARAM = "sample_prompts";
const NUMBERED = /^prompt_(\d{1,2})$/;

export interface PromptChange {
  /** It took effect after this step. */
  step: number;
  answeredMs: number;
  prompts: readonly string[];
}

export interface PromptHistory {
  first: readonly string[];
  /** In the order in which they took effect. */
  changes: readonly PromptChange[];
}

export function promptHistory(
  params: readonly NamedValue[],
  entries: readonly InstructionEntry[],
): PromptHistory {
  const given = params.find(({ key }) => key === PROMPTS_PARAM)?.value ?? "";
  const changes = entries.flatMap(({ name, status, step, arguments: asked, answered_at }) =>
    name === "set_prompts" && status === "done" && step !== null
      ? [{ step, answeredMs: Date.parse(answered_at ?? ""), prompts: promptsOf(asked) }]
      : [],
  );
  changes.sort((a, b) => a.step - b.step || a.answeredMs - b.answeredMs);
  return { first: promptLines(given), changes };
}

function promptsOf(asked: InstructionEntry["arguments"]): readonly string[] {
  return Object.entries(asked)
    .flatMap(([name, value]) => {
      const number = Number(NUMBERED.exec(name)?.[1] ?? 0);
      return number > 0 && typeof value === "string" && value !== "" ? [{ number, value }] : [];
    })
    .sort((a, b) => a.number - b.number)
    .map(({ value }) => value);
}

/** The prompts of a picture of this step, which was logged then; a change at the same step goes by time. */
export function promptsAt(
  { first, changes }: PromptHistory,
  step: number,
  loggedMs: number,
): readonly string[] {
  const before = changes.filter(
    (change) => change.step < step || (change.step === step && change.answeredMs <= loggedMs),
  );
  return before.at(-1)?.prompts ?? first;
}

export function promptsInUse({ first, changes }: PromptHistory): readonly string[] {
  return changes.at(-1)?.prompts ?? first;
}
