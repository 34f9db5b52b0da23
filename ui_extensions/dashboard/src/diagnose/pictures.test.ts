import { expect, it } from "vitest";
import type { DiagnosedImage } from "../../../live/schemas";
import { isShownByBrowsers, layersOf } from "./pictures";

type HeatMap = NonNullable<DiagnosedImage["heat_map"]>;

function image(map: Partial<HeatMap> | null): DiagnosedImage {
  const empty: HeatMap = {
    absent_reason: "",
    class_name: "RAO",
    method: "GradCAM",
    map_png: null,
    overlay_png: null,
    image_png: null,
    peaks: [],
  };
  return {
    file: 0,
    laterality: "right",
    laterality_source: "request",
    num_frames: 1,
    worst_frame: 0,
    notes: [],
    result: null,
    heat_map: map && { ...empty, ...map },
    masks: [],
    dicom_objects: [],
    error: null,
  };
}

it("lays the map over the file that was sent", () => {
  const layers = layersOf(image({ overlay_png: "b" }), "blob:file");
  expect(layers).toEqual({ base: "blob:file", overlay: "data:image/png;base64,b" });
});

it("prefers the image that belongs to the map: it has the map's size, and shows one slice of a volume", () => {
  const layers = layersOf(image({ overlay_png: "b", image_png: "a" }), "blob:file");
  expect(layers.base).toBe("data:image/png;base64,a");
});

it("shows what there is of a file that browsers cannot show, without a map", () => {
  expect(layersOf(image(null), null)).toEqual({ base: null, overlay: null });
});

it("shows only pictures of the kinds that every browser knows", () => {
  const shown = ["image/png", "image/jpeg", "image/tiff", "application/dicom", ""].map((type) =>
    isShownByBrowsers(new File([], "x", { type })),
  );
  expect(shown).toEqual([true, true, false, false, false]);
});
