/** What a result says of the model of its map: phases that voxels have scales of, and what they weigh. */
import { InputError } from "../../data/index.ts";
import type { Result } from "../../files/result-reader.ts";
import type { RietveldPlan } from "../../stages/map/index.ts";
import type { RefinementResult } from "../../stages/refine/index.ts";
import type { PooledRows } from "../../stages/unexplained/index.ts";
import { type LoadedModel, parseModel } from "../refine/load-model.ts";
import type { Slice } from "../refine/map-plan.ts";

export interface WholeModel {
  readonly ny: number;
  readonly nx: number;
  readonly plan: RietveldPlan;
  readonly refinement: RefinementResult;
  /** what a unit of scale weighs, the same unit for all */
  readonly phases: readonly { readonly name: string; readonly massPerScale: number }[];
  /** [voxel, phase] */
  readonly scales: Float64Array;
  /** [voxel] of STATUS, by phase */
  readonly statuses: ReadonlyMap<string, Uint8Array>;
  /**
   * [voxel] how much depth along the beam may change spacings there, relative: distance from the axis over that of the
   * detector. 0 where the reconstruction has taken it out, NaN where the result does not know the distances.
   */
  readonly parallax: Float64Array;
}

/** @throws InputError "unexplained-needs-map" */
export function modelOf(result: Result): LoadedModel {
  const text = result.readNote("map/model");
  if (text !== undefined && result.readNote("map/refinement") !== undefined)
    return parseModel(text, `${result.path}: map/model`, ".");
  throw new InputError(
    "unexplained-needs-map",
    `${result.path} has no Rietveld map, so nothing says what its voxels should look like. Add map: {rietveld: {model: model.yaml}} to its scan.yaml, and run it again.`,
  );
}

/** Phases with a scale in the voxels, what a unit of scale weighs, and how much of them there is where. */
export function wholeModelOf(result: Result, plan: RietveldPlan, { ny, nx }: Slice): WholeModel {
  const refinement = JSON.parse(result.readNote("map/refinement")!) as RefinementResult;
  const maps = new Set(result.list().map(({ name }) => name));
  const names = plan.model.phases.map(({ name }) => name).filter((name) => maps.has(`map/${name}/scale`));
  const phases = names.map((name) => {
    const { density, volume } = refinement.phases.find((phase) => phase.name === name)!;
    return { name, massPerScale: (density ?? 0) * volume * volume };
  });
  const scales = new Float64Array(ny * nx * names.length);
  const statuses = new Map<string, Uint8Array>();
  names.forEach((name, p) => {
    const { values, status } = result.readMap(`map/${name}/scale`);
    if (status) statuses.set(name, status);
    for (let voxel = 0; voxel < values.length; voxel++) {
      const value = values[voxel]!;
      scales[voxel * names.length + p] = Number.isFinite(value) ? value : 0;
    }
  });
  return { ny, nx, plan, refinement, phases, scales, statuses, parallax: parallaxOf(result, ny, nx) };
}

function parallaxOf(result: Result, ny: number, nx: number): Float64Array {
  const { distanceM } = result.instrument();
  const [y, x] = result.axes("map/rwp");
  const { settings } = (result.processes().find(({ stage }) => stage === "reconstruct")?.config ?? {}) as {
    settings?: { readonly parallax?: boolean };
  };
  if (settings?.parallax) return new Float64Array(ny * nx);
  const isKnown = distanceM !== undefined && y?.unit === "mm" && x?.unit === "mm";
  return Float64Array.from({ length: ny * nx }, (_, voxel) =>
    isKnown ? Math.hypot(y.values[Math.floor(voxel / nx)]!, x.values[voxel % nx]!) / (1e3 * distanceM) : Number.NaN,
  );
}

/** Mean scales of the pools, [row, phase]. */
export function pooledScales(
  { phases, scales }: WholeModel,
  { pool }: PooledRows,
  voxels: number,
  { ny, nx }: { readonly ny: number; readonly nx: number },
): Float64Array {
  const count = phases.length;
  const across = Math.ceil(nx / voxels);
  const out = new Float64Array(pool.length * count);
  pool.forEach((at, row) => {
    const [top, left] = [Math.floor(at / across) * voxels, (at % across) * voxels];
    let members = 0;
    for (let y = top; y < Math.min(ny, top + voxels); y++) {
      for (let x = left; x < Math.min(nx, left + voxels); x++) {
        members++;
        for (let p = 0; p < count; p++) out[row * count + p]! += scales[(y * nx + x) * count + p]!;
      }
    }
    for (let p = 0; p < count; p++) out[row * count + p]! /= members;
  });
  return out;
}
