// Reads the data report of a training on captioned images.

import { type Fields, number, object, objects, text } from "../../live/documentFields";

export const REPORT_PATH = "data/report.json";
const MAX_LISTED = 20_000;

export interface Count {
  /** As the report names it, in English. */
  name: string;
  count: number;
}

export interface BucketPlan {
  width: number;
  height: number;
  numImages: number | null;
  totalSteps: number | null;
  numNeverSeen: number | null;
}

export interface ReportedImage {
  number: number;
  name: string;
  /** Width and height in pixels, as the file has them. */
  size: string;
  bucket: string;
  croppedShare: number | null;
  tokens: number | null;
  repeats: number | null;
  isTruncated: boolean;
  isTurned: boolean;
  isTransparent: boolean;
  hasMask: boolean;
  /** The number of the image that it is a copy of. */
  copyOf: number | null;
}

export interface DataReport {
  /** Figures by their names in the document. */
  steps: ReadonlyMap<string, number>;
  captions: ReadonlyMap<string, number>;
  images: ReadonlyMap<string, number>;
  copies: ReadonlyMap<string, number>;
  used: readonly Count[];
  leftOut: readonly Count[];
  endings: readonly Count[];
  /** Those with the most images first. */
  buckets: readonly BucketPlan[];
  listed: readonly ReportedImage[];
  numNotListed: number;
  heldOut: number | null;
}

/** Null for a document that is no such report. */
export function dataReportOf(document: unknown): DataReport | null {
  const report = object(document);
  const steps = figures(report.steps);
  if (steps.size === 0) {
    return null;
  }
  const files = object(report.files);
  const buckets = objects(report.buckets).flatMap(bucketPlan);
  return {
    steps,
    captions: figures(report.captions),
    images: figures(report.images),
    copies: figures(report.copies),
    used: counts(files.used),
    leftOut: counts(files.left_out),
    endings: counts(files.endings_of_other_kinds),
    buckets: buckets.sort((a, b) => (b.numImages ?? 0) - (a.numImages ?? 0)),
    listed: objects(report.list).slice(0, MAX_LISTED).flatMap(image),
    numNotListed: number(report.num_not_listed) ?? 0,
    heldOut: number(report.held_out),
  };
}

function figures(value: unknown): ReadonlyMap<string, number> {
  return new Map(counts(value).map(({ name, count }) => [name, count]));
}

function counts(value: unknown): Count[] {
  return Object.entries(object(value)).flatMap(([name, each]) => {
    const count = number(each);
    return count === null ? [] : [{ name, count }];
  });
}

function bucketPlan(entry: Fields): BucketPlan[] {
  const [width, height] = [number(entry.width), number(entry.height)];
  return width === null || height === null
    ? []
    : [
        {
          width,
          height,
          numImages: number(entry.num_images),
          totalSteps: number(entry.total_steps),
          numNeverSeen: number(entry.num_never_seen),
        },
      ];
}

function image(entry: Fields): ReportedImage[] {
  const place = number(entry.number);
  return place === null
    ? []
    : [
        {
          number: place,
          name: text(entry.name) ?? "",
          size: sides(entry.size),
          bucket: sides(entry.bucket),
          croppedShare: number(entry.cropped_share),
          tokens: number(entry.tokens),
          repeats: number(entry.repeats),
          isTruncated: entry.truncated === true,
          isTurned: entry.turned_by_exif === true,
          isTransparent: entry.transparent === true,
          hasMask: entry.mask === true,
          copyOf: number(entry.copy_of),
        },
      ];
}

function sides(value: unknown): string {
  const found = Array.isArray(value) ? value.map(number) : [];
  return found.length === 2 && !found.includes(null) ? found.join(" × ") : "";
}

/** Whether something about the image may surprise: what is listed first. */
export function isNotable(each: ReportedImage): boolean {
  const { isTruncated, isTurned, isTransparent, copyOf } = each;
  return isTruncated || isTurned || isTransparent || copyOf !== null;
}
