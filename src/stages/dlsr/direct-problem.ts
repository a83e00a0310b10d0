/** From the conventional maps and the model to a problem that can be solved. */
import { InputError } from "../../data/index.ts";
import type { PatternCalculator } from "../../pattern/calculator.ts";
import { type PhaseRole, type PhaseStart, phaseRoles, phaseStart } from "./conventional-start.ts";
import { createDepthNodes } from "./depth-nodes.ts";
import type { DirectInput } from "./direct-input.ts";
import { intensityStep } from "./intensity-step.ts";
import type { SlicePhase } from "./mean-profile.ts";
import { createPhaseLines, type PhaseLines } from "./phase-lines.ts";
import { createPhaseResponse } from "./phase-response.ts";
import { createReduction, type Reduction } from "./reduction.ts";
import { startingWidth, withWidth } from "./starting-width.ts";
import type { DlsrGeometry, DlsrPhase, DlsrProblem, PhaseResponse, VoxelList } from "./types.ts";
import type { SolverState } from "./unknowns.ts";
import { createVoxelList } from "./voxel-list.ts";

/** A phase of the model and what is done with it. */
export interface DirectPhase {
  readonly name: string;
  readonly role: PhaseRole;
  readonly start: PhaseStart;
  /** widths as the mean pattern gives them once the depth is taken out */
  readonly lines: PhaseLines;
  /** [ring] factors on the model's intensities so far */
  intensities: Float64Array;
}

export interface DirectSetting {
  readonly phases: readonly DirectPhase[];
  readonly kept: readonly DirectPhase[];
  readonly sigma: Float64Array;
  readonly depth: DlsrProblem["depth"];
}

/**
 * Roles, starts, lines and depths.
 *
 * @throws InputError "dlsr-phase" | "dlsr-no-spatial" | "dlsr-no-signal" | "dlsr-profile" | "dlsr-depth"
 */
export function createSetting(input: DirectInput): DirectSetting {
  const { config, calculator, geometry } = input;
  const roles = phaseRoles(config, phaseNames(calculator));
  const phases = calculator.model.phases.flatMap((model, p): DirectPhase[] => {
    const role = roles.get(model.name);
    const conventional = input.phases.find(({ name }) => name === model.name);
    if (!role || !conventional) return [];
    const bare = createPhaseLines(calculator, p, { withoutBroadening: droppedBroadening(input, model.name) });
    const mean = new Map(bare.cellNames.map((name, q) => [name, bare.cell[q]!]));
    // a phase that is taken out of every ray need not have a map, but its share of the mean ray is known only by one
    const isNeeded = role.cell !== "eliminated";
    const start = phaseStart(conventional, input.sample, geometry.size, mean, config.mask, isNeeded);
    const width = startingWidth(bare, createPhaseLines(calculator, p), start.scale, geometry);
    const lines = withWidth(bare, width);
    return [{ name: model.name, role, start, lines, intensities: new Float64Array(lines.ringCount).fill(1) }];
  });
  const kept = phases.filter(({ role }) => role.cell !== "eliminated");
  const depth = createDepthNodes(
    kept.map(({ lines }) => lines),
    farthest(kept, geometry.size) * geometry.stepMm,
    geometry.distanceMm,
    config.depthNodes,
  );
  return { phases, kept, sigma: channelSigma(input.variance), depth };
}

/** Puts the intensities of all phases right on the mean ray, for maps as they stand. @returns misfit before and after */
export function correctIntensities(
  { mean, geometry: given }: DirectInput,
  { phases, sigma }: DirectSetting,
  solved?: { readonly problem: DlsrProblem; readonly state: SolverState },
): { readonly before: number; readonly after: number } {
  const geometry: DlsrGeometry = solved
    ? {
        ...solved.problem.geometry,
        rotationAxis: solved.state.rotationAxis,
        distanceMm: solved.state.distanceMm,
      }
    : given;
  const perVoxel = geometry.stepMm / given.stepMm;
  const slice = phases.map((phase): SlicePhase => {
    const lines = phase.lines.withFactors(phase.intensities);
    const at = solved?.problem.phases.findIndex(({ name }) => name === phase.name) ?? -1;
    if (at >= 0) {
      const { voxels } = solved!.problem.phases[at]!;
      const { cells, scale, lnScale, width } = solved!.state.phases[at]!;
      const factor = Math.exp(lnScale);
      return { lines, width, places: voxels.places, scale: scale.map((value) => value * factor), cells };
    }
    const { start } = phase;
    const found = [...start.scale.keys()].filter((v) => start.mask[v]);
    const centre = (given.size - 1) / 2;
    return {
      lines,
      width: 1,
      places: found.flatMap((v) => [
        ((v % given.size) - centre) / perVoxel,
        (Math.floor(v / given.size) - centre) / perVoxel,
      ]),
      // of fine voxels on coarse steps: what a ray sums is theirs, spread over fewer steps
      scale: found.map((v) => start.scale[v]! / perVoxel ** 2),
      cells: Float64Array.from(start.cells, (cell) => cell.mean),
    };
  });
  const step = intensityStep({ mean, sigma, geometry, phases: slice });
  step.factors.forEach((factors, p) => {
    const phase = phases[p]!;
    phase.intensities = phase.intensities.map((value, ring) => value * factors[ring]!);
  });
  return { before: step.misfitBefore, after: step.misfit };
}

