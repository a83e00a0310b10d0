/**
 * Maps and labels of one slice on the grid of another.
 *
 * A voxel of the new grid is the mean of the old voxels around its middle, weighted by a tent as wide as the larger of
 * the two voxels: linear interpolation where the new voxels are smaller, an average over the new voxel where they are
 * larger. Voxels without a value have no weight; where less than half of the weight is left there is no value.
 * Uncertainties are those of this weighted mean of independent voxels.
 */
import { type ParameterMap, STATUS } from "../data/index.ts";
import { type Affine, backward, type Placement } from "./placement.ts";
import { toMm, toVoxels } from "./slice-image.ts";

export interface Grid {
  readonly ny: number;
  readonly nx: number;
  readonly voxelMm: number;
}

/** Less weight than this of voxels that have a value, and the new voxel has none. */
const LEAST_WEIGHT = 0.5;

/**
 * A map of the moving slice as the fixed slice's grid sees it. Values of fits that did not converge are left out; the
 * status of a new voxel is that of the nearest old one.
 */
export function resampleMap(map: ParameterMap, voxelMm: number, placement: Placement, grid: Grid): ParameterMap {
  const size = grid.ny * grid.nx;
  const values = new Float32Array(size).fill(Number.NaN);
  const esd = map.esd && new Float32Array(size).fill(Number.NaN);
  const old = { ny: map.ny, nx: map.nx, voxelMm };
  const isUsed = usable(map);
  const half = Math.max(1, grid.voxelMm / (voxelMm * placement.scale));
  walk(placement, grid, old, (i, x, y) => {
    let [sum, weights, all, variance] = [0, 0, 0, 0];
    for (let row = Math.ceil(y - half); row < y + half; row++) {
      const across = 1 - Math.abs(row - y) / half;
      for (let col = Math.ceil(x - half); col < x + half; col++) {
        const weight = across * (1 - Math.abs(col - x) / half);
        if (!(weight > 0)) continue;
        all += weight;
        if (row < 0 || row >= map.ny || col < 0 || col >= map.nx) continue;
        const from = row * map.nx + col;
        if (!isUsed[from]) continue;
        weights += weight;
        sum += weight * map.values[from]!;
        if (map.esd) variance += (weight * map.esd[from]!) ** 2;
      }
    }
    if (!(weights >= LEAST_WEIGHT * all) || weights === 0) return;
    values[i] = sum / weights;
    if (esd) esd[i] = Math.sqrt(variance) / weights;
  });
  return {
    ...{ name: map.name, ny: grid.ny, nx: grid.nx, unit: map.unit, values },
    ...(esd && { esd }),
    ...(map.status && { status: resampleLabels(map.status, old, placement, grid, STATUS.notFitted) as Uint8Array }),
  };
}

/**
 * [y, x] 1 where a map has a value that its fit stands for. Amounts of a phase that is not there, or whose width went to
 * a bound, are amounts all the same.
 */
export function usable({ name, values, status }: ParameterMap): Uint8Array {
  const isAmount = /(^|\/)(area|scale|weight_fraction)$/.test(name);
  const stands: readonly number[] = isAmount ? [STATUS.converged, STATUS.noSignal, STATUS.atBound] : [STATUS.converged];
  const out = new Uint8Array(values.length);
  for (let i = 0; i < out.length; i++)
    out[i] = Number.isFinite(values[i]!) && (!status || stands.includes(status[i]!)) ? 1 : 0;
  return out;
}

/** Labels of the nearest voxel; `outside` where there is none. */
export function resampleLabels<A extends Uint8Array | Int16Array | Int32Array>(
  labels: A,
  old: Grid,
  placement: Placement,
  grid: Grid,
  outside = 0,
): A {
  const out = new (labels.constructor as new (n: number) => A)(grid.ny * grid.nx).fill(outside) as A;
  walk(placement, grid, old, (i, x, y) => {
    const [row, col] = [Math.round(y), Math.round(x)];
    if (row >= 0 && row < old.ny && col >= 0 && col < old.nx) out[i] = labels[row * old.nx + col]!;
  });
  return out;
}

/** Goes over the new grid, saying where the middle of each voxel lies on the old one, in old voxels. */
function walk(placement: Placement, grid: Grid, old: Grid, visit: (i: number, x: number, y: number) => void): void {
  const to: Affine = backward(placement);
  for (let row = 0; row < grid.ny; row++) {
    const fy = toMm(row, grid.voxelMm, grid.ny);
    for (let col = 0; col < grid.nx; col++) {
      const fx = toMm(col, grid.voxelMm, grid.nx);
      const x = to.xx * fx + to.xy * fy + to.x0;
      const y = to.yx * fx + to.yy * fy + to.y0;
      visit(row * grid.nx + col, toVoxels(x, old.voxelMm, old.nx), toVoxels(y, old.voxelMm, old.ny));
    }
  }
}
