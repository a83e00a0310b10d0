import { InputError, STATUS } from "../../data/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { peakOutStride, peakScratchLength } from "../../kernels/reference/peak-workspace.ts";
import { latticeOfPhase } from "./lattice-from-peaks.ts";
import type { PeakPlan, PlannedRegion } from "./peak-plan.ts";
import { PEAK_PARAMETERS } from "./resolve-region.ts";

/** Patterns of a block of voxels, or of points of a raster that is not tomography. */
export interface VoxelBlock {
  /** [voxel, bin]; a point that is not finite does not count */
  readonly patterns: Float32Array;
  /** [voxel, bin] standard uncertainty, where the plan's weights are "sigma" */
  readonly sigma?: Float32Array;
  /** [voxel] 1 = leave out */
  readonly mask?: Uint8Array;
}

/** One parameter of a block. */
export interface BlockValues {
  /** [voxel]; NaN where there is none */
  readonly values: Float64Array;
  /** [voxel]; NaN where there is none, as at a bound */
  readonly esd?: Float64Array;
}

export interface PeakBlockResult {
  readonly voxels: number;
  /** by the names of plan.parameters */
  readonly parameters: Readonly<Record<string, BlockValues>>;
  /** [voxel] of STATUS, by "<region>/<peak>", and by phase for lattice parameters */
  readonly status: Readonly<Record<string, Uint8Array>>;
  /** steps of all fits together, for the bench */
  readonly iterations: number;
}

/** Voxels a kernel call: V8 does not replace a WASM function that is running by its optimised form. */
const STRIP = 64;

/**
 * Fits the plan's peaks in every voxel of a block. Each voxel is fitted by itself, so blocks may be cut anywhere and
 * the bits stay the same.
 *
 * @throws InputError "map-shape"
 */
export function fitPeaksBlock(kernels: Kernels, plan: PeakPlan, block: VoxelBlock): PeakBlockResult {
  const bins = plan.axis.values.length;
  const voxels = checkShape(plan, block, bins);
  const parameters: Record<string, BlockValues> = {};
  for (const { name, hasEsd } of plan.parameters) {
    const values = new Float64Array(voxels).fill(Number.NaN);
    parameters[name] = hasEsd ? { values, esd: values.slice() } : { values };
  }
  const status: Record<string, Uint8Array> = {};
  let iterations = 0;
  for (const region of plan.regions) {
    for (const peak of region.peaks) status[peak.name] = new Uint8Array(voxels).fill(STATUS.notFitted);
    iterations += fitRegion(kernels, plan, region, block, voxels, { parameters, status });
  }
  const result = { voxels, parameters, status, iterations };
  for (const lattice of plan.config.lattices) {
    const { edges, gof, status: ofLattice } = latticeOfPhase(plan, result, lattice);
    for (const [edge, values] of Object.entries(edges)) parameters[`${lattice.phase}/${edge}`] = values;
    parameters[`${lattice.phase}/lattice_gof`] = { values: gof };
    status[lattice.phase] = ofLattice;
    for (let v = 0; v < voxels; v++) if (block.mask?.[v]) ofLattice[v] = STATUS.notFitted;
  }
  return result;
}

function checkShape({ weights }: PeakPlan, { patterns, sigma, mask }: VoxelBlock, bins: number): number {
  const voxels = patterns.length / bins;
  const wrong = (what: string, found: number, needed: string): never => {
    throw new InputError(
      "map-shape",
      `The block's ${what} has ${found} values and ${needed} are needed (${bins} bins a voxel).`,
    );
  };
  if (!Number.isInteger(voxels)) wrong("patterns", patterns.length, "a whole number of patterns");
  if (weights === "sigma" && sigma?.length !== patterns.length)
    wrong("sigma", sigma?.length ?? 0, `${patterns.length}`);
  if (mask && mask.length !== voxels) wrong("mask", mask.length, `${voxels}`);
  return voxels;
}

interface Destination {
  readonly parameters: Record<string, BlockValues>;
  readonly status: Record<string, Uint8Array>;
}