/** @throws InputError "dlsr-terms" | "dlsr-channels" */
export function reductionOf({ config }: DirectInput, { phases, kept, sigma, depth }: DirectSetting): Reduction {
  return createReduction({
    sigma,
    kept: kept.map(({ role, start, lines, intensities }) => ({
      lines: lines.withFactors(intensities),
      cell: role.cell === "spatial" ? "spatial" : "global",
      ...(role.cell === "spatial" && { range: start.cells.map(({ band }) => widened(band)) }),
    })),
    eliminated: phases
      .filter(({ role }) => role.cell === "eliminated")
      .map(({ lines, intensities }) => ({ lines: lines.withFactors(intensities) })),
    terms: config.terms,
    depth: -depth.first,
  });
}

/** Of a phase's patterns in some voxels, with the intensities as they stand. */
export function respond(
  { kernels }: DirectInput,
  { role, start, lines, intensities }: DirectPhase,
  reduction: Reduction,
  depth: DlsrProblem["depth"],
  voxels: VoxelList,
  width = 1,
): PhaseResponse {
  return createPhaseResponse(kernels, lines, reduction, depth, voxels.count, {
    cell: role.cell === "spatial" ? "spatial" : "global",
    range: start.cells.map(({ range }) => range),
    width,
    intensities,
  });
}

/** The phase on the scan's own voxels, as the conventional maps have it. */
export function createPhase(
  input: DirectInput,
  phase: DirectPhase,
  reduction: Reduction,
  depth: DlsrProblem["depth"],
): DlsrPhase {
  const { name, role, start } = phase;
  const voxels = createVoxelList(input.kernels, start.mask, input.geometry.size);
  const n = start.cells.length;
  return {
    name,
    voxels,
    response: respond(input, phase, reduction, depth, voxels),
    cell: role.cell as DlsrPhase["cell"],
    cells:
      role.cell === "spatial"
        ? Float64Array.from(
            { length: voxels.count * n },
            (_, i) => start.cells[i % n]!.values[voxels.index[Math.floor(i / n)]!]!,
          )
        : Float64Array.from(start.cells, ({ mean }) => mean),
    scale: Float64Array.from(voxels.index, (at) => start.scale[at]!),
    scaleMap: role.scaleMap,
    hasGlobalScale: role.hasGlobalScale,
    refinesWidth: role.refinesWidth,
  };
}

/** The basis is for what is not known yet, too: wider than where most voxels are. */
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
function farthest(phases: readonly DirectPhase[], size: number): number {
  const centre = (size - 1) / 2;
  let most = 0;
  for (const { start } of phases) {
    start.mask.forEach((inside, v) => {
      if (inside) most = Math.max(most, Math.hypot((v % size) - centre, Math.floor(v / size) - centre));
    });
  }
  return most;
}

/** Variance of a channel; no channel counts for more than one with 2 % of the mean. @throws InputError "dlsr-no-signal" */
function channelSigma(variance: Float64Array): Float64Array {
  const finite = variance.filter(Number.isFinite);
  const floor = (0.02 * finite.reduce((sum, value) => sum + value, 0)) / Math.max(1, finite.length);
  if (!(floor > 0)) {
    throw new InputError(
      "dlsr-no-signal",
      "The sinograms are 0 in every channel that the model uses, so there is nothing to reconstruct. Look at sinogram/data of the result, and at the range of the model.",
    );
  }
  return variance.map((value) => (Number.isFinite(value) ? Math.sqrt(Math.max(value, floor)) : Number.NaN));
}
