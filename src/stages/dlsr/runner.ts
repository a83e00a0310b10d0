/**
 * The long products of DLSR as jobs that threads can share. A job is plain data; its typed arrays are views on the
 * kernels' memory, or small and never written. Every part of a job writes places of its own, and sums that cross parts
 * are kept by angle, so the result is the same bits for any split.
 */
import { dlsrScratchLength } from "../../kernels/dlsr-scratch.ts";
import type { Kernels } from "../../kernels/index.ts";
import type { ParcelProducts, Parcels, RayFrame, WeightedParcels } from "../../projector/index.ts";

/** A sinogram by depth node, made once, times the patterns at the nodes: what all voxels of one cell give. */
export interface DepthMix {
  /** (shared) [ray, nodes] */
  readonly rays: Float32Array;
  readonly nodes: number;
  /** (shared) [nodes, K] */
  readonly patterns: Float32Array;
}

/** out = blur(sum of parcels and mixes). */
export interface ForwardJob {
  readonly op: "forward";
  readonly frame: RayFrame;
  readonly parcels: readonly WeightedParcels[];
  readonly mixes: readonly DepthMix[];
  /** (shared) [ray, K] overwritten on the way */
  readonly raw: Float32Array;
  /** (shared) [ray, K] */
  readonly out: Float32Array;
  readonly side: number;
  /** what other parcels give is there already, to be added to: in raw, or in out where there is no blur */
  readonly isBegun?: boolean;
}

/**
 * What becomes of rays y before the adjoint: out = factor (y - projection <model, y> model) by ray; its products with
 * the columns are summed by angle, and raw = blur(out).
 */
export interface Weighing {
  readonly model: Float32Array;
  /** (shared) [ray] */
  readonly factors: Float32Array;
  /** (shared) [ray], absent: no projection */
  readonly projection?: Float32Array;
  /** by global unknown: (shared) [ray, K] */
  readonly columns: readonly Float32Array[];
  /** (shared) [angle, column] */
  readonly dots: Float64Array;
}

/** raw = blur(weighed(blur(parcels) + columns times coefficients)): J^T J but for the adjoint. */
export interface NormalJob {
  readonly op: "normal";
  readonly forward: ForwardJob;
  readonly weighing: Weighing;
  /** [column] */
  readonly coefficients: readonly number[];
}

/** raw = blur(weighed(out)), where out is `data` less kappa times the model, or what it holds. */
export interface WeighJob {
  readonly op: "weigh";
  readonly frame: RayFrame;
  readonly weighing: Weighing;
  readonly residual?: { readonly data: Float32Array; readonly kappa: Float32Array };
  readonly raw: Float32Array;
  readonly out: Float32Array;
  readonly side: number;
}

/** [ray] <data, model> and <model, model>. */
export interface MomentsJob {
  readonly op: "moments";
  readonly frame: RayFrame;
  readonly data: Float32Array;
  readonly model: Float32Array;
  readonly cross: Float64Array;
  readonly power: Float64Array;
}

/** [angle, column, column] sums of factor (<a, b> - projection <model, a> <model, b>). */
export interface ColumnGramJob {
  readonly op: "column-gram";
  readonly frame: RayFrame;
  readonly weighing: Weighing;
  readonly out: Float64Array;
}

export interface AdjointJob {
  readonly op: "adjoint";
  readonly frame: RayFrame;
  readonly parcels: Parcels;
  readonly rays: Float32Array;
  /** (shared) [voxel, stencil] */
  readonly out: Float32Array;
}

export interface GramJob {
  readonly op: "gram";
  readonly frame: RayFrame;
  readonly parcels: Parcels;
  /** (shared) [unknown, voxel, stencil] */
  readonly weights: Float32Array;
  readonly unknowns: number;
  /** (shared) [angle, translation] */
  readonly rayWeights: Float32Array;
  readonly angleStep: number;
  /** (shared) [voxel, unknown, unknown] */
  readonly out: Float64Array;
}

/** Jobs that are split by angle, and jobs that are split by voxel. */
export type AngleJob = ForwardJob | NormalJob | WeighJob | MomentsJob | ColumnGramJob;
export type ProductJob = AngleJob | AdjointJob | GramJob;

/** Runs all of a job: items are angles, or voxels for "adjoint" and "gram". */
export type ProductRunner = (job: ProductJob, items: number) => Promise<void>;

