/**
 * Coarse to fine: a problem of larger voxels and fewer rays, whose solution starts the finer one.
 *
 * Rays of `factor` translations are averaged and divided by `factor`, so that scales stay what they are: a ray sums the
 * voxels on its way, and of coarse ones there are fewer.
 */
import type { Kernels } from "../../kernels/index.ts";
import type { DlsrGeometry, DlsrPhase, DlsrProblem, PhaseResponse, VoxelList } from "./types.ts";
import type { PhaseState, SolverState } from "./unknowns.ts";
import { createVoxelList } from "./voxel-list.ts";

export interface CoarseningOptions {
  /** fine steps in a coarse one */
  readonly factor: number;
  /** 1: every angle, 2: every second, and so on */
  readonly angleStep: number;
  /** a phase's response for other voxels; tables may be shared */
  readonly respond: (phase: DlsrPhase, voxels: VoxelList) => PhaseResponse;
}

/** Levels halve the rays until fewer than this many translations are left. */
const COARSEST = 100;

/** Factors of the levels, the coarsest first and 1 last. */
export function levelFactors(levels: "auto" | number, translations: number): number[] {
  const factors = [1];
  while (levels === "auto" ? translations / (2 * factors[0]!) >= COARSEST : factors.length < levels) {
    factors.unshift(2 * factors[0]!);
  }
  return factors;
}

/** How much further than the fine voxels in it the middle of a coarse voxel may lie, in fine steps. */
export const coarseReach = (factor: number): number => (factor > 1 ? Math.SQRT2 * ((factor + 1) / 2) : 0);

/** A coarse voxel is in the mask where the mask covers this share of it. */
const LEAST_COVER = 0.1;

/** Arrays lie in the arena: the caller marks and releases. */
export function coarsenProblem(kernels: Kernels, fine: DlsrProblem, options: CoarseningOptions): DlsrProblem {
  const geometry = coarseGeometry(fine.geometry, options);
  const { data, rayVariance } = coarseRays(kernels, fine, geometry, options);
  const phases = fine.phases.map((phase) => coarsePhase(kernels, fine, phase, geometry, options));
  return { ...fine, geometry, data, rayVariance, phases };
}

function coarseGeometry(fine: DlsrGeometry, { factor, angleStep }: CoarseningOptions): DlsrGeometry {
  return {
    ...fine,
    omegaDeg: fine.omegaDeg.filter((_, a) => a % angleStep === 0),
    translations: Math.ceil(fine.translations / factor),
    rotationAxis: (fine.rotationAxis - (factor - 1) / 2) / factor,
    size: Math.ceil(fine.size / factor),
    stepMm: fine.stepMm * factor,
  };
}

function coarseRays(
  { arena }: Kernels,
  { data: fineData, rayVariance: fineVariance, geometry: fine, terms }: DlsrProblem,
  { omegaDeg, translations }: DlsrGeometry,
  { factor, angleStep }: CoarseningOptions,
): Pick<DlsrProblem, "data" | "rayVariance"> {
  const data = arena.f32(omegaDeg.length * translations * terms).fill(0);
  const rayVariance = arena.f32(omegaDeg.length * translations);
  for (let a = 0; a < omegaDeg.length; a++) {
    for (let j = 0; j < translations; j++) {
      const ray = a * translations + j;
      let [count, variance] = [0, 0];
      for (let i = factor * j; i < Math.min(fine.translations, factor * (j + 1)); i++) {
        const from = a * angleStep * fine.translations + i;
        if (!Number.isFinite(fineVariance[from]!)) continue;
        count++;
        variance += fineVariance[from]!;
        for (let k = 0; k < terms; k++) {
          data[ray * terms + k] = data[ray * terms + k]! + fineData[from * terms + k]! / factor;
        }
      }
      // of a bin that is not whole the mean is of other rays than the middle's: it is left out
      rayVariance[ray] = count === factor ? variance / (factor * factor) / factor ** 2 : Number.POSITIVE_INFINITY;
      for (let k = 0; k < terms; k++) data[ray * terms + k] = data[ray * terms + k]! / factor;
    }
  }
  return { data, rayVariance };
}

/** What a coarse voxel shares with a fine one, in fine steps, along one axis. */
function overlap(coarseSize: number, fineSize: number, factor: number): { fine: number; share: number }[][] {
  const left = (fineSize - factor * coarseSize) / 2;
  return Array.from({ length: coarseSize }, (_, i) => {
    const [from, to] = [left + factor * i, left + factor * (i + 1)];
    const shares: { fine: number; share: number }[] = [];
    for (let fine = Math.max(0, Math.floor(from)); fine < Math.min(fineSize, Math.ceil(to)); fine++) {
      const share = Math.min(to, fine + 1) - Math.max(from, fine);
      if (share > 0) shares.push({ fine, share });
    }
    return shares;
  });
}

