// Groups a run's image artifacts by their paths: single images, and those of one key over steps.

export interface ArtifactEntry {
  path: string;
  is_dir: boolean;
  /** In bytes; not for folders, and not from every store. */
  file_size?: number | string;
}

/** One picture, with a smaller version. */
export interface LoggedImage {
  /** Artifact path of the picture in full size. */
  path: string;
  /** Artifact path of a smaller copy; without one, the same path. */
  thumbnail: string;
}

export interface SteppedImages {
  key: string;
  /** Ascending; a step may have several pictures, in the order of logging. */
  steps: ReadonlyArray<{ step: number; images: readonly LoggedImage[] }>;
}

export interface Gallery {
  stepped: readonly SteppedImages[];
  single: readonly LoggedImage[];
}

/** Image types that browsers show. */
const IMAGE = /\.(?:png|jpe?g|webp|gif|svg|bmp|avif)$/i;

/** As `mlflow.log_image(image, key, step)` names them; older clients put % where newer put +. */
const STEPPED =
  /^(.+)([+%])step\2(-?\d+)\2timestamp\2(\d+)\2([0-9a-f-]+?)(\2compressed)?\.(?:png|webp)$/;

export function isImage(path: string): boolean {
  return IMAGE.test(path);
}

export function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function folder(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

interface Logged {
  key: string;
  step: number;
  timestamp: number;
  whole: string | null;
  small: string | null;
}

export function gallery(paths: readonly string[]): Gallery {
  const logged = new Map<string, Logged>();
  const single: LoggedImage[] = [];
  for (const path of paths) {
    const named = STEPPED.exec(fileName(path));
    if (named) {
      addStepped(logged, path, named);
    } else if (isImage(path)) {
      single.push({ path, thumbnail: path });
    }
  }
  single.sort((a, b) => a.path.localeCompare(b.path, "en", { numeric: true }));
  return { stepped: byKey([...logged.values()]), single };
}

function addStepped(logged: Map<string, Logged>, path: string, named: RegExpExecArray): void {
  const [, key = "", , step, timestamp, id, isSmall] = named;
  const name = `${key}\n${step}\n${timestamp}\n${id}`;
  const known = logged.get(name) ?? {
    // A file's name cannot hold the slash of a key.
    key: key.replace(/[~#]/g, "/"),
    step: Number(step),
    timestamp: Number(timestamp),
    whole: null,
    small: null,
  };
  known[isSmall ? "small" : "whole"] = path;
  logged.set(name, known);
}

function byKey(logged: Logged[]): SteppedImages[] {
  const keys = new Map<string, Map<number, LoggedImage[]>>();
  for (const { key, step, whole, small } of logged.sort(
    (a, b) => a.step - b.step || a.timestamp - b.timestamp,
  )) {
    const path = whole ?? small;
    if (path) {
      const steps = keys.get(key) ?? new Map<number, LoggedImage[]>();
      const images = steps.get(step) ?? [];
      images.push({ path, thumbnail: small ?? path });
      keys.set(key, steps.set(step, images));
    }
  }
  return [...keys]
    .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
    .map(([key, steps]) => ({
      key,
      steps: [...steps].map(([step, images]) => ({ step, images })),
    }));
}

/** When the picture of a step was logged, in ms since the Unix epoch; 0 for another picture. */
export function loggedMs(path: string): number {
  return Number(STEPPED.exec(fileName(path))?.[4] ?? 0);
}

/** The alternative text of a picture: its key, else its path. */
export function imageName(path: string): string {
  const named = STEPPED.exec(fileName(path));
  return named?.[1] === undefined ? path : named[1].replace(/[~#]/g, "/");
}