/** Gives the long products away, and all that is by ray to another runner. The same bits for any split of the rest. */
export function awayRunner(away: ParcelProducts, rest: ProductRunner): ProductRunner {
  return async (job, items) => {
    if (job.op === "adjoint" && away.holds(job.parcels)) return away.adjoint(job.frame, job.parcels, job.rays, job.out);
    const forward = job.op === "normal" ? job.forward : job.op === "forward" ? job : undefined;
    if (!forward || forward.parcels.length === 0 || !forward.parcels.every(away.holds)) return rest(job, items);
    const { frame, parcels, raw, out, side } = forward;
    await away.forward(frame, parcels, side > 0 ? raw : out);
    const begun = { ...forward, parcels: [], isBegun: true };
    return rest(job.op === "normal" ? { ...job, forward: begun } : begun, items);
  };
}

/** Voxels in one call of a kernel: V8 does not replace a function by its optimised code while it runs. */
const STRIP = 512;

/** All in this thread. */
export const serialRunner =
  (kernels: Kernels): ProductRunner =>
  async (job, items) =>
    runProduct(kernels, job, 0, items);

/** How many items a job has. */
export function itemsOf(job: ProductJob): number {
  if (job.op === "adjoint" || job.op === "gram") return job.parcels.voxels;
  return (job.op === "normal" ? job.forward : job).frame.angles;
}

/** One part of a job: items first to end. */
export function runProduct(kernels: Kernels, job: ProductJob, first: number, end: number): void {
  const mark = kernels.arena.mark();
  try {
    if (job.op === "forward") forwardPart(kernels, job, first, end);
    else if (job.op === "normal") {
      forwardPart(kernels, job.forward, first, end);
      const { frame, raw, out, side } = job.forward;
      addColumns(kernels, frame, job.weighing.columns, job.coefficients, out, first, end);
      weighPart(kernels, { op: "weigh", frame, weighing: job.weighing, raw, out, side }, first, end);
    } else if (job.op === "weigh") weighPart(kernels, job, first, end);
    else if (job.op === "moments") momentsPart(kernels, job, first, end);
    else if (job.op === "column-gram") columnGramPart(kernels, job, first, end);
    else if (job.op === "adjoint") adjointPart(kernels, job, first, end);
    else gramPart(kernels, job, first, end);
  } finally {
    kernels.arena.release(mark);
  }
}

function forwardPart({ run, arena }: Kernels, job: ForwardJob, first: number, end: number): void {
  const { frame, raw, out, side } = job;
  const { translations, terms, depths, directions, rotationAxis, depthScale, depthOrigin } = frame;
  const row = translations * terms;
  const scratch = arena.f32(dlsrScratchLength(terms, depths));
  const target = side > 0 ? raw : out;
  if (!job.isBegun) target.fill(0, first * row, end * row);
  for (const { rays, nodes, patterns } of job.mixes) {
    const some = (end - first) * translations;
    const depthRays = rays.subarray(first * translations * nodes, end * translations * nodes);
    run.reduceBins(target.subarray(first * row, end * row), depthRays, patterns, some, nodes, terms);
  }
  for (const { voxels, places, nodes, weights, offsets, stencil, table } of job.parcels) {
    for (let v = 0; v < voxels; v += STRIP) {
      run.dlsrForward(
        target,
        translations,
        terms,
        places,
        nodes,
        weights,
        offsets,
        stencil,
        table,
        depths,
        v,
        Math.min(voxels, v + STRIP),
        directions,
        first,
        end,
        rotationAxis,
        depthScale,
        depthOrigin,
        scratch,
      );
    }
  }
  if (side === 0) return;
  for (let a = first; a < end; a++) run.raysBlur(rowOf(out, a, row), rowOf(raw, a, row), 1, translations, terms, side);
}

const rowOf = (rays: Float32Array, angle: number, row: number): Float32Array =>
  rays.subarray(angle * row, (angle + 1) * row);

function addColumns(
  { run, arena }: Kernels,
  { translations, terms }: RayFrame,
  columns: readonly Float32Array[],
  coefficients: readonly number[],
  out: Float32Array,
  first: number,
  end: number,
): void {
  const row = translations * terms;
  const factors = arena.f32(translations);
  columns.forEach((column, i) => {
    if (coefficients[i] === 0) return;
    factors.fill(coefficients[i]!);
    for (let a = first; a < end; a++) {
      run.rayAdd(rowOf(out, a, row), rowOf(column, a, row), factors, translations, terms);
    }
  });
}

