// The data sets and base models that are registered on the server.

import type { DatasetKind, RegisteredDataset, RegisteredModel } from "../../../live/schemas";
import type { Page } from "../../../live/rest";
import { rest } from "../live/session";

/** The server lists no more at once. */
const MOST = 1_000;

export function readDatasets(signal: AbortSignal): Promise<Page<RegisteredDataset>> {
  return rest.list<RegisteredDataset>("api/datasets", { limit: MOST }, signal);
}

export function readBaseModels(signal: AbortSignal): Promise<Page<RegisteredModel>> {
  return rest.list<RegisteredModel>("api/models", { limit: MOST }, signal);
}

const KIND_OF_RECIPE: Readonly<Record<string, DatasetKind>> = {
  diffusion: "captioned_images",
  retinal: "class_folders",
  segmentation: "masked_images",
};

/** Those that a recipe can train on; of a recipe that is not known here, all. */
export function suitable(
  datasets: readonly RegisteredDataset[],
  recipe: string,
): readonly RegisteredDataset[] {
  const kind = KIND_OF_RECIPE[recipe];
  return kind === undefined ? datasets : datasets.filter((each) => each.kind === kind);
}

/** The recipe's setting that a registered base model takes the place of. */
export function baseModelSetting(recipe: string): string {
  return recipe === "diffusion" ? "base_model" : "weights";
}
