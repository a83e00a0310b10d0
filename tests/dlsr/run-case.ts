/** One phantom, one way to treat it: conventional maps, direct maps, and how far both are from the truth. */
import type { Kernels } from "../../src/kernels/index.ts";
import {
  type DlsrSolution,
  SOLVER_DEFAULTS,
  type SolverOptions,
  solveDlsr,
} from "../../src/stages/dlsr/gauss-newton.ts";
import { intensityStep } from "../../src/stages/dlsr/intensity-step.ts";
import type { ProductRunner } from "../../src/stages/dlsr/runner.ts";
import type { DlsrProblem } from "../../src/stages/dlsr/types.ts";
import { seededRandom } from "../seeded-random.ts";
import { type ConventionalMaps, conventionalFit } from "./conventional-fit.ts";
import type { ModelChanges } from "./phantom-model.ts";
import { type PhantomScan, SPATIAL } from "./phantoms.ts";
import { cellBand, type MapError, mapError, type ReducedPhantom, reducePhantom } from "./reduced-phantom.ts";
import { clippedStart, maskFrom, stateMaps, type WiredPhase, wireProblem } from "./wired-problem.ts";

export interface CaseOptions {
  readonly terms?: number;
  /** phases that have a cell of their own beside the spatial one; the others are eliminated */
  readonly global?: readonly string[];
  readonly model?: ModelChanges;
  readonly solver?: Partial<SolverOptions>;
  readonly distanceMm?: number;
  readonly axisError?: number;
  readonly depthSign?: 1 | -1;
  readonly depthNodes?: number;
  readonly refinesWidth?: boolean;
  /** the scale of voxels stays that of the conventional map */
  readonly freezesScale?: boolean;
  /** a and c of all voxels at the start, instead of the conventional maps' */
  readonly start?: readonly [a: number, c: number];
  readonly maskShare?: number;
  /** rms error of every ring's intensity, and how often the mean ray corrects them */
  readonly intensityError?: number;
  readonly intensitySteps?: number;
}

