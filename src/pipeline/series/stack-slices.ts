/** Slices at several heights as one volume over time. */
import type { ParameterMap } from "../../data/index.ts";
import { isKnown, type Round, roundsOf } from "../../stages/series/index.ts";
import type { SliceSeries } from "./gather-maps.ts";

/** All heights over time: what is shown and written as [time, z, y, x]. */
export interface VolumeSeries {
  /** [z] ascending */
  readonly slices: readonly SliceSeries[];
  readonly heightsMm: Float64Array;
  readonly rounds: readonly Round[];
  /** [round] hours */
  readonly timeH: Float64Array;
  readonly ny: number;
  readonly nx: number;
  readonly voxelMm: number;
  /** names and units of the maps that any height has */
  readonly parameters: readonly { readonly name: string; readonly unit: string }[];
}

/** @returns undefined where there is one height, or the heights have grids of their own */
export function stackSlices(slices: readonly SliceSeries[]): VolumeSeries | undefined {
  const [first] = slices;
  if (!first || slices.length < 2) return undefined;
  const { ny, nx } = first.parameters[0]!;
  const isOneGrid = slices.every(
    ({ parameters: [map], voxelMm }) =>
      map!.ny === ny && map!.nx === nx && Math.abs(voxelMm / first.voxelMm - 1) < 1e-6,
  );
  if (!isOneGrid) return undefined;
  const rounds = roundsOf(slices.map(({ timeH }) => timeH));
  const units = new Map(slices.flatMap(({ parameters }) => parameters.map(({ name, unit }) => [name, unit] as const)));
  return {
    slices,
    heightsMm: Float64Array.from(slices, ({ heightMm }) => heightMm),
    rounds,
    timeH: Float64Array.from(rounds, ({ timeH }) => timeH),
    ny,
    nx,
    voxelMm: first.voxelMm,
    parameters: [...units].map(([name, unit]) => ({ name, unit })),
  };
}

/** The map of a height in a round; undefined where there is none. */
export function mapOf(
  { slices, rounds }: VolumeSeries,
  name: string,
  round: number,
  z: number,
): ParameterMap | undefined {
  const step = rounds[round]!.steps[z];
  return step === undefined ? undefined : slices[z]!.parameters.find((one) => one.name === name)?.steps[step];
}

/** A plane through all heights, along x at a y, or along y at an x. */
export interface Cut {
  readonly rows: number;
  readonly cols: number;
  /** edge of a pixel, mm */
  readonly pixelMm: number;
  /** times that z is drawn larger than across, so that a few thin slices can be seen */
  readonly stretch: number;
  /** [row, col] row 0 the lowest; NaN between slices that lie apart, and where nothing is known */
  readonly values: Float64Array;
}

/**
 * Slices are drawn as thick as the heights that are closest lie apart, without interpolation between them.
 *
 * @param at which plane: mm from the rotation axis
 */
export function cutThrough(volume: VolumeSeries, name: string, round: number, at: { x: number } | { y: number }): Cut {
  const { heightsMm, ny, nx, voxelMm } = volume;
  const gaps = Array.from(heightsMm.subarray(1), (height, z) => height - heightsMm[z]!);
  const thickness = Math.min(...gaps);
  const across = "x" in at ? ny : nx;
  // at least a row for each slice, and no more than a screen has
  const coarse = Math.max(Math.min(voxelMm, thickness), (across * voxelMm) / MOST_PIXELS);
  const pixelMm = thickness / Math.max(1, Math.ceil(thickness / coarse - 1e-9));
  const [low, high] = [heightsMm[0]! - thickness / 2, heightsMm.at(-1)! + thickness / 2];
  const rows = Math.max(1, Math.round((high - low) / pixelMm));
  const cols = Math.max(1, Math.round((across * voxelMm) / pixelMm));
  const values = new Float64Array(rows * cols).fill(Number.NaN);
  const plane = "x" in at ? at.x / voxelMm + (nx - 1) / 2 : at.y / voxelMm + (ny - 1) / 2;
  const fixed = Math.round(plane);
  for (let row = 0; row < rows; row++) {
    const height = low + (row + 0.5) * pixelMm;
    const z = heightsMm.findIndex((one) => Math.abs(one - height) <= thickness / 2 + 1e-9);
    const map = z < 0 ? undefined : mapOf(volume, name, round, z);
    if (!map || fixed < 0 || fixed >= ("x" in at ? nx : ny)) continue;
    for (let col = 0; col < cols; col++) {
      const along = Math.min(across - 1, Math.floor(((col + 0.5) * pixelMm) / voxelMm));
      const voxel = "x" in at ? along * nx + fixed : fixed * nx + along;
      if (isKnown(map, voxel)) values[row * cols + col] = map.values[voxel]!;
    }
  }
  const stretch = Math.max(1, Math.ceil((LEAST_ASPECT * cols) / rows));
  const drawn = Float64Array.from({ length: stretch * rows * cols }, (_, i) => {
    const row = Math.floor(i / cols / stretch);
    return values[row * cols + (i % cols)]!;
  });
  return { rows: stretch * rows, cols, pixelMm, stretch, values: drawn };
}
const MOST_PIXELS = 1000;
/** of height to width */
const LEAST_ASPECT = 0.4;
