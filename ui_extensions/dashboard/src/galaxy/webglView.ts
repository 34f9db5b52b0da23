// Draws the sky with three.js: four instanced meshes of squares, which shaders turn into bodies and rings.

import {
  BufferAttribute,
  BufferGeometry,
  InstancedBufferAttribute,
  InstancedMesh,
  Matrix4,
  PerspectiveCamera,
  Scene,
  DoubleSide,
  ShaderMaterial,
  WebGLRenderer,
} from "three";
import { ELEVATION, FIELD_OF_VIEW } from "./camera";
import type { Sky, Star } from "./layout";
import { channels } from "./palette";
import { BODY, FACING, LINE, LYING, RINGS, SUN } from "./shaders";
import { type Drawing, GLOW_RADII, RING, showsPlanets, starsInView, type View } from "./view";

interface Instance {
  x: number;
  z: number;
  scale: number;
  tint: readonly [number, number, number];
  stage?: number;
}

/** Orbits have no tone. */
const LINE_TINT = [0.49, 0.55, 0.66] as const;
const SMALLEST_ROOM = 64;

/** Raises an error if the browser has no WebGL. */
export class WebglView implements View {
  readonly kind = "webgl";
  readonly canvas = document.createElement("canvas");
  private readonly renderer = new WebGLRenderer({
    canvas: this.canvas,
    alpha: true,
    antialias: false,
    powerPreference: "low-power",
  });
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera((FIELD_OF_VIEW * 180) / Math.PI, 1, 1, 20_000);
  private readonly orbits = new Layer(LYING, LINE);
  private readonly stars = new Layer(FACING, SUN);
  private readonly rings = new Layer(FACING, RINGS);
  private readonly planets = new Layer(FACING, BODY);
  private readonly layers = [this.orbits, this.stars, this.rings, this.planets];
  private sky: Sky = { stars: [], byId: new Map(), extent: 0 };
  private drawn = "";

  show(sky: Sky): void {
    this.sky = sky;
    const planets = sky.stars.map((star) => star.planets.length);
    this.orbits.reserve(Math.max(0, ...planets));
    this.stars.reserve(sky.stars.length);
    this.rings.reserve(sky.stars.length);
    this.planets.reserve(planets.reduce((sum, count) => sum + count, 0));
    this.scene.clear();
    this.scene.add(...this.layers.map(({ mesh }) => mesh));
    // Otherwise the first planets that come into view would wait for their shader.
    this.renderer.compile(this.scene, this.camera);
  }

  draw(drawing: Drawing): void {
    this.resize(drawing);
    this.fill(drawing);
    this.rings.setGlow(drawing.glow);
    const { x, z, distance } = drawing.camera;
    this.camera.position.set(x, distance * Math.sin(ELEVATION), z + distance * Math.cos(ELEVATION));
    this.camera.lookAt(x, 0, z);
    this.renderer.render(this.scene, this.camera);
  }

  private resize({ size, ratio }: Drawing): void {
    const place = `${size.width} ${size.height} ${ratio}`;
    if (place !== this.drawn) {
      this.drawn = place;
      this.renderer.setPixelRatio(ratio);
      this.renderer.setSize(size.width, size.height, false);
      this.camera.aspect = size.width / Math.max(1, size.height);
      this.camera.updateProjectionMatrix();
    }
  }

  /** Only what is in view: without a GPU, each square costs time even if it is not seen. */
  private fill(drawing: Drawing): void {
    const stars = starsInView(this.sky, drawing);
    const { selected } = drawing;
    const hasPlanets = showsPlanets(drawing);
    this.stars.set(stars.map((star) => instanceOf(star, star.radius * GLOW_RADII)));
    this.rings.set(
      stars
        .filter(({ stage }) => stage >= 0)
        .map((star) => ({ ...instanceOf(star, star.radius * RING.outer), stage: star.stage })),
    );
    this.planets.set(
      hasPlanets
        ? stars.flatMap(({ planets }) => planets.map((planet) => instanceOf(planet, planet.radius)))
        : [],
    );
    this.orbits.set(
      hasPlanets && selected
        ? selected.planets.map(({ orbit }) => ({
            x: selected.x,
            z: selected.z,
            scale: orbit,
            tint: LINE_TINT,
          }))
        : [],
    );
  }

  dispose(): void {
    this.layers.forEach((layer) => layer.dispose());
    this.renderer.dispose();
    this.renderer.forceContextLoss();
    this.canvas.remove();
  }
}

function instanceOf(body: Pick<Star, "x" | "z" | "tone">, scale: number): Instance {
  return { x: body.x, z: body.z, scale, tint: channels(body.tone) };
}

/** One instanced mesh, which is made anew only when it has too little room. */
class Layer {
  mesh: InstancedMesh;
  private readonly material: ShaderMaterial;
  private readonly matrix = new Matrix4();

  constructor(vertexShader: string, fragmentShader: string) {
    this.material = new ShaderMaterial({
      vertexShader,
      fragmentShader,
      uniforms: { glow: { value: 0 } },
      side: DoubleSide,
      transparent: true,
      depthTest: false,
      depthWrite: false,
    });
    this.mesh = this.withRoom(SMALLEST_ROOM);
  }

  /** Makes room for so many instances; `mesh` may then be another one. */
  reserve(room: number): void {
    if (room > this.mesh.instanceMatrix.count) {
      this.free();
      this.mesh = this.withRoom(2 * room);
    }
  }

  /** As many as there is room for. */
  set(instances: readonly Instance[]): void {
    const { mesh, matrix } = this;
    const shown = instances.slice(0, mesh.instanceMatrix.count);
    const [tints, stages] = ["tint", "stage"].map((name) => mesh.geometry.getAttribute(name));
    shown.forEach(({ x, z, scale, tint, stage = 0 }, at) => {
      matrix.makeScale(scale, scale, scale).setPosition(x, 0, z);
      mesh.setMatrixAt(at, matrix);
      tints?.setXYZ(at, ...tint);
      stages?.setX(at, stage);
    });
    mesh.count = shown.length;
    for (const changed of [mesh.instanceMatrix, tints, stages] as InstancedBufferAttribute[]) {
      changed.addUpdateRange(0, shown.length * changed.itemSize);
      changed.needsUpdate = shown.length > 0;
    }
  }

  setGlow(glow: number): void {
    const uniform = this.material.uniforms.glow;
    if (uniform) {
      uniform.value = glow;
    }
  }

  dispose(): void {
    this.free();
    this.material.dispose();
  }

  private withRoom(room: number): InstancedMesh {
    const square = new BufferGeometry();
    const corners = new Float32Array([-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0]);
    square.setAttribute("position", new BufferAttribute(corners, 3));
    square.setIndex([0, 1, 2, 0, 2, 3]);
    square.setAttribute("tint", new InstancedBufferAttribute(new Float32Array(3 * room), 3));
    square.setAttribute("stage", new InstancedBufferAttribute(new Float32Array(room), 1));
    const mesh = new InstancedMesh(square, this.material, room);
    mesh.frustumCulled = false;
    mesh.count = 0;
    return mesh;
  }

  private free(): void {
    this.mesh.geometry.dispose();
    this.mesh.dispose();
  }
}
