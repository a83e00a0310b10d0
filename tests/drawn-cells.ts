/** Cells drawn from the simulator's phantom, turned, shifted and scaled as asked for: the truth of registrations. */
import type { ParameterMap, SliceMaps } from "../src/data/index.ts";
import type { Placement, SliceImage } from "../src/registration/index.ts";
import { createRandom, drawPhantom, presetConfig, SimulateConfig } from "../src/stages/simulate/index.ts";

export interface DrawOptions {
  /** voxels across; the cell is 6 mm */
  readonly size?: number;
  readonly rotationDeg?: number;
  readonly shiftMm?: readonly [number, number];
  readonly scale?: number;
  /** volume fractions in the anode: another state of charge */
  readonly anode?: Readonly<Record<string, number>>;
  /** left out: "demo", of 5 windings; "cell" has 14 of real thickness, across 11 mm */
  readonly preset?: "demo" | "cell";
  /** points along each edge of a voxel; left out: 10 */
  readonly supersampling?: number;
}

/** Volume fractions of each phase. */
export function drawCell(options: DrawOptions = {}): SliceImage {
  const {
    size = 61,
    rotationDeg = 0,
    shiftMm = [0, 0],
    scale = 1,
    anode,
    preset = "demo",
    supersampling = 10,
  } = options;
  const config = SimulateConfig.parse({ ...presetConfig(preset, size), subVoxels: 1, supersampling });
  if (anode) config.materials["anode"] = { ...anode };
  for (const shape of config.shapes) {
    const sized = shape as unknown as Record<string, unknown>;
    sized["centreMm"] = [...shiftMm];
    for (const key of ["radiusMm", "innerMm", "outerMm"])
      if (typeof sized[key] === "number") sized[key] = sized[key] * scale;
    if (shape.kind === "jelly-roll") {
      shape.startDeg = rotationDeg;
      shape.layers = shape.layers.map((layer) => ({ ...layer, thicknessMm: layer.thicknessMm * scale }));
    }
  }
  const { phases, voxelMm } = drawPhantom(config);
  const names = [
    ["casing", "Fe"],
    ["NMC532", "NMC532"],
    ["graphite", "graphite"],
    ["LiC12", "LiC12"],
    ["Al", "Al"],
    ["Cu", "Cu"],
  ] as const;
  const channels = new Map(names.map(([name, phase]) => [name, phases[phase]!.fraction] as const));
  return { ny: size, nx: size, voxelMm, channels };
}

/** How such a cell lies on one that is not turned: drawing turns, scales and then shifts; this undoes it. */
export function expectedPlacement({ rotationDeg = 0, shiftMm = [0, 0], scale = 1 }: DrawOptions): Placement {
  const [c, s] = [Math.cos((rotationDeg * Math.PI) / 180), Math.sin((rotationDeg * Math.PI) / 180)];
  const [x, y] = shiftMm;
  const back = [-(c * x + s * y) / scale, -(-s * x + c * y) / scale] as const;
  return { rotationDeg: -rotationDeg, shiftMm: back, scale: 1 / scale, isMirrored: false };
}

/** With normal noise of this standard deviation in every channel. */
export function withNoise(image: SliceImage, sigma: number, seed: number): SliceImage {
  const random = createRandom(seed);
  const channels = [...image.channels].map(
    ([name, values]) => [name, values.map((value) => value + sigma * random.normal())] as const,
  );
  return { ...image, channels: new Map(channels) };
}

/** As maps of a result: scales, weight fractions by equal densities, and c of NMC532 that the place gives. */
export function asSliceMaps(
  name: string,
  image: SliceImage,
  c: (xMm: number, yMm: number) => number,
  { sigma = 0.002, seed = 1 } = {},
): SliceMaps {
  const { ny, nx, voxelMm, channels } = image;
  const random = createRandom(seed);
  const at = (values: ArrayLike<number>, unit = "", esd?: number): ParameterMap => ({
    ...{ name, ny, nx, unit, values: Float32Array.from(values) },
    ...(esd !== undefined && { esd: Float32Array.from(values, (v) => (Number.isFinite(v) ? esd : Number.NaN)) }),
  });
  const maps = new Map<string, ParameterMap>();
  const all = [...channels.values()];
  const total = all[0]!.map((_, i) => all.reduce((sum, values) => sum + values[i]!, 0));
  for (const [channel, values] of channels) {
    const phase = channel === "casing" ? "Fe" : channel;
    maps.set(`${phase}/scale`, { ...at(values), name: `${phase}/scale` });
    const share = values.map((value, i) => (total[i]! > 0.02 ? value / total[i]! : Number.NaN));
    maps.set(`${phase}/weight_fraction`, { ...at(share), name: `${phase}/weight_fraction` });
  }
  const amount = channels.get("NMC532")!;
  const lattice = amount.map((value, i) => {
    const [x, y] = [((i % nx) - (nx - 1) / 2) * voxelMm, (Math.floor(i / nx) - (ny - 1) / 2) * voxelMm];
    return value > 0.2 ? c(x, y) + sigma * random.normal() : Number.NaN;
  });
  maps.set("NMC532/c", { ...at(lattice, "Å", sigma), name: "NMC532/c" });
  const foil = channels.get("Al")!.map((value) => (value > 0.1 ? 4.0495 + 0.0005 * random.normal() : Number.NaN));
  maps.set("Al/a", { ...at(foil, "Å", 0.0005), name: "Al/a" });
  return { name, ny, nx, voxelMm, maps };
}
