// What the reader's browser keeps of the panel, where it keeps anything.

import type { Position } from "./position";

const KEY = "fovea.panel";

export interface Kept {
  isFolded?: boolean;
  position?: Position;
}

export function kept(): Kept {
  try {
    const known: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return keptOf(known);
  } catch {
    return {};
  }
}

export function keep(more: Kept): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...kept(), ...more }));
  } catch {
    // Then it is as it was when the page is opened again.
  }
}

/** What is usable of what was stored, which anybody may have written. */
export function keptOf(known: unknown): Kept {
  const { isFolded, position } = (known ?? {}) as Record<string, unknown>;
  const { right, bottom } = (position ?? {}) as Record<string, unknown>;
  const isPlace = Number.isFinite(right) && Number.isFinite(bottom);
  return {
    ...(typeof isFolded === "boolean" ? { isFolded } : {}),
    ...(isPlace ? { position: { right: right as number, bottom: bottom as number } } : {}),
  };
}
