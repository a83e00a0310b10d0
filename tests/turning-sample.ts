/** A rod in aluminium that copper grows into while the sample turns and creeps through the beam: four passes, two and two interlaced. */
import type { SliceSeries } from "../src/pipeline/series/gather-maps.ts";
import type { SimulateInput } from "../src/stages/simulate/index.ts";

export const TURNING = {
  passes: 4,
  turnsPerPass: 20,
  turnS: 3,
  stepMm: 0.1,
  rodMm: 0.9,
  centreMm: [0.35, 0.25],
} as const;
const share = (copper: number) => ({ Al: 1 - copper, Cu: copper });
/** of copper in the rod, volume, at the begin and at the end */
export const GROWN = [0.2, 0.6] as const;

/** @param later what is another at the end, {} for nothing; left out: the copper grows from 20 to 60 % */
export const turningSample = (
  later: SimulateInput["later"] = { materials: { rod: share(GROWN[1]) } },
): SimulateInput => ({
  seed: 6,
  scan: {
    translations: 40,
    angles: 61,
    arcDeg: 360,
    stepMm: TURNING.stepMm,
    rotationAxis: 19.2,
    turning: { creeps: true, stride: 2, offsets: [0, 1, 0, 1] },
  },
  instrument: { parallax: false },
  axis: { unit: "q", from: 2.6, to: 3.8, bins: 160 },
  noise: { countsPerRay: 3e6 },
  phases: { Al: {}, Cu: {} },
  materials: { rod: share(GROWN[0]) },
  shapes: [
    { kind: "disc", material: "Al", radiusMm: 1.6 },
    { kind: "disc", material: "rod", centreMm: [...TURNING.centreMm], radiusMm: TURNING.rodMm },
  ],
  ...(later && { later }),
});

export const TURNING_MODEL = `profile: {W: {value: 0.0006, refine: true}, X: {value: 0.005, refine: true}}
background: 3
phases:
  - {name: Al, structure: Al}
  - {name: Cu, structure: Cu}
`;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** [voxel] distance from the rod's middle, mm */
const distances = ({ parameters, voxelMm }: SliceSeries): Float64Array => {
  const { ny, nx } = parameters[0]!;
  return Float64Array.from({ length: ny * nx }, (_, i) =>
    Math.hypot(
      ((i % nx) - (nx - 1) / 2) * voxelMm - TURNING.centreMm[0],
      (Math.floor(i / nx) - (ny - 1) / 2) * voxelMm - TURNING.centreMm[1],
    ),
  );
};

/** Volume share of copper in the inner half of the rod. */
export function copperInside(slice: SliceSeries, k: number): number {
  const distance = distances(slice);
  const { values } = slice.parameters.find(({ name }) => name === "Cu/weight_fraction")!.steps[k]!;
  const inside = [...values].filter((value, i) => distance[i]! < 0.5 * TURNING.rodMm && Number.isFinite(value));
  const weight = inside.reduce((sum, value) => sum + value, 0) / inside.length;
  const [copper, aluminium] = [weight / 8.935, (1 - weight) / 2.699]; // g/cm³ of the built-in structures
  return copper / (copper + aluminium);
}

/** mm between which the copper falls from 80 to 20 % of its plateau, across the rod's edge. */
export function edgeWidth(slice: SliceSeries, k: number): number {
  const distance = distances(slice);
  const { values, status } = slice.parameters.find(({ name }) => name === "Cu/scale")!.steps[k]!;
  const known = [...values].map((value, i) => ((status?.[i] ?? 0) === 0 && Number.isFinite(value) ? value : 0));
  const plateau = mean(known.filter((_, i) => distance[i]! < 0.5 * TURNING.rodMm));
  /** mean in a ring; the radius where it falls below a level, by a line between rings */
  const profile = Array.from({ length: 60 }, (_, ring) => {
    const at = 0.4 + ring * 0.02;
    const near = [...distance.keys()].filter((i) => Math.abs(distance[i]! - at) < 0.05);
    return { at, value: mean(near.map((i) => known[i]!)) / plateau };
  });
  const fallsBelow = (level: number): number => profile.find(({ value }) => value < level)!.at;
  return fallsBelow(0.2) - fallsBelow(0.8);
}
