// Zooming by keyboard.

export type Zoom = [number, number];

/** `shown` made `by` times as wide around `middle`, in whole steps; null if that shows `all`. */
export function zoomedRange(
  all: Readonly<Zoom>,
  shown: Readonly<Zoom>,
  middle: number,
  by: number,
): Zoom | null {
  const half = ((shown[1] - shown[0]) / 2) * by;
  const zoom: Zoom = [
    Math.max(all[0], Math.floor(middle - half)),
    Math.min(all[1], Math.ceil(middle + half)),
  ];
  return zoom[0] <= all[0] && zoom[1] >= all[1] ? null : zoom;
}