/** Angle by angle, so that a row of rays stays in the cache. */
function weighPart({ run, arena }: Kernels, job: WeighJob, first: number, end: number): void {
  const { frame, weighing, residual, raw, out, side } = job;
  const { model, factors, projection, columns, dots } = weighing;
  const { translations, terms } = frame;
  const row = translations * terms;
  const rayDots = arena.f64(translations);
  const shares = arena.f32(translations);
  for (let a = first; a < end; a++) {
    const y = rowOf(out, a, row);
    const m = rowOf(model, a, row);
    if (residual) {
      y.set(rowOf(residual.data, a, row));
      for (let j = 0; j < translations; j++) shares[j] = -residual.kappa[a * translations + j]!;
      run.rayAdd(y, m, shares, translations, terms);
    }
    if (projection) {
      run.rayDots(rayDots, m, y, translations, terms);
      for (let j = 0; j < translations; j++) shares[j] = -projection[a * translations + j]! * rayDots[j]!;
      run.rayAdd(y, m, shares, translations, terms);
    }
    run.rayScale(y, factors.subarray(a * translations, (a + 1) * translations), translations, terms);
    columns.forEach((column, i) => {
      run.rayDots(rayDots, rowOf(column, a, row), y, translations, terms);
      dots[a * columns.length + i] = sumOf(rayDots, translations);
    });
    if (side > 0) run.raysBlur(rowOf(raw, a, row), y, 1, translations, terms, side);
    else rowOf(raw, a, row).set(y);
  }
}

function sumOf(values: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i]!;
  return sum;
}

function momentsPart({ run }: Kernels, job: MomentsJob, first: number, end: number): void {
  const { translations, terms } = job.frame;
  const row = translations * terms;
  for (let a = first; a < end; a++) {
    const model = rowOf(job.model, a, row);
    const [from, to] = [a * translations, (a + 1) * translations];
    run.rayDots(job.cross.subarray(from, to), rowOf(job.data, a, row), model, translations, terms);
    run.rayDots(job.power.subarray(from, to), model, model, translations, terms);
  }
}

function columnGramPart({ run, arena }: Kernels, job: ColumnGramJob, first: number, end: number): void {
  const { translations, terms } = job.frame;
  const { model, factors, projection, columns } = job.weighing;
  const [n, row] = [columns.length, translations * terms];
  const products = arena.f64(translations);
  const onModel = columns.map(() => arena.f64(translations));
  for (let a = first; a < end; a++) {
    columns.forEach((column, i) => {
      run.rayDots(onModel[i]!, rowOf(column, a, row), rowOf(model, a, row), translations, terms);
    });
    for (let i = 0; i < n; i++) {
      for (let l = i; l < n; l++) {
        run.rayDots(products, rowOf(columns[i]!, a, row), rowOf(columns[l]!, a, row), translations, terms);
        let sum = 0;
        for (let j = 0; j < translations; j++) {
          const ray = a * translations + j;
          const along = projection ? projection[ray]! * onModel[i]![j]! * onModel[l]![j]! : 0;
          sum += factors[ray]! * (products[j]! - along);
        }
        job.out[(a * n + i) * n + l] = sum;
        job.out[(a * n + l) * n + i] = sum;
      }
    }
  }
}

function adjointPart({ run, arena }: Kernels, job: AdjointJob, first: number, end: number): void {
  const { frame, parcels, rays, out } = job;
  const { angles, translations, terms, depths, directions, rotationAxis, depthScale, depthOrigin } = frame;
  const { places, nodes, offsets, stencil, table } = parcels;
  const scratch = arena.f32(dlsrScratchLength(terms, depths));
  for (let v = first; v < end; v += STRIP) {
    run.dlsrAdjoint(
      out,
      rays,
      translations,
      terms,
      places,
      nodes,
      offsets,
      stencil,
      table,
      depths,
      v,
      Math.min(end, v + STRIP),
      directions,
      0,
      angles,
      rotationAxis,
      depthScale,
      depthOrigin,
      scratch,
    );
  }
}

function gramPart({ run, arena }: Kernels, job: GramJob, first: number, end: number): void {
  const { frame, parcels, weights, unknowns, rayWeights, angleStep, out } = job;
  const { angles, translations, terms, depths, directions, rotationAxis, depthScale, depthOrigin } = frame;
  const { voxels, places, nodes, offsets, stencil, table } = parcels;
  const scratch = arena.f32(dlsrScratchLength(terms, depths));
  for (let v = first; v < end; v += STRIP) {
    run.dlsrGram(
      out,
      rayWeights,
      translations,
      terms,
      places,
      nodes,
      weights,
      unknowns,
      voxels,
      offsets,
      stencil,
      table,
      depths,
      v,
      Math.min(end, v + STRIP),
      directions,
      angles,
      angleStep,
      rotationAxis,
      depthScale,
      depthOrigin,
      scratch,
    );
  }
}
