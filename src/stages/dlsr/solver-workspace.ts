/** What a solve works on: arrays in the kernels' memory, taken once. The caller marks and releases the arena. */
import type { Kernels } from "../../kernels/index.ts";
import type { Parcels, RayFrame } from "../../projector/index.ts";
import { createNeighbourGraph, type NeighbourGraph } from "./regularisation.ts";
import type { ProductJob, ProductRunner } from "./runner.ts";
import { itemsOf } from "./runner.ts";
import type { DlsrProblem } from "./types.ts";
import type { GeometryChoice, PhaseUnknowns, SolverState, Unknowns } from "./unknowns.ts";
import { createUnknowns } from "./unknowns.ts";

export interface ModelOptions {
  /** share of a ray on each side, from the size of the voxel */
  readonly side: number;
  /** one free factor a ray, taken out of the misfit (variable projection) */
  readonly rayScale: boolean;
  /** what else is refined for the slice as a whole */
  readonly geometry: GeometryChoice;
}

/** One phase at work. */
export interface PhaseWork {
  readonly part: PhaseUnknowns;
  readonly parcels: Parcels;
  /** (shared) [voxel, stencil] weights of the model, or of a step */
  readonly weights: Float32Array;
  /** (shared) [unknown, voxel, stencil] */
  readonly jacobian: Float32Array;
  /** (shared) [voxel, stencil] what the adjoint gives */
  readonly gathered: Float32Array;
  /** (shared) [voxel, unknown, unknown] */
  readonly gram: Float64Array;
  /** where one cell serves all voxels */
  readonly uniform?: UniformWork;
  readonly graph: NeighbourGraph;
}

/** A phase of one cell: its sinogram by depth node, made once for a scale map and geometry, times patterns at nodes. */
export interface UniformWork {
  /** depth nodes, up to a multiple of 8 */
  readonly nodes: number;
  /** (shared) [ray, nodes] */
  readonly depthRays: Float32Array;
  /** (shared) [depth, nodes] the unit matrix */
  readonly unitTable: Float32Array;
  /** (shared) [nodes, K] of the state's cell, width and scale factor; its first rows are the parcels' table */
  readonly patterns: Float32Array;
  /** (shared) [nodes, K] of a derivative */
  readonly slope: Float32Array;
  /** what depthRays was made for */
  made?: { readonly scale: Float64Array; readonly rotationAxis: number; readonly distanceMm: number };
}

export interface SolverWorkspace {
  readonly kernels: Kernels;
  readonly run: (job: ProductJob) => Promise<void>;
  readonly problem: DlsrProblem;
  readonly options: ModelOptions;
  readonly unknowns: Unknowns;
  readonly phases: readonly PhaseWork[];
  readonly rays: number;
  readonly directions: Float64Array;
  /** [ray] 1 / variance, 0: left out */
  readonly inverseVariance: Float64Array;
  /** [ray] <data, data> */
  readonly dataPower: Float64Array;
  /** rays that are not left out */
  readonly usedRays: number;
  /** weight that holds a ray's factor to 1: a thousandth of the mean power, so that rays through nothing keep theirs */
  readonly rayScaleHold: number;
  /** [ray, K] of the present state; `evaluate` swaps it with `out` when a step is taken */
  model: Float32Array;
  out: Float32Array;
  readonly raw: Float32Array;
  /** (shared) [ray] <data, model>, <model, model> */
  readonly cross: Float64Array;
  readonly power: Float64Array;
  /** (shared) [ray] by kind */
  readonly kappa: Float32Array;
  readonly normalFactors: Float32Array;
  readonly gradientFactors: Float32Array;
  readonly projection: Float32Array;
  /** by global unknown: (shared) [ray, K] */
  readonly columns: readonly Float32Array[];
  /** (shared) [angle, global unknown] and [angle, global unknown, global unknown] */
  readonly columnDots: Float64Array;
  readonly columnGram: Float64Array;
}

const RAY_SCALE_HOLD = 1e-3;

/**
 * Rays whose numbers are not all finite are left out: in the problem itself their numbers become 0, for a product with
 * NaN is NaN whatever its weight, and their variance infinite.
 */
