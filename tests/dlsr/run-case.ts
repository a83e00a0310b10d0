/** A phantom through the solver alone, as it is given: no search, no correction. For the whole stage see run-direct.ts. */
import type { Kernels } from "../../src/kernels/index.ts";
import {
  type DlsrSolution,
  SOLVER_DEFAULTS,
  type SolverOptions,
  solveDlsr,
} from "../../src/stages/dlsr/gauss-newton.ts";
import type { ProductRunner } from "../../src/stages/dlsr/runner.ts";
import type { DlsrProblem } from "../../src/stages/dlsr/types.ts";
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
  const reduced = reducePhantom(kernels, scan, data, {
    terms,
    roles,
    ...(options.model && { model: options.model }),
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
  const solution = await solveDlsr(runner, kernels, problem, solver);
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
