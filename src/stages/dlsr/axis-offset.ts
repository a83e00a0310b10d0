/**
 * How far the rotation axis of a problem is from that of its data, by centres of mass: at each angle that of the data
 * less that of the model's rays, whose differences are an offset, and x cos + y sin for maps that are displaced. What
 * depth and cells do to intensities is in both and cancels.
 *
 * The solver's own rotation axis is local: maps that were made about another axis are displaced and smeared so that they
 * fit best about it, and hold it there. This does not depend on how good the maps are; an offset of more than a tenth
 * of a step says that they should be made again.
 *
 * Source: Azevedo, Schneberk, Fitch & Martz, IEEE Trans. Nucl. Sci. 37 (1990) 1525-1540.
 */
import type { Kernels } from "../../kernels/index.ts";
import { checkGeometry } from "./check-geometry.ts";
import { placeState, projectModel } from "./forward-model.ts";
import { invertPositive } from "./preconditioner.ts";
import type { ProductRunner } from "./runner.ts";
import { createSolverWorkspace, type ModelOptions, type SolverWorkspace } from "./solver-workspace.ts";
import type { DlsrProblem } from "./types.ts";
import { startState } from "./unknowns.ts";

export interface AxisOffset {
  /** to be added to the problem's rotation axis, steps */
  readonly offset: number;
  /** from the scatter about the sinusoid */
  readonly esd: number;
  /** x and y by which the maps lie beside the sample, steps */
  readonly displacement: readonly [x: number, y: number];
  /** angles at which all rays were measured */
  readonly angles: number;
}

/** @returns undefined with fewer than 4 whole angles */
export async function findAxisOffset(
  runner: ProductRunner,
  kernels: Kernels,
  problem: DlsrProblem,
  options: Pick<ModelOptions, "side">,
): Promise<AxisOffset | undefined> {
  checkGeometry(problem);
  const mark = kernels.arena.mark();
  try {
    const geometry = { rotationAxis: false, distance: false };
    const w = createSolverWorkspace(kernels, runner, problem, { side: options.side, rayScale: false, geometry });
    const state = startState(problem, 0);
    await placeState(w, state);
    await projectModel(w, state, w.model);
    return fitOffset(w);
  } finally {
    kernels.arena.release(mark);
  }
}

function fitOffset(w: SolverWorkspace): AxisOffset | undefined {
  const { problem, directions } = w;
  const direction = meanPattern(w);
  const rows: { readonly basis: readonly number[]; readonly difference: number }[] = [];
  for (let a = 0; a < problem.geometry.omegaDeg.length; a++) {
    const difference = centreOfMass(w, problem.data, direction, a) - centreOfMass(w, w.model, direction, a);
    if (Number.isFinite(difference)) {
      rows.push({ basis: [1, directions[2 * a]!, directions[2 * a + 1]!], difference });
    }
  }
  if (rows.length < 4) return undefined;
  const inverse = new Float64Array(9);
  for (const { basis } of rows) {
    for (let i = 0; i < 9; i++) inverse[i] = inverse[i]! + basis[Math.floor(i / 3)]! * basis[i % 3]!;
  }
  invertPositive(inverse, 3);
  const solution = [0, 1, 2].map((i) =>
    rows.reduce(
      (sum, { basis, difference }) =>
        sum + difference * basis.reduce((product, x, l) => product + inverse[3 * i + l]! * x, 0),
      0,
    ),
  );
  const squares = rows.reduce(
    (sum, { basis, difference }) => sum + (difference - basis.reduce((fit, x, i) => fit + x * solution[i]!, 0)) ** 2,
    0,
  );
  const esd = Math.sqrt((inverse[0]! * squares) / (rows.length - 3));
  return { offset: solution[0]!, esd, displacement: [-solution[1]!, -solution[2]!], angles: rows.length };
}

/** [K] of the model's rays together, of length 1. */
function meanPattern({ model, problem: { terms } }: SolverWorkspace): Float64Array {
  const mean = new Float64Array(terms);
  for (let i = 0; i < model.length; i++) mean[i % terms] = mean[i % terms]! + model[i]!;
  const length = Math.hypot(...mean);
  return mean.map((x) => x / length);
}

/** In steps; NaN of an angle that is not whole or has no signal. */
function centreOfMass(
  { problem: { terms, geometry }, inverseVariance }: SolverWorkspace,
  rays: Float32Array,
  direction: Float64Array,
  angle: number,
): number {
  const { translations } = geometry;
  let [mass, moment] = [0, 0];
  for (let j = 0; j < translations; j++) {
    const ray = angle * translations + j;
    if (!(inverseVariance[ray]! > 0)) return Number.NaN;
    let amplitude = 0;
    for (let k = 0; k < terms; k++) amplitude += rays[ray * terms + k]! * direction[k]!;
    mass += amplitude;
    moment += amplitude * j;
  }
  return mass > 0 ? moment / mass : Number.NaN;
}
