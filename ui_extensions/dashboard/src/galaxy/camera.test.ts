import { describe, expect, it } from "vitest";
import { closeUp, moved, onFlight, overview, project, zoomed } from "./camera";
import { projectOf, runOf } from "./galaxyExample";
import { placeLabels } from "./labels";
import { assignSlots, skyOf } from "./layout";
import { pick } from "./picking";

const SIZE = { width: 1000, height: 700 };

function skyWith(count: number) {
  const ids = Array.from({ length: count }, (_, at) => String(at));
  const runs = [runOf("planet")];
  return skyOf(
    ids.map((id) => projectOf(id, { runs })),
    assignSlots(new Map(), ids),
  );
}

describe("the camera", () => {
  it("has its own place in the middle of the picture", () => {
    const at = project({ x: 30, z: -8, distance: 100 }, SIZE, 30, -8);
    expect(at).toMatchObject({ left: 500, top: 350 });
  });

  it("sees nothing behind itself", () => {
    expect(project({ x: 0, z: 0, distance: 50 }, SIZE, 0, 500)).toBeUndefined();
  });

  it.each([
    { width: 1000, height: 700 },
    { width: 390, height: 500 },
  ])("sees every star from afar in $width by $height pixels", (size) => {
    const sky = skyWith(500);
    const camera = overview(sky.extent, size);
    for (const { x, z } of sky.stars) {
      const at = project(camera, size, x, z);
      expect(at?.left).toBeGreaterThan(0);
      expect(at?.left).toBeLessThan(size.width);
      expect(at?.top).toBeGreaterThan(0);
      expect(at?.top).toBeLessThan(size.height);
    }
  });

  it("follows the pointer that pulls the sky", () => {
    const camera = { x: 0, z: 0, distance: 200 };
    const after = project(moved(camera, SIZE, { right: 80, down: 40 }, 500), SIZE, 0, 0);
    expect(after?.left).toBeCloseTo(580, -1);
    expect(after?.top).toBeCloseTo(390, -1);
  });

  it("does not lose the stars, however far it is pulled", () => {
    const { x, z } = moved({ x: 0, z: 0, distance: 200 }, SIZE, { right: 1e9, down: 0 }, 300);
    expect(Math.hypot(x, z)).toBeCloseTo(300);
  });

  it("has a nearest and a farthest place", () => {
    const camera = { x: 0, z: 0, distance: 100 };
    expect(zoomed(camera, 1e-9).distance).toBeGreaterThan(1);
    expect(zoomed(camera, 1e9).distance).toBeLessThan(1e5);
  });

  it("begins and ends a flight exactly", () => {
    const [from, to] = [overview(300, SIZE), closeUp({ x: 40, z: 12 })];
    for (const [share, end] of [
      [0, from],
      [7, to],
    ] as const) {
      const { x, z, distance } = onFlight(from, to, share);
      expect([x, z]).toEqual([end.x, end.z]);
      expect(distance).toBeCloseTo(end.distance, 6);
    }
  });
});

describe("picking", () => {
  it("finds the star and the planet at a point, and nothing beside them", () => {
    const sky = skyWith(3);
    const star = sky.stars[1];
    const camera = closeUp(star ?? { x: 0, z: 0 });
    const planet = star?.planets[0];
    const at = project(camera, SIZE, planet?.x ?? 0, planet?.z ?? 0);
    expect(pick(sky, { camera, size: SIZE }, 500, 350)).toEqual({ projectId: "1", runId: null });
    expect(pick(sky, { camera, size: SIZE }, at?.left ?? 0, at?.top ?? 0)).toEqual({
      projectId: "1",
      runId: "planet",
    });
    expect(pick(sky, { camera, size: SIZE }, 5, 5)).toBeUndefined();
  });

  it("does not find planets that are too small to be drawn", () => {
    const sky = skyWith(500);
    const camera = overview(sky.extent, SIZE);
    const star = sky.stars[0];
    const at = project(camera, SIZE, star?.x ?? 0, star?.z ?? 0);
    expect(pick(sky, { camera, size: SIZE }, at?.left ?? 0, at?.top ?? 0)?.runId).toBeNull();
  });
});

describe("labels", () => {
  it("are bounded, do not cover each other, and name the chosen star first", () => {
    const sky = skyWith(500);
    const camera = { x: 0, z: 0, distance: 250 };
    const labels = placeLabels(sky, camera, SIZE, ["498"]);
    expect(labels[0]?.star.project.project_id).toBe("498");
    expect(labels.length).toBeLessThanOrEqual(16);
    expect(labels.length).toBeGreaterThan(4);
    for (const [at, a] of labels.entries()) {
      for (const b of labels.slice(at + 1)) {
        expect(Math.abs(a.left - b.left) >= 150 || Math.abs(a.top - b.top) >= 26).toBe(true);
      }
    }
  });
});
