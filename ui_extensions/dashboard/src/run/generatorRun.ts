// Tells by its artifacts and metrics whether a run trains a generator of images.

import type { FoundImages } from "./artifacts";
import { imageName } from "./loggedImages";

/** As the recipe logs what it draws: a key for each prompt. */
const SAMPLE_KEY = /^sample_([1-9]|1[0-6])$/;

/** The number of the prompt, from 1; null for the key of another picture. */
export function sampleNumber(key: string): number | null {
  const number = SAMPLE_KEY.exec(key)?.[1];
  return number === undefined ? null : Number(number);
}

/** The metric of the loss at one of the nine quantiles of the timesteps, of the run or its base model. */
export function quantileMetric(number: number, isBase = false): string {
  return `val/${isBase ? "base_loss" : "loss"}_q${number}`;
}

export function isGenerator({ paths, folders }: FoundImages, names: readonly string[]): boolean {
  return (
    folders.includes("quality") ||
    // Only the files in it tell whether it has the report of captioned images.
    folders.includes("data") ||
    names.includes(quantileMetric(1)) ||
    paths.some((path) => sampleNumber(imageName(path)) !== null)
  );
}
