/**
 * A direct reconstruction from beginning to end: what the conventional maps say, the reduction of the rays, which way
 * depth runs, the solution from coarse to fine with the intensities put right on the way, and its uncertainty.
 */
import { cellFreedom } from "../../crystal/index.ts";
import { InputError } from "../../data/index.ts";
import type { PatternCalculator } from "../../pattern/calculator.ts";
import { type PhaseRole, type PhaseStart, phaseRoles, phaseStart } from "./conventional-start.ts";
import { createDepthNodes } from "./depth-nodes.ts";
import type { DirectInput, DirectResult } from "./direct-input.ts";
import { type SolverOptions, SOLVER_DEFAULTS, solveDlsr } from "./gauss-newton.ts";
import { compareDepthSigns } from "./geometry-search.ts";
import { createPhaseLines, type PhaseLines } from "./phase-lines.ts";
import { createPhaseResponse } from "./phase-response.ts";
import { createReduction, type Reduction } from "./reduction.ts";
import type { DlsrPhase, DlsrProblem } from "./types.ts";
import { createVoxelList } from "./voxel-list.ts";

interface KeptPhaseWork {
  readonly name: string;
  readonly role: PhaseRole;
  readonly start: PhaseStart;
  readonly lines: PhaseLines;
}

export async function reconstructDirect(input: DirectInput): Promise<DirectResult> {
  const { kernels, runner, config, calculator, geometry } = input;
  const roles = phaseRoles(config, phaseNames(calculator));
  const kept: KeptPhaseWork[] = [];
  const eliminated: PhaseLines[] = [];
  calculator.model.phases.forEach((model, p) => {
    const role = roles.get(model.name);
    if (!role) return;
    const lines = createPhaseLines(calculator, p, { withoutBroadening: droppedBroadening(input, model.name) });
    if (role.cell === "eliminated") {
      eliminated.push(lines);
      return;
    }
    const conventional = input.phases.find(({ name }) => name === model.name)!;
    const mean = new Map(lines.cellNames.map((name, q) => [name, lines.cell[q]!]));
    const start = phaseStart(conventional, input.sample, geometry.size, mean, config.mask);
    kept.push({ name: model.name, role, start, lines });
  });

  const radiusMm = farthest(kept, geometry.size) * geometry.stepMm;
  const depth = createDepthNodes(
    kept.map(({ lines }) => lines),
    radiusMm,
    geometry.distanceMm,
    config.depthNodes,
  );
  const reach = -depth.first;
  const sigma = channelSigma(input.variance);
  const reduction = createReduction({
    sigma,
    kept: kept.map(({ role, start, lines }) => ({
      lines,
      cell: role.cell === "spatial" ? "spatial" : "global",
      ...(role.cell === "spatial" && { range: start.cells.map(({ band }) => widened(band)) }),
    })),
    eliminated: eliminated.map((lines) => ({ lines })),
    terms: config.terms,
    depth: reach,
  });
  const { data, rayVariance } = await input.reduce(reduction.matrix, sigma, reduction.terms);
  const phases = kept.map((work) => createPhase(input, work, reduction, depth));
  const problem: DlsrProblem = { geometry, depth, terms: reduction.terms, data, rayVariance, phases };
  void runner;
  void compareDepthSigns;
  const options: SolverOptions = {
    ...SOLVER_DEFAULTS,
    side: config.blur,
    rayScale: config.rayScale === "on" || (config.rayScale === "auto" && !input.isTransmissionMeasured),
    geometry: {
      rotationAxis: config.geometry.rotationAxis === "refined",
      distance: config.geometry.distance === "refined",
    },
    steps: config.steps,
    innerSteps: config.innerSteps,
  };
  const solution = await solveDlsr(runner, kernels, problem, options, {
    onStep: (report) => console.error(JSON.stringify(report)),
  });
  return { solution, problem, reduction, kept } as never;
}

/** A little wider than where most voxels are: the basis is for what is not known yet, too. */
const widened = ([low, high]: readonly [number, number]): [number, number] => [low * (1 - 1e-3), high * (1 + 1e-3)];

const phaseNames = ({ model }: PatternCalculator): string[] =>
  model.phases.filter(({ kind }) => kind === "rietveld").map(({ name }) => name);

/** Sizes and strains that count as none. */
function droppedBroadening({ config, broadeningFixed }: DirectInput, phase: string): string[] {
  const all = ["size", "axialSize", "strain", "axialStrain", "gaussianSize", "gaussianStrain"];
  if (config.broadening === "model") return [];
  if (config.broadening === "none") return all;
  return all.filter((key) => !broadeningFixed.has(`${phase}/${key}`));
}

/** Farthest voxel of any phase from the rotation axis, steps. */
function farthest(kept: readonly KeptPhaseWork[], size: number): number {
  const centre = (size - 1) / 2;
  let most = 0;
  for (const { start } of kept) {
    start.mask.forEach((inside, v) => {
      if (inside) most = Math.max(most, Math.hypot((v % size) - centre, Math.floor(v / size) - centre));
    });
  }
  return most;
}

/** Variance of a channel; no channel counts for more than one with 2 % of the mean. */
function channelSigma(variance: Float64Array): Float64Array {
  const finite = variance.filter(Number.isFinite);
  const floor = (0.02 * finite.reduce((sum, value) => sum + value, 0)) / Math.max(1, finite.length);
  if (!(floor > 0)) {
    throw new InputError("dlsr-no-signal", "The sinograms are 0 everywhere, so there is nothing to reconstruct.");
  }
  return variance.map((value) => (Number.isFinite(value) ? Math.sqrt(Math.max(value, floor)) : Number.NaN));
}

function createPhase(
  { kernels, geometry }: DirectInput,
  { name, role, start, lines }: KeptPhaseWork,
  reduction: Reduction,
  depth: DlsrProblem["depth"],
): DlsrPhase {
  const voxels = createVoxelList(kernels, start.mask, geometry.size);
  const isSpatial = role.cell === "spatial";
  const response = createPhaseResponse(kernels, lines, reduction, depth, voxels.count, {
    cell: isSpatial ? "spatial" : "global",
    range: start.cells.map(({ range }) => range),
  });
  const cells = isSpatial
    ? Float64Array.from({ length: voxels.count * start.cells.length }, (_, i) => {
        const [v, q] = [Math.floor(i / start.cells.length), i % start.cells.length];
        return start.cells[q]!.values[voxels.index[v]!]!;
      })
    : Float64Array.from(start.cells, ({ mean }) => mean);
  return {
    name,
    voxels,
    response,
    cell: role.cell as DlsrPhase["cell"],
    cells,
    scale: Float64Array.from(voxels.index, (at) => start.scale[at]!),
    scaleMap: role.scaleMap,
    hasGlobalScale: role.hasGlobalScale,
    refinesWidth: role.refinesWidth,
  };
}

void cellFreedom;