export interface CaseResult {
  readonly conventional: { readonly a: MapError; readonly c: MapError };
  readonly direct: { readonly a: MapError; readonly c: MapError };
  readonly solution: DlsrSolution;
  readonly problem: DlsrProblem;
  readonly reduced: ReducedPhantom;
  readonly maps: { readonly a: Float64Array; readonly c: Float64Array; readonly scale: Float64Array };
  readonly conventionalMaps: ConventionalMaps;
  readonly cpuSeconds: number;
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** What the arena holds afterwards is the caller's to release. */
export async function runCase(
  kernels: Kernels,
  runner: ProductRunner,
  scan: PhantomScan,
  data: Float32Array,
  options: CaseOptions = {},
): Promise<CaseResult> {
  const { terms = 32, global = [] } = options;
  const roles = {
    [SPATIAL]: "spatial" as const,
    ...Object.fromEntries(global.map((name) => [name, "global" as const])),
  };
  const wrong = wrongIntensities(kernels, scan, data, options);
  const reduced = reducePhantom(kernels, scan, data, {
    terms,
    roles,
    ...(options.model && { model: options.model }),
    ...(wrong && { intensities: wrong }),
  });
  const rotationAxis = scan.rotationAxis + (options.axisError ?? 0);
  const conventionalMaps = conventionalFit({
    kernels,
    scan,
    rays: reduced.rays,
    matrix: reduced.reduction.matrix,
    terms,
    phase: reduced.lines[SPATIAL]!,
    range: cellBand(scan, reduced.lines[SPATIAL]!, 5e-3),
    others: global.map((name) => reduced.lines[name]!),
    rotationAxis,
  });
  const mask = maskFrom(conventionalMaps.scale, options.maskShare);
  const conventional = clippedStart(conventionalMaps, mask);
  const flat = (value: number): Float64Array => new Float64Array(mask.length).fill(value);
  const start = options.start
    ? { ...conventional, a: flat(options.start[0]), c: flat(options.start[1]) }
    : conventional;
  const phases: Record<string, WiredPhase> = {
    [SPATIAL]: {
      cell: "spatial",
      start,
      scaleMap: options.freezesScale ? "frozen" : "refined",
      refinesWidth: options.refinesWidth ?? false,
    },
  };
  for (const name of global) {
    const scale = conventionalMaps.others[name]!;
    phases[name] = { cell: "global", start: { scale, a: flat(0), c: flat(0), mask: maskFrom(scale, 0.05) } };
  }
  const before = cpuSeconds();
  const problem = wireProblem(kernels, reduced, {
    phases,
    rotationAxis,
    ...(options.distanceMm !== undefined && { distanceMm: options.distanceMm }),
    ...(options.depthSign !== undefined && { depthSign: options.depthSign }),
    ...(options.depthNodes !== undefined && { depthNodes: options.depthNodes }),
  });
  const solver = { ...SOLVER_DEFAULTS, ...options.solver };
  let solution = await solveDlsr(runner, kernels, problem, solver);
  for (let i = 0; i < (options.intensitySteps ?? 0); i++) {
    correctIntensities(problem, reduced, solution, data);
    const state = { ...solution.state, step: 0, damping: solver.damping, penalties: null };
    solution = await solveDlsr(runner, kernels, problem, solver, { start: state });
  }
  const spent = cpuSeconds() - before;
  const maps = stateMaps(problem, solution.state, SPATIAL);
  const { fraction, a, c } = scan.truth[SPATIAL]!;
  const error = (found: { a: ArrayLike<number>; c: ArrayLike<number> }) => ({
    a: mapError(found.a, a, fraction),
    c: mapError(found.c, c, fraction),
  });
  return {
    conventional: error(conventionalMaps),
    direct: error(maps),
    solution,
    problem,
    reduced,
    maps,
    conventionalMaps,
    cpuSeconds: spent,
  };
}

/** [ring] factors about 1, by phase; undefined where intensities are right. */
function wrongIntensities(
  kernels: Kernels,
  scan: PhantomScan,
  data: Float32Array,
  { intensityError }: CaseOptions,
): Record<string, Float64Array> | undefined {
  if (!intensityError) return undefined;
  const mark = kernels.arena.mark();
  const { lines } = reducePhantom(kernels, scan, data, { terms: 8, roles: { [SPATIAL]: "spatial" } });
  kernels.arena.release(mark);
  const random = seededRandom(7);
  return Object.fromEntries(
    Object.entries(lines).map(([name, { ringCount }]) => [
      name,
      Float64Array.from({ length: ringCount }, () => Math.exp(intensityError * Math.sqrt(12) * (random() - 0.5))),
    ]),
  );
}

/** Intensities of the spatial phase from the mean ray; what is eliminated has none. */
function correctIntensities(
  problem: DlsrProblem,
  { scan, sigma, lines, intensities }: ReducedPhantom,
  { state }: DlsrSolution,
  data: Float32Array,
): void {
  const channels = sigma.length;
  const mean = new Float64Array(channels);
  for (let i = 0; i < data.length; i++) mean[i % channels]! += (data[i]! * channels) / data.length;
  const kept = problem.phases.map(({ name, voxels }, p) => ({
    lines: lines[name]!,
    width: state.phases[p]!.width,
    places: voxels.places,
    scale: state.phases[p]!.scale,
    cells: state.phases[p]!.cells,
  }));
  // of what is eliminated only where it is matters here: its true map, and one cell
  const { size } = scan.phantom;
  const others = Object.values(lines)
    .filter(({ phase }) => !problem.phases.some(({ name }) => name === phase))
    .map((own) => {
      const { fraction } = scan.truth[own.phase]!;
      const index = [...fraction.keys()].filter((v) => fraction[v]! > 0.02);
      const centre = (size - 1) / 2;
      return {
        lines: own,
        width: 1,
        places: Float64Array.from(index.flatMap((v) => [(v % size) - centre, Math.floor(v / size) - centre])),
        scale: Float64Array.from(index, (v) => fraction[v]!),
        cells: own.cell,
      };
    });
  const { factors } = intensityStep({ mean, sigma, geometry: problem.geometry, phases: [...kept, ...others] });
  // a response takes factors on the model's intensities, the step gives them on those of its lines
  problem.phases.forEach(({ name, response }, p) => {
    const applied = intensities?.[name];
    response.retabulate({ intensities: factors[p]!.map((value, ring) => value * (applied?.[ring] ?? 1)) });
  });
}
