/** A phantom's rays reduced by the stage dlsr, and the conventional maps that a direct reconstruction starts from. */
import type { Kernels } from "../../src/kernels/index.ts";
import { createPhaseLines, type PhaseLines } from "../../src/stages/dlsr/phase-lines.ts";
import { createReduction, type Reduction } from "../../src/stages/dlsr/reduction.ts";
import { channelSigma, rayVariances } from "./dense-problem.ts";
import { type ModelChanges, phantomModel } from "./phantom-model.ts";
import type { PhantomScan } from "./phantoms.ts";

export interface ReducedOptions {
  readonly terms?: number;
  /** phase: what is done with it; those not named are eliminated */
  readonly roles: Readonly<Record<string, "spatial" | "global" | "fixed">>;
  readonly model?: ModelChanges;
  /** relative, to each side: where cells are expected and tabulated */
  readonly band?: number;
  readonly distanceMm?: number;
}

export interface ReducedPhantom {
  readonly scan: PhantomScan;
  readonly reduction: Reduction;
  readonly sigma: Float64Array;
  readonly lines: Readonly<Record<string, PhaseLines>>;
  /** in the kernels' memory: [angle, translation, K] */
  readonly rays: Float32Array;
  /** [angle, translation] */
  readonly rayVariance: Float32Array;
  /** farthest corner of the field, mm */
  readonly reachMm: number;
}

/** Lowest and highest value of each free cell parameter of the phase, from its true map. */
export function cellBand(scan: PhantomScan, lines: PhaseLines, margin: number): [number, number][] {
  const { a, c } = scan.truth[lines.phase]!;
  return lines.cellNames.map((name) => {
    const values = (name === "a" ? a : c).filter(Number.isFinite);
    return [Math.min(...values) * (1 - margin), Math.max(...values) * (1 + margin)];
  });
}

export function reducePhantom(
  kernels: Kernels,
  scan: PhantomScan,
  data: Float32Array,
  options: ReducedOptions,
): ReducedPhantom {
  const { terms = 32, roles, band = 1e-3 } = options;
  const calculator = phantomModel(kernels, scan, options.model);
  const lines = Object.fromEntries(Object.keys(scan.truth).map((name, i) => [name, createPhaseLines(calculator, i)]));
  const sigma = channelSigma(scan, data);
  const reachMm = (scan.translations * scan.stepMm) / 2;
  const kept = Object.keys(roles).map((name) => ({
    lines: lines[name]!,
    cell: roles[name] === "spatial" ? ("spatial" as const) : ("global" as const),
    ...(roles[name] === "spatial" && { range: cellBand(scan, lines[name]!, band) }),
  }));
  const reduction = createReduction({
    sigma,
    kept,
    eliminated: Object.values(lines)
      .filter(({ phase }) => !(phase in roles))
      .map((own) => ({ lines: own })),
    terms,
    depth: reachMm / (options.distanceMm ?? scan.distanceMm),
  });
  const rays = kernels.arena.f32((data.length / sigma.length) * terms);
  reduceInto(kernels, rays, data, reduction.matrix, terms);
  const rayVariance = kernels.arena.f32(data.length / sigma.length);
  rayVariance.set(rayVariances(scan, data, sigma));
  return { scan, reduction, sigma, lines, rays, rayVariance, reachMm };
}

/** out [ray, K] = data [ray, channel] times the matrix [channel, K]; `out` in the kernels' memory. */
export function reduceInto(
  kernels: Kernels,
  out: Float32Array,
  data: Float32Array,
  matrix: Float32Array,
  terms: number,
): void {
  const bins = matrix.length / terms;
  const strip = 256;
  out.fill(0);
  const mark = kernels.arena.mark();
  const weights = kernels.arena.f32(matrix.length);
  weights.set(matrix);
  const part = kernels.arena.f32(strip * bins);
  const rays = data.length / bins;
  for (let first = 0; first < rays; first += strip) {
    const count = Math.min(strip, rays - first);
    part.set(data.subarray(first * bins, (first + count) * bins));
    kernels.run.reduceBins(out.subarray(first * terms), part, weights, count, bins, terms);
  }
  kernels.arena.release(mark);
}

export interface MapError {
  readonly bias: number;
  /** of the phase as a whole: voxels weighted by how much of it they hold, edges too */
  readonly bulkBias: number;
  readonly rms: number;
  readonly median: number;
  /** of the found on the true values */
  readonly slope: number;
  readonly voxels: number;
}

/** Found less true, in angstrom, over the voxels that hold at least `least` of the largest fraction. */
export function mapError(
  found: ArrayLike<number>,
  truth: ArrayLike<number>,
  fraction: ArrayLike<number>,
  least = 0.3,
): MapError {
  const full = Math.max(...Array.from(fraction));
  const voxels = Array.from(fraction, (_, v) => v).filter(
    (v) => fraction[v]! > least * full && Number.isFinite(found[v]!),
  );
  const all = Array.from(fraction, (_, v) => v).filter((v) => fraction[v]! > 0 && Number.isFinite(found[v]!));
  const bulk = all.reduce((sum, v) => sum + fraction[v]! * (found[v]! - truth[v]!), 0);
  const errors = voxels.map((v) => found[v]! - truth[v]!);
  const mean = (values: number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
  const sizes = errors.map(Math.abs).sort((p, q) => p - q);
  const middle = mean(voxels.map((v) => truth[v]!));
  const centre = mean(voxels.map((v) => found[v]!));
  const covariance = mean(voxels.map((v) => (truth[v]! - middle) * (found[v]! - centre)));
  return {
    bias: mean(errors),
    bulkBias: bulk / all.reduce((sum, v) => sum + fraction[v]!, 0),
    rms: Math.sqrt(mean(errors.map((e) => e * e))),
    median: sizes[sizes.length >> 1]!,
    slope: covariance / mean(voxels.map((v) => (truth[v]! - middle) ** 2)),
    voxels: voxels.length,
  };
}