function fitRegion(
  { arena, run }: Kernels,
  plan: PeakPlan,
  region: PlannedRegion,
  { patterns, sigma, mask }: VoxelBlock,
  voxels: number,
  destination: Destination,
): number {
  const { fit, from } = region;
  const bins = plan.axis.values.length;
  const stride = peakOutStride(fit.parameters, fit.peaks);
  const mark = arena.mark();
  const model = arena.i32(fit.model.length);
  const table = arena.f64(fit.table.length);
  model.set(fit.model);
  table.set(fit.table);
  const out = arena.f64(STRIP * stride);
  const window = arena.f32(STRIP * fit.points);
  const windowSigma = plan.weights === "sigma" ? arena.f32(STRIP * fit.points) : window;
  const scratch = arena.f64(peakScratchLength(fit.padded, fit.peaks, fit.parameters));
  const write = rowWriter(plan, region, destination);
  let iterations = 0;
  for (let first = 0; first < voxels; first += STRIP) {
    const count = Math.min(STRIP, voxels - first);
    for (let k = 0; k < count; k++) {
      const at = (first + k) * bins + from;
      if (mask?.[first + k]) window.fill(Number.NaN, k * fit.points, (k + 1) * fit.points);
      else window.set(patterns.subarray(at, at + fit.points), k * fit.points);
      if (windowSigma !== window) windowSigma.set(sigma!.subarray(at, at + fit.points), k * fit.points);
    }
    run.peakFit(out, window, windowSigma, count, model, table, scratch);
    for (let k = 0; k < count; k++) {
      write(first + k, out, k * stride);
      iterations += out[(k + 1) * stride - 1]!;
    }
  }
  arena.release(mark);
  return iterations;
}

type RowWriter = (voxel: number, out: Float64Array, at: number) => void;

/** From the kernel's row of a voxel to the named arrays. */
function rowWriter({ config, weights, spacing }: PeakPlan, region: PlannedRegion, to: Destination): RowWriter {
  const { parameters, peaks, source, factor, offset } = region.fit;
  const slots = region.peaks.map(({ name }, peak) =>
    PEAK_PARAMETERS.map((parameter, q) => {
      const slot = 4 * peak + q;
      const isShape = parameter !== "area";
      return { slot, isShape, isPosition: parameter === "position", map: to.parameters[`${name}/${parameter}`] };
    }).filter(({ slot }) => source[slot]! >= 0),
  );
  const spacings = region.peaks.map(({ name }) => to.parameters[`${name}/d`]);
  const statusMaps = region.peaks.map(({ name }) => to.status[name]!);
  const background = to.parameters[`${region.name}/background`]!;
  const gof = to.parameters[`${region.name}/${weights === "uniform" ? "residual" : "gof"}`]!;
  const firstTerm = source.reduce((most, k) => Math.max(most, k), -1) + 1;
  return (voxel, out, at) => {
    const tail = at + 2 * parameters + 2 * peaks;
    const reduced = Math.sqrt(out[tail]! / out[tail + 1]!);
    const scale = weights === "uniform" ? reduced : config.esdScale === "gof" ? Math.max(1, reduced) : 1;
    let hasFit = false;
    slots.forEach((list, peak) => {
      const status = out[at + 2 * parameters + peaks + peak]!;
      statusMaps[peak]![voxel] = status;
      if (status === STATUS.notFitted || status === STATUS.notConverged || status === STATUS.undetermined) return;
      hasFit = true;
      for (const { slot, isShape, isPosition, map } of list) {
        if (isShape && status === STATUS.noSignal) continue;
        const from = source[slot]!;
        const value = factor[slot]! * out[at + from]! + offset[slot]!;
        const esd = Math.abs(factor[slot]!) * out[at + parameters + from]! * scale;
        map!.values[voxel] = value;
        map!.esd![voxel] = esd;
        if (!isPosition || !spacing) continue;
        const { dA, slope } = spacing(value);
        spacings[peak]!.values[voxel] = dA;
        spacings[peak]!.esd![voxel] = Math.abs(slope) * esd;
      }
    });
    if (!hasFit) return;
    // Uniform weights know no scale: there this is the residuals' standard deviation.
    gof.values[voxel] = reduced;
    background.values[voxel] = out[at + firstTerm]!;
    background.esd![voxel] = out[at + parameters + firstTerm]! * scale;
  };
}
