/** The pattern that a page wants refined, over two-theta. */
import { basename } from "node:path";
import { InputError, type Pattern } from "../../data/index.ts";
import { voxelsOf } from "../../data/region.ts";
import type { Result } from "../../files/result-reader.ts";
import { type Slice, sliceOf } from "../../pipeline/refine/map-plan.ts";
import { axisUnitOf, readPatternOf } from "../../pipeline/result-figures.ts";
import type { RefineTarget } from "../wire-refine.ts";

export interface TargetPattern {
  readonly name: string;
  readonly pattern: Pattern;
}

/** @throws InputError "voxel-outside" | "region-empty" | "pattern-missing" | "voxel-needs-slice" */
export function readTarget(result: Result, target: RefineTarget): TargetPattern {
  const file = basename(result.path);
  if (target.kind === "summed") {
    if (result.list().some(({ name }) => name === "map/summed_pattern"))
      return { name: `${file}, mean pattern`, pattern: readPatternOf(result, "map/summed_pattern") };
    throw new InputError(
      "pattern-missing",
      `${file} holds no map/summed_pattern: it has no map. Take a voxel or region.`,
    );
  }
  const slice = sliceOf(result);
  const { ny, nx } = slice;
  const inside = voxelsOf(target, ny, nx);
  const count = inside.reduce((sum, one) => sum + one, 0);
  if (target.kind === "voxel") {
    assertVoxel(target, slice, file);
    return { name: `${file}, voxel x ${target.x}, y ${target.y}`, pattern: meanOf(result, slice, inside) };
  }
  if (count === 0) {
    throw new InputError(
      "region-empty",
      `The region holds no voxel of ${file}, which has ${ny} x ${nx}. Draw it over the map.`,
    );
  }
  return { name: `${file}, mean of ${count} voxels`, pattern: meanOf(result, slice, inside) };
}

/** @throws InputError "voxel-outside" */
export function assertVoxel({ y, x }: { y: number; x: number }, { ny, nx }: Slice, file: string): void {
  if (y >= 0 && y < ny && x >= 0 && x < nx) return;
  throw new InputError(
    "voxel-outside",
    `${file} has ${ny} x ${nx} voxels; voxel ${y},${x} (row, column, from 0) is not one of them.`,
  );
}

/** Mean over the voxels that have a value; sigma = sqrt(sum sigma²) / n. Of one voxel it is the voxel. */
function meanOf(result: Result, { name, ny, nx, bins, hasSigma }: Slice, inside: Uint8Array): Pattern {
  const [sum, squares, count] = [new Float64Array(bins), new Float64Array(bins), new Float64Array(bins)];
  for (let y = 0; y < ny; y++) {
    const row = inside.subarray(y * nx, (y + 1) * nx);
    const [first, last] = [row.indexOf(1), row.lastIndexOf(1)];
    if (first < 0) continue;
    const read = (array: string) => result.readArray(array, [y, first, 0], [1, last - first + 1, bins]);
    const values = read(name);
    const sigma = hasSigma ? read(`${name}_esd`) : undefined;
    for (let x = first; x <= last; x++) {
      if (!row[x]) continue;
      for (let bin = 0; bin < bins; bin++) {
        const at = (x - first) * bins + bin;
        if (!Number.isFinite(values[at]!)) continue;
        sum[bin]! += values[at]!;
        squares[bin]! += (sigma?.[at] ?? 0) ** 2;
        count[bin]!++;
      }
    }
  }
  const [, , radial] = result.axes(name);
  return {
    axis: { unit: axisUnitOf(radial!.name), values: radial!.values },
    intensity: sum.map((value, bin) => value / count[bin]!),
    ...(hasSigma && { sigma: squares.map((value, bin) => Math.sqrt(value) / count[bin]!) }),
  };
}
