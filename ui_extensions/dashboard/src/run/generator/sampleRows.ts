// Arranges what a run has drawn: a row for each prompt, and the steps at which anything was drawn.

import { promptsAt, type PromptHistory } from "../commands/promptHistory";
import { sampleNumber } from "../generatorRun";
import { type LoggedImage, loggedMs, type SteppedImages } from "../loggedImages";
import type { StepPicture } from "../pictures/Viewer";

export interface Sample {
  image: LoggedImage;
  /** What was drawn; undefined if the run has not recorded it. */
  prompt: string | undefined;
}

export interface SampleRow {
  key: string;
  /** Of the prompt, from 1. */
  number: number;
  pictures: readonly StepPicture[];
  byStep: ReadonlyMap<number, Sample>;
}

export interface Samples {
  rows: readonly SampleRow[];
  /** Ascending. */
  steps: readonly number[];
}

export function samplesOf(
  stepped: readonly SteppedImages[],
  history: PromptHistory | undefined,
): Samples {
  const rows = stepped.flatMap((images) => {
    const number = sampleNumber(images.key);
    return number === null ? [] : [row(images, number, history)];
  });
  rows.sort((a, b) => a.number - b.number);
  const steps = [...new Set(rows.flatMap(({ byStep }) => [...byStep.keys()]))];
  return { rows, steps: steps.sort((a, b) => a - b) };
}

function row(
  { key, steps }: SteppedImages,
  number: number,
  history: PromptHistory | undefined,
): SampleRow {
  const byStep = new Map<number, Sample>();
  const pictures: StepPicture[] = [];
  for (const { step, images } of steps) {
    // A step that was drawn again, after a resume or on command, has several: the newest counts.
    const image = images.at(-1);
    if (image) {
      const known = history && promptsAt(history, step, loggedMs(image.path));
      byStep.set(step, { image, prompt: known?.[number - 1] });
      pictures.push({ step, path: image.path });
    }
  }
  return { key, number, pictures, byStep };
}

/** The step of the list that is the nearest to the wanted one; the last without one. */
export function nearestStep(steps: readonly number[], wanted: number | null): number {
  const last = steps.at(-1) ?? 0;
  return wanted === null
    ? last
    : steps.reduce(
        (best, step) => (Math.abs(step - wanted) < Math.abs(best - wanted) ? step : best),
        last,
      );
}
