// The panel's settings in the browser's local storage.

import type { Position } from "./position";

const KEY = "fovea.panel";

export interface PanelSettings {
  isFolded?: boolean;
  position?: Position;
}

export function readSettings(): PanelSettings {
  try {
    const known: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return parseSettings(known);
  } catch {
    return {};
  }
}

export function saveSettings(more: PanelSettings): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...readSettings(), ...more }));
  } catch {
    // Without storage the panel starts with its defaults on each page load.
  }
}

/** Leaves out everything of a wrong type: any script of the origin may have written it. */
export function parseSettings(known: unknown): PanelSettings {
  const { isFolded, position } = (known ?? {}) as Record<string, unknown>;
  const { right, bottom } = (position ?? {}) as Record<string, unknown>;
  const isPlace = Number.isFinite(right) && Number.isFinite(bottom);
  return {
    ...(typeof isFolded === "boolean" ? { isFolded } : {}),
    ...(isPlace ? { position: { right: right as number, bottom: bottom as number } } : {}),
  };
}
