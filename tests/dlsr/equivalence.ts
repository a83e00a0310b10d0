/** The direct solver and the dense one on the same rays: how far apart their maps are, in posterior deviations. */
import type { Kernels } from "../../src/kernels/index.ts";
import { SOLVER_DEFAULTS, solveDlsr } from "../../src/stages/dlsr/gauss-newton.ts";
import { serialRunner } from "../../src/stages/dlsr/runner.ts";
import { createUnknowns } from "../../src/stages/dlsr/unknowns.ts";
import { denseProblem } from "./dense-problem.ts";
import { type DenseResult, solveDense } from "./dense-solver.ts";
import { densePhase } from "./phantom-lines.ts";
import { type PhantomScan, SPATIAL } from "./phantoms.ts";
import { reducePhantom } from "./reduced-phantom.ts";
import { stateMaps, wireProblem } from "./wired-problem.ts";

export interface EquivalenceOptions {
  /** numbers a ray, the last one is where the dense solver starts */
  readonly terms: readonly number[];
  /** lattice parameters where less of the phase is are left to the penalty, and not compared */
  readonly least: number;
  readonly refinesScale: boolean;
  readonly denseSteps: number;
}

export interface Equivalence {
  readonly dense: DenseResult;
  readonly voxels: number;
  readonly comparisons: readonly {
    readonly terms: number;
    /** rms of fast less dense, angstrom, and over the rms of the dense solver's posterior deviations */
    readonly a: number;
    readonly c: number;
    readonly aInSigma: number;
    readonly cInSigma: number;
    /** least share of the precision that the basis keeps */
    readonly retained: number;
    readonly chi2: number;
  }[];
}

/** Every phase but the spatial one is eliminated, in the same nuisance space for both. */
export async function compareSolvers(
  kernels: Kernels,
  scan: PhantomScan,
  rays: Float32Array,
  options: EquivalenceOptions,
): Promise<Equivalence> {
  const { fraction, a, c } = scan.truth[SPATIAL]!;
  const mask = Uint8Array.from(fraction, (value) => (value > 0.03 ? 1 : 0));
  const mean = (values: ArrayLike<number>): number => {
    const inside = Array.from(values).filter((_, v) => mask[v]);
    return inside.reduce((sum, value) => sum + value, 0) / inside.length;
  };
  const flat = (values: ArrayLike<number>): Float64Array => new Float64Array(fraction.length).fill(mean(values));
  const solutions = [];
  for (const terms of options.terms) {
    const mark = kernels.arena.mark();
    const reduced = reducePhantom(kernels, scan, rays, { terms, roles: { [SPATIAL]: "spatial" } });
    const scale = startScale(reduced.rays, fraction, scan, reduced);
    const problem = wireProblem(kernels, reduced, {
      phases: {
        [SPATIAL]: {
          cell: "spatial",
          start: { scale: fraction.map((value) => scale * value), a: flat(a), c: flat(c), mask },
          scaleMap: options.refinesScale ? "refined" : "frozen",
          hasGlobalScale: false,
        },
      },
    });
    const solution = await solveDlsr(serialRunner(kernels), kernels, problem, {
      ...SOLVER_DEFAULTS,
      rayScale: false,
      smoothness: { cell: 0.01, scale: 0.01 },
      steps: 16,
      innerSteps: 120,
      innerTolerance: 5e-3,
      tolerance: 1e-8,
    });
    const unit = createUnknowns(problem, SOLVER_DEFAULTS.geometry).phases[0]!;
    const found = {
      terms,
      chi2: solution.chi2,
      retained: Math.min(...reduced.reduction.retained.map(({ share }) => share)),
      maps: stateMaps(problem, solution.state, SPATIAL),
      penalty: {
        weights: solution.state.penalties![0]!,
        units: [unit.cellUnits[0]!, unit.cellUnits[1]!, unit.scaleUnit] as [number, number, number],
      },
      nuisance: nuisancePatterns(reduced.reduction.nuisance, reduced.sigma),
    };
    solutions.push(found);
    kernels.arena.release(mark);
  }
  const best = solutions.at(-1)!;
  const start = denseProblem(scan, rays, best.nuisance);
  const reference = reducedReference(scan);
  const dense = solveDense(
    {
      ...start,
      spatial: densePhase(scan, SPATIAL, best.maps, start.voxels, reference),
      refinesScale: options.refinesScale,
      penalty: best.penalty,
    },
    options.denseSteps,
  );
  const compared = [...start.voxels.keys()].filter((i) => fraction[start.voxels[i]!]! > options.least);
  const rms = (values: number[]): number => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
  const sigma = {
    a: rms(compared.map((i) => dense.sigmaA[i]!)),
    c: rms(compared.map((i) => dense.sigmaC[i]!)),
  };
  return {
    dense,
    voxels: compared.length,
    comparisons: solutions.map(({ terms, maps, retained, chi2 }) => {
      const of = (key: "a" | "c"): number => rms(compared.map((i) => maps[key][start.voxels[i]!]! - dense[key][i]!));
      return {
        terms,
        a: of("a"),
        c: of("c"),
        aInSigma: of("a") / sigma.a,
        cInSigma: of("c") / sigma.c,
        retained,
        chi2,
      };
    }),
  };
}

/** The cell at which the model has its intensities: the mean over the phase. */
function reducedReference(scan: PhantomScan): { a: number; c: number } {
  const { fraction, a, c } = scan.truth[SPATIAL]!;
  const mean = (values: ArrayLike<number>): number => {
    let [sum, total] = [0, 0];
    fraction.forEach((w, v) => {
      if (w > 0) {
        sum += w * values[v]!;
        total += w;
      }
    });
    return sum / total;
  };
  return { a: mean(a), c: mean(c) };
}

/** [column][channel] unweighted, from [count, channel] weighted ones. */
function nuisancePatterns({ columns, count }: { columns: Float64Array; count: number }, sigma: Float64Array) {
  const n = sigma.length;
  return Array.from({ length: count }, (_, i) => sigma.map((s, j) => s * columns[i * n + j]!));
}

/** Counts of a voxel full of the phase: data over model, by the reduced rays' strongest number. */
function startScale(
  rays: Float32Array,
  fraction: Float32Array,
  scan: PhantomScan,
  {
    lines,
    reduction,
  }: { lines: ReturnType<typeof reducePhantom>["lines"]; reduction: ReturnType<typeof reducePhantom>["reduction"] },
): number {
  const { terms, exact } = reduction;
  const own = lines[SPATIAL]!;
  const pattern = new Float64Array(scan.twoThetaDeg.length);
  own.addPattern(own.cell, 0, 1, pattern);
  const psi = new Float64Array(terms);
  for (let j = 0; j < pattern.length; j++)
    for (let k = 0; k < terms; k++) psi[k]! += pattern[j]! * exact[j * terms + k]!;
  const sum = new Float64Array(terms);
  for (let i = 0; i < rays.length; i++) sum[i % terms]! += rays[i]!;
  const volume = fraction.reduce((total, value) => total + value, 0) * scan.omegaDeg.length;
  const cross = psi.reduce((total, value, k) => total + value * sum[k]!, 0);
  return cross / psi.reduce((total, value) => total + value * value, 0) / volume;
}
