/** A reduced phantom as a problem for the solver of the stage dlsr. */
import type { Kernels } from "../../src/kernels/index.ts";
import { createDepthNodes } from "../../src/stages/dlsr/depth-nodes.ts";
import { createPhaseResponse } from "../../src/stages/dlsr/phase-response.ts";
import type { DlsrPhase, DlsrProblem } from "../../src/stages/dlsr/types.ts";
import type { SolverState } from "../../src/stages/dlsr/unknowns.ts";
import { createVoxelList } from "../../src/stages/dlsr/voxel-list.ts";
import { cellBand, type ReducedPhantom } from "./reduced-phantom.ts";

export interface StartMaps {
  /** [y, x] */
  readonly scale: ArrayLike<number>;
  readonly a: ArrayLike<number>;
  readonly c: ArrayLike<number>;
  /** [y, x] voxels of the phase */
  readonly mask: ArrayLike<number>;
}

export interface WiredPhase {
  readonly cell: "spatial" | "global" | "fixed";
  readonly start: StartMaps;
  readonly scaleMap?: "refined" | "frozen";
  readonly hasGlobalScale?: boolean;
  readonly refinesWidth?: boolean;
  /** width factor on the model's lines */
  readonly width?: number;
}

export interface WiredOptions {
  readonly phases: Readonly<Record<string, WiredPhase>>;
  readonly rotationAxis?: number;
  readonly distanceMm?: number;
  readonly depthSign?: 1 | -1;
  readonly depthNodes?: number;
  /** relative, to each side of the true cells: what is tabulated */
  readonly range?: number;
}

export function wireProblem(kernels: Kernels, reduced: ReducedPhantom, options: WiredOptions): DlsrProblem {
  const { scan, reduction, lines } = reduced;
  const distanceMm = options.distanceMm ?? scan.distanceMm;
  const { size } = scan.phantom;
  const depth = createDepthNodes(
    Object.keys(options.phases).map((name) => lines[name]!),
    reduced.reachMm,
    Math.min(distanceMm, scan.distanceMm),
    options.depthNodes,
  );
  const phases = Object.entries(options.phases).map(([name, wanted]): DlsrPhase => {
    const voxels = createVoxelList(kernels, wanted.start.mask, size);
    const own = lines[name]!;
    const isSpatial = wanted.cell === "spatial";
    const response = createPhaseResponse(kernels, own, reduction, depth, voxels.count, {
      cell: isSpatial ? "spatial" : "global",
      range: cellBand(scan, own, options.range ?? 5e-3),
      ...(wanted.width !== undefined && { width: wanted.width }),
    });
    const scaleMap = wanted.scaleMap ?? (isSpatial ? "refined" : "frozen");
    const map = (parameter: string): ArrayLike<number> => (parameter === "a" ? wanted.start.a : wanted.start.c);
    const cells = isSpatial
      ? Float64Array.from({ length: voxels.count * own.cellNames.length }, (_, i) => {
          const q = i % own.cellNames.length;
          const [low, high] = response.range[q]!;
          const value = map(own.cellNames[q]!)[voxels.index[Math.floor(i / own.cellNames.length)]!]!;
          return Math.min(high, Math.max(low, value));
        })
      : own.cell.slice();
    return {
      name,
      voxels,
      response,
      cell: wanted.cell,
      cells,
      scale: Float64Array.from(voxels.index, (v) => Math.max(0, wanted.start.scale[v]!)),
      scaleMap,
      hasGlobalScale: wanted.hasGlobalScale ?? scaleMap === "frozen",
      refinesWidth: wanted.refinesWidth ?? false,
    };
  });
  return {
    geometry: {
      omegaDeg: scan.omegaDeg,
      translations: scan.translations,
      rotationAxis: options.rotationAxis ?? scan.rotationAxis,
      size,
      stepMm: scan.stepMm,
      distanceMm,
      depthSign: options.depthSign ?? 1,
    },
    depth,
    terms: reduction.terms,
    data: reduced.rays,
    rayVariance: reduced.rayVariance,
    phases,
  };
}

/** [y, x] of one phase of a state; NaN outside its voxels. */
export function stateMaps(
  problem: DlsrProblem,
  state: SolverState,
  phase: string,
): { a: Float64Array; c: Float64Array; scale: Float64Array } {
  const at = problem.phases.findIndex(({ name }) => name === phase);
  const { voxels, response, cell } = problem.phases[at]!;
  const { cells, scale, lnScale } = state.phases[at]!;
  const n = response.cellNames.length;
  const empty = (): Float64Array => new Float64Array(problem.geometry.size ** 2).fill(Number.NaN);
  const out = { a: empty(), c: empty(), scale: empty() };
  voxels.index.forEach((voxel, v) => {
    response.cellNames.forEach((name, q) => {
      if (name === "a" || name === "c") out[name][voxel] = cells[cell === "spatial" ? v * n + q : q]!;
    });
    out.scale[voxel] = Math.exp(lnScale) * scale[v]!;
  });
  return out;
}

/** [y, x] 1 where a conventional map says that there is some of the phase: a share of its typical value. */
export function maskFrom(scale: ArrayLike<number>, share = 0.15): Uint8Array {
  const positive = Array.from(scale)
    .filter((value) => value > 0)
    .sort((p, q) => p - q);
  const high = positive[Math.floor(0.95 * positive.length)] ?? 0;
  const solid = positive.filter((value) => value > high / 2);
  const typical = solid[solid.length >> 1] ?? 0;
  return Uint8Array.from(scale, (value) => (value > share * typical && value > 0 ? 1 : 0));
}

/** Cells clipped to the median of where there is much of the phase +- a part; the median where there is little. */
export function clippedStart(maps: Omit<StartMaps, "mask">, mask: Uint8Array): StartMaps {
  const most = Math.max(...Array.from(maps.scale).filter((_, v) => mask[v]));
  const clip = (values: ArrayLike<number>, reach: number): Float64Array => {
    const trusted = Array.from(values)
      .filter((_, v) => maps.scale[v]! > 0.3 * most)
      .sort((p, q) => p - q);
    const median = trusted[trusted.length >> 1]!;
    return Float64Array.from(values, (value, v) =>
      maps.scale[v]! > 0.3 * most ? Math.min(median * (1 + reach), Math.max(median * (1 - reach), value)) : median,
    );
  };
  return { scale: maps.scale, a: clip(maps.a, 0.01), c: clip(maps.c, 0.011), mask };
}
