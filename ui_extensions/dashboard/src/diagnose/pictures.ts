// The pictures of a diagnosed image: what the browser can show of it, and the maps over it.

import type { DiagnosedImage } from "../../../live/schemas";

export interface Layers {
  /** Address of the image itself; null if the browser cannot show it. */
  base: string | null;
  /** Address of the heat map over the image; null without a map. */
  overlay: string | null;
}

/** `preview` is the address of the file itself, if the browser can show it. */
export function layersOf(image: DiagnosedImage, preview: string | null): Layers {
  const map = image.heat_map;
  return {
    base: map?.image_png ? pngAddress(map.image_png) : preview,
    overlay: map?.overlay_png ? pngAddress(map.overlay_png) : null,
  };
}

export function pngAddress(base64: string): string {
  return `data:image/png;base64,${base64}`;
}

const SHOWN_BY_BROWSERS = new Set(["image/png", "image/jpeg", "image/webp", "image/gif"]);

export function isShownByBrowsers(file: File): boolean {
  return SHOWN_BY_BROWSERS.has(file.type);
}