export function createSolverWorkspace(
  kernels: Kernels,
  runner: ProductRunner,
  problem: DlsrProblem,
  options: ModelOptions,
): SolverWorkspace {
  const { arena } = kernels;
  const { geometry, terms } = problem;
  const rays = geometry.omegaDeg.length * geometry.translations;
  const unknowns = createUnknowns(problem, options.geometry);
  const directions = arena.f64(2 * geometry.omegaDeg.length);
  geometry.omegaDeg.forEach((omega, a) => {
    directions[2 * a] = Math.cos((omega * Math.PI) / 180);
    directions[2 * a + 1] = Math.sin((omega * Math.PI) / 180);
  });
  const { inverseVariance, dataPower, usedRays, meanPower } = weighRays(kernels, problem, rays);
  return {
    kernels,
    run: (job) => runner(job, itemsOf(job)),
    problem,
    options,
    unknowns,
    phases: unknowns.phases.map((part) => createPhaseWork(kernels, problem, part, rays)),
    rays,
    directions,
    inverseVariance,
    dataPower,
    usedRays,
    rayScaleHold: RAY_SCALE_HOLD * meanPower,
    model: arena.f32(rays * terms),
    out: arena.f32(rays * terms),
    raw: arena.f32(rays * terms),
    cross: arena.f64(rays),
    power: arena.f64(rays),
    kappa: arena.f32(rays),
    normalFactors: arena.f32(rays),
    gradientFactors: arena.f32(rays),
    projection: arena.f32(rays),
    columns: unknowns.globals.map(() => arena.f32(rays * terms)),
    columnDots: arena.f64(geometry.omegaDeg.length * unknowns.globals.length),
    columnGram: arena.f64(geometry.omegaDeg.length * unknowns.globals.length ** 2),
  };
}

function weighRays(
  { run, arena }: Kernels,
  { data, rayVariance, terms }: DlsrProblem,
  rays: number,
): Pick<SolverWorkspace, "inverseVariance" | "dataPower" | "usedRays"> & { meanPower: number } {
  const dataPower = arena.f64(rays);
  run.rayDots(dataPower, data, data, rays, terms);
  const inverseVariance = new Float64Array(rays);
  let [usedRays, sum] = [0, 0];
  for (let ray = 0; ray < rays; ray++) {
    if (!Number.isFinite(dataPower[ray]!)) {
      data.fill(0, ray * terms, (ray + 1) * terms);
      dataPower[ray] = 0;
      rayVariance[ray] = Number.POSITIVE_INFINITY;
    } else if (rayVariance[ray]! > 0 && Number.isFinite(rayVariance[ray]!)) {
      inverseVariance[ray] = 1 / rayVariance[ray]!;
      usedRays++;
      sum += dataPower[ray]! / rayVariance[ray]!;
    }
  }
  return { inverseVariance, dataPower, usedRays, meanPower: usedRays > 0 ? sum / usedRays : 0 };
}

function createPhaseWork({ arena }: Kernels, problem: DlsrProblem, part: PhaseUnknowns, rays: number): PhaseWork {
  const { phase, perVoxel } = part;
  const { response, voxels } = phase;
  const { terms, depth } = problem;
  const isSpatial = phase.cell === "spatial";
  const stencil = isSpatial ? response.stencil : 1;
  const nodes = Math.ceil(depth.count / 8) * 8;
  let uniform: UniformWork | undefined;
  if (!isSpatial) {
    const unitTable = arena.f32(depth.count * nodes).fill(0);
    for (let d = 0; d < depth.count; d++) unitTable[d * nodes + d] = 1;
    uniform = {
      nodes,
      depthRays: arena.f32(rays * nodes),
      unitTable,
      patterns: arena.f32(nodes * terms).fill(0),
      slope: arena.f32(nodes * terms).fill(0),
    };
  }
  return {
    part,
    parcels: {
      voxels: voxels.count,
      places: voxels.places,
      nodes: uniform ? arena.i32(voxels.count).fill(0) : response.nodes,
      offsets: uniform ? arena.i32(1).fill(0) : response.offsets,
      stencil,
      table: uniform ? uniform.patterns : response.table,
    },
    weights: arena.f32(voxels.count * stencil),
    jacobian: arena.f32(perVoxel * voxels.count * stencil),
    gathered: arena.f32(voxels.count * stencil),
    gram: arena.f64(voxels.count * perVoxel * perVoxel),
    ...(uniform && { uniform }),
    graph: createNeighbourGraph(voxels, problem.geometry.size),
  };
}

/** The rays as a state places them, moved for a derivative. */
export function frameOf(
  { problem, directions }: SolverWorkspace,
  { rotationAxis, distanceMm }: Pick<SolverState, "rotationAxis" | "distanceMm">,
): RayFrame {
  const { geometry, depth, terms } = problem;
  return {
    angles: geometry.omegaDeg.length,
    translations: geometry.translations,
    terms,
    depths: depth.count,
    directions,
    rotationAxis,
    depthScale: (geometry.depthSign * geometry.stepMm) / (distanceMm * depth.step),
    depthOrigin: -depth.first / depth.step,
  };
}