function coarsePhase(
  kernels: Kernels,
  { geometry: fine }: DlsrProblem,
  phase: DlsrPhase,
  geometry: DlsrGeometry,
  { factor, respond }: CoarseningOptions,
): DlsrPhase {
  const n = phase.cell === "spatial" ? phase.response.cellNames.length : 0;
  const listed = new Int32Array(fine.size ** 2).fill(-1);
  for (let v = 0; v < phase.voxels.count; v++) listed[phase.voxels.index[v]!] = v;
  const shares = overlap(geometry.size, fine.size, factor);
  const area = factor * factor;
  const scales = new Float64Array(geometry.size ** 2);
  const cells = new Float64Array(n * geometry.size ** 2);
  const mask = new Uint8Array(geometry.size ** 2);
  shares.forEach((rows, y) => {
    shares.forEach((columns, x) => {
      const at = y * geometry.size + x;
      let [cover, scale, weight] = [0, 0, 0];
      const sums = new Float64Array(n);
      for (const row of rows) {
        for (const column of columns) {
          const v = listed[row.fine * fine.size + column.fine]!;
          if (v < 0) continue;
          const share = row.share * column.share;
          cover += share;
          scale += share * phase.scale[v]!;
          // a voxel of no scale has a cell, too, which counts where there is no other
          const cellWeight = share * (phase.scale[v]! + LEAST_WEIGHT);
          weight += cellWeight;
          for (let i = 0; i < n; i++) sums[i] = sums[i]! + cellWeight * phase.cells[v * n + i]!;
        }
      }
      if (cover < LEAST_COVER * area) return;
      mask[at] = 1;
      scales[at] = scale / area;
      for (let i = 0; i < n; i++) cells[at * n + i] = sums[i]! / weight;
    });
  });
  const voxels = createVoxelList(kernels, mask, geometry.size);
  return {
    ...phase,
    voxels,
    response: respond(phase, voxels),
    scale: Float64Array.from(voxels.index, (at) => scales[at]!),
    cells:
      n > 0
        ? Float64Array.from(
            { length: voxels.count * n },
            (_, i) => cells[voxels.index[Math.floor(i / n)]! * n + (i % n)]!,
          )
        : phase.cells,
  };
}

const LEAST_WEIGHT = 1e-12;

/**
 * A start for the fine problem from a coarse solution: cells between the coarse voxels' by bilinear interpolation,
 * weighted by scale; scales keep the detail of the fine start and take what the coarse solution changed.
 */
export function refineState(
  fine: DlsrProblem,
  coarse: DlsrProblem,
  solved: SolverState,
  factor: number,
  damping: number,
): SolverState {
  const phases = fine.phases.map((phase, p): PhaseState => {
    const { lnScale, width, cells, scale } = solved.phases[p]!;
    const from = coarse.phases[p]!;
    const kept = { lnScale, width, isWidthSettled: false };
    const read = createInterpolation(from.voxels, coarse.geometry.size, fine.geometry.size, factor);
    const change = scale.map((value, v) => value - Math.max(0, from.scale[v]!));
    const fineScale = Float64Array.from(phase.scale);
    if (phase.scaleMap === "refined") {
      for (let v = 0; v < fineScale.length; v++) {
        fineScale[v] = Math.max(0, fineScale[v]! + (read(phase.voxels.index[v]!, (c) => change[c]!) ?? 0));
      }
    }
    if (phase.cell !== "spatial") return { ...kept, cells, scale: fineScale };
    const n = phase.response.cellNames.length;
    const weigh = (c: number): number => scale[c]! + LEAST_WEIGHT;
    const fineCells = phase.cells.map(
      (start, i) => read(phase.voxels.index[Math.floor(i / n)]!, (c) => cells[c * n + (i % n)]!, weigh) ?? start,
    );
    return { ...kept, cells: fineCells, scale: fineScale };
  });
  return {
    phases,
    rotationAxis: solved.rotationAxis * factor + (factor - 1) / 2,
    distanceMm: solved.distanceMm,
    step: 0,
    damping,
    penalties: null,
    lastStep: null,
  };
}

/** Reads a coarse map at a fine voxel; undefined where no coarse voxel is near. */
function createInterpolation(
  { count, index }: VoxelList,
  coarseSize: number,
  fineSize: number,
  factor: number,
): (fineVoxel: number, value: (v: number) => number, weigh?: (v: number) => number) => number | undefined {
  const listed = new Int32Array(coarseSize ** 2).fill(-1);
  for (let v = 0; v < count; v++) listed[index[v]!] = v;
  const toCoarse = (fine: number): number => (fine - (fineSize - 1) / 2) / factor + (coarseSize - 1) / 2;
  return (fineVoxel, value, weigh = () => 1) => {
    const x = toCoarse(fineVoxel % fineSize);
    const y = toCoarse(Math.floor(fineVoxel / fineSize));
    const [x0, y0] = [Math.floor(x), Math.floor(y)];
    let [weights, sum] = [0, 0];
    for (const [cx, cy] of [
      [x0, y0],
      [x0 + 1, y0],
      [x0, y0 + 1],
      [x0 + 1, y0 + 1],
    ] as const) {
      if (cx < 0 || cy < 0 || cx >= coarseSize || cy >= coarseSize) continue;
      const v = listed[cy * coarseSize + cx]!;
      if (v < 0) continue;
      const weight = (1 - Math.abs(x - cx)) * (1 - Math.abs(y - cy)) * weigh(v);
      weights += weight;
      sum += weight * value(v);
    }
    return weights > 0 ? sum / weights : undefined;
  };
}
