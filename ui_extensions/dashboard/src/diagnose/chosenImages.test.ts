import { expect, it } from "vitest";
import {
  formOf,
  isThresholdWrong,
  MOST_IMAGES,
  thresholdPercent,
  withFiles,
  withoutImage,
  withSide,
} from "./chosenImages";

function file(name: string, content = name): File {
  return new File([content], name, { lastModified: 1 });
}

it("keeps the order of the files, and each only once", () => {
  const chosen = withFiles(withFiles([], [file("a"), file("b")]), [file("b"), file("c")]);
  expect(chosen.map((image) => image.file.name)).toEqual(["a", "b", "c"]);
  expect(new Set(chosen.map((image) => image.id)).size).toBe(3);
});

it("takes files of the same name whose contents differ", () => {
  expect(withFiles([], [file("a", "1"), file("a", "22")])).toHaveLength(2);
});

it("has no more images than one request may have", () => {
  const many = Array.from({ length: MOST_IMAGES + 1 }, (_, index) => file(`${index}`));
  expect(withFiles([], many)).toHaveLength(MOST_IMAGES);
});

it("never gives an image the id of one that is still there", () => {
  const [first, second] = withFiles([], [file("a"), file("b")]);
  const left = withoutImage([first!, second!], first!.id);
  const ids = withFiles(left, [file("c")]).map((image) => image.id);
  expect(new Set(ids).size).toBe(2);
});

it("sends each image with its side, in their order", () => {
  const chosen = withFiles([], [file("a"), file("b")]);
  const form = formOf(withSide(chosen, chosen[1]!.id, "left"), {
    segmentation: true,
    threshold: "",
  });
  expect(form.getAll("files").map((each) => (each as File).name)).toEqual(["a", "b"]);
  expect(form.getAll("laterality")).toEqual(["unknown", "left"]);
  expect(form.get("include_gradcam")).toBe("true");
  expect(form.get("include_segmentation")).toBe("true");
  expect(form.has("confidence_threshold")).toBe(false);
});

it("sends the threshold as a share", () => {
  const form = formOf([], { segmentation: false, threshold: " 62,5 " });
  expect(form.get("confidence_threshold")).toBe("0.625");
});

it("takes only percentages for a threshold", () => {
  expect(thresholdPercent("0")).toBe(0);
  expect(["", " "].map(isThresholdWrong)).toEqual([false, false]);
  expect(["101", "-1", "a lot", "NaN"].map(isThresholdWrong)).toEqual([true, true, true, true]);
});
