/** A phantom through the whole stage, from conventional maps to its report, and how far both maps are from the truth. */
import { builtInStructure } from "../../src/crystal/index.ts";
import type { ParameterMap } from "../../src/data/index.ts";
import type { Kernels } from "../../src/kernels/index.ts";
import type { PatternCalculator } from "../../src/pattern/calculator.ts";
import { type DirectResult, DlsrConfig, type ProductRunner, reconstructDirect } from "../../src/stages/dlsr/index.ts";
import { createPhaseLines, type PhaseLines } from "../../src/stages/dlsr/phase-lines.ts";
import { createReduction } from "../../src/stages/dlsr/reduction.ts";
import { type ConventionalMaps, conventionalFit } from "./conventional-fit.ts";
import { channelSigma, rayVariances } from "./dense-problem.ts";
import { type ModelChanges, phantomModel } from "./phantom-model.ts";
import { type PhantomScan, SPATIAL } from "./phantoms.ts";
import { cellBand, type MapError, mapError, reduceInto } from "./reduced-phantom.ts";

export interface DirectOptions {
  /** of the stage, beside the spatial phase */
  readonly config?: Record<string, unknown>;
  /** what the model has otherwise than the object */
  readonly model?: ModelChanges;
  readonly distanceMm?: number;
  readonly axisError?: number;
  readonly depthSign?: 1 | -1;
  /** a, c of all voxels at the start instead of the conventional maps' */
  readonly start?: readonly [a: number, c: number];
}

export interface DirectRun {
  readonly result: DirectResult;
  readonly conventional: { readonly a: MapError; readonly c: MapError };
  readonly direct: { readonly a: MapError; readonly c: MapError };
  /** of the stage alone */
  readonly cpuSeconds: number;
}

/** Numbers a ray for the conventional fits: next to all that the channels know of any phase. */
const CONVENTIONAL_TERMS = 48;

export async function runDirect(
  kernels: Kernels,
  runner: ProductRunner,
  scan: PhantomScan,
  rays: Float32Array,
  options: DirectOptions = {},
): Promise<DirectRun> {
  const mark = kernels.arena.mark();
  const calculator = phantomModel(kernels, scan, options.model);
  const rotationAxis = scan.rotationAxis + (options.axisError ?? 0);
  const distanceMm = options.distanceMm ?? scan.distanceMm;
  const conventional = conventionalMaps(kernels, scan, rays, calculator, rotationAxis, distanceMm);
  const channels = scan.twoThetaDeg.length;
  const mean = new Float64Array(channels);
  for (let i = 0; i < rays.length; i++) mean[i % channels]! += (rays[i]! * channels) / rays.length;
  const { size } = scan.phantom;
  const before = process.cpuUsage();
  const result = await reconstructDirect({
    kernels,
    runner,
    config: DlsrConfig.parse({ phases: { [SPATIAL]: { cell: "spatial" } }, ...options.config }),
    calculator,
    geometry: {
      omegaDeg: scan.omegaDeg,
      translations: scan.translations,
      rotationAxis,
      size,
      stepMm: scan.stepMm,
      distanceMm,
      depthSign: options.depthSign ?? 1,
    },
    broadeningFixed: new Set(),
    mean,
    variance: mean.map((value, j) => value / scan.pixels[j]!),
    isTransmissionMeasured: false,
    reduce: async (matrix, sigma, terms) => {
      const data = kernels.arena.f32((rays.length / channels) * terms);
      const rayVariance = kernels.arena.f32(rays.length / channels);
      reduceInto(kernels, data, rays, matrix, terms);
      rayVariance.set(rayVariances(scan, rays, sigma));
      return { data, rayVariance };
    },
    phases: Object.entries(conventional).map(([name, maps]) => {
      const flat = (value: number): Float64Array => new Float64Array(size * size).fill(value);
      const [a, c] = options.start ?? [];
      const cells = new Map([
        ["a", { values: a === undefined ? maps.a : flat(a) }],
        ["c", { values: c === undefined ? maps.c : flat(c) }],
      ]);
      return { name, scale: maps.scale, cells: name === SPATIAL ? cells : new Map() };
    }),
    sample: Uint8Array.from({ length: size * size }, (_, v) => {
      const [x, y] = [(v % size) - (size - 1) / 2, Math.floor(v / size) - (size - 1) / 2];
      return Math.hypot(x, y) <= (size - 1) / 2 ? 1 : 0;
    }),
  });
  const used = process.cpuUsage(before);
  kernels.arena.release(mark);
  const { fraction, a, c } = scan.truth[SPATIAL]!;
  const found = (parameter: string): ParameterMap["values"] =>
    result.maps.find(({ name }) => name.endsWith(`${SPATIAL}/${parameter}`))!.values;
  const start = conventional[SPATIAL]!;
  return {
    result,
    conventional: { a: mapError(start.a, a, fraction), c: mapError(start.c, c, fraction) },
    direct: { a: mapError(found("a"), a, fraction), c: mapError(found("c"), c, fraction) },
    cpuSeconds: (used.user + used.system) / 1e6,
  };
}

/** Scales of all phases and cells of the spatial one, every voxel on its own and as if on the axis. */
function conventionalMaps(
  kernels: Kernels,
  scan: PhantomScan,
  rays: Float32Array,
  calculator: PatternCalculator,
  rotationAxis: number,
  distanceMm: number,
): Record<string, ConventionalMaps> {
  const mark = kernels.arena.mark();
  const lines = calculator.model.phases.map((_, p): PhaseLines => createPhaseLines(calculator, p));
  const spatial = lines.find(({ phase }) => phase === SPATIAL)!;
  const others = lines.filter(({ phase }) => phase !== SPATIAL);
  const reduction = createReduction({
    sigma: channelSigma(scan, rays),
    kept: lines.map((own) => ({
      lines: own,
      cell: own === spatial ? ("spatial" as const) : ("global" as const),
      ...(own === spatial && { range: cellBand(scan, own, 1e-3) }),
    })),
    terms: CONVENTIONAL_TERMS,
    depth: (scan.translations * scan.stepMm) / 2 / distanceMm,
  });
  const reduced = kernels.arena.f32((rays.length / scan.twoThetaDeg.length) * CONVENTIONAL_TERMS);
  reduceInto(kernels, reduced, rays, reduction.matrix, CONVENTIONAL_TERMS);
  const found = conventionalFit({
    kernels,
    scan,
    rays: reduced,
    matrix: reduction.matrix,
    terms: CONVENTIONAL_TERMS,
    phase: spatial,
    range: cellBand(scan, spatial, 5e-3),
    others,
    rotationAxis,
  });
  kernels.arena.release(mark);
  return {
    [SPATIAL]: found,
    ...Object.fromEntries(others.map(({ phase }) => [phase, { ...found, scale: found.others[phase]! }])),
  };
}

/** The lattice parameter a of a phase as it comes with the program. */
export const trueA = (phase: string): number => builtInStructure(phase).cell.a;
