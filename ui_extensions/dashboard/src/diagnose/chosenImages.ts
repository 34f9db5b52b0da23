// The images that are to be diagnosed: those of one patient, in their order.

import type { Laterality } from "../../../live/schemas";

export const MOST_IMAGES = 64;

export interface ChosenImage {
  id: number;
  file: File;
  laterality: Laterality;
}

/** Files that are chosen already are left out; so are those beyond MOST_IMAGES. */
export function withFiles(
  chosen: readonly ChosenImage[],
  files: readonly File[],
): readonly ChosenImage[] {
  const added: ChosenImage[] = [];
  let id = chosen.reduce((highest, image) => Math.max(highest, image.id), 0);
  for (const file of files) {
    if (![...chosen, ...added].some((image) => isSame(image.file, file))) {
      id += 1;
      added.push({ id, file, laterality: "unknown" });
    }
  }
  return [...chosen, ...added].slice(0, MOST_IMAGES);
}

export function withoutImage(chosen: readonly ChosenImage[], id: number): readonly ChosenImage[] {
  return chosen.filter((image) => image.id !== id);
}

export function withSide(
  chosen: readonly ChosenImage[],
  id: number,
  laterality: Laterality,
): readonly ChosenImage[] {
  return chosen.map((image) => (image.id === id ? { ...image, laterality } : image));
}

function isSame(one: File, other: File): boolean {
  return (
    one.name === other.name && one.size === other.size && one.lastModified === other.lastModified
  );
}

export interface Options {
  segmentation: boolean;
  /** In percent, as typed; empty for no threshold. */
  threshold: string;
}

/** The form of the request: the images, the side of each, and the options. */
export function formOf(chosen: readonly ChosenImage[], options: Options): FormData {
  const form = new FormData();
  for (const { file, laterality } of chosen) {
    form.append("files", file);
    form.append("laterality", laterality);
  }
  form.append("include_gradcam", "true");
  form.append("include_segmentation", String(options.segmentation));
  const percent = thresholdPercent(options.threshold);
  if (percent !== null) {
    form.append("confidence_threshold", String(percent / 100));
  }
  return form;
}

/** Null if nothing or no percentage was typed. */
export function thresholdPercent(typed: string): number | null {
  const text = typed.trim().replace(",", ".");
  const percent = Number(text);
  return text !== "" && percent >= 0 && percent <= 100 ? percent : null;
}

export function isThresholdWrong(typed: string): boolean {
  return typed.trim() !== "" && thresholdPercent(typed) === null;
}
