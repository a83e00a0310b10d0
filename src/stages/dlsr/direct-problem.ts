/** From the conventional maps and the model to a problem that can be solved. */
import { InputError } from "../../data/index.ts";
import type { PatternCalculator } from "../../pattern/calculator.ts";
import { type PhaseRole, type PhaseStart, phaseRoles, phaseStart } from "./conventional-start.ts";
import { createDepthNodes } from "./depth-nodes.ts";
import type { DirectInput } from "./direct-input.ts";
import { intensityStep } from "./intensity-step.ts";
import { checkStandard } from "./internal-standard.ts";
import { coarseReach, levelFactors } from "./levels.ts";
import type { SlicePhase } from "./mean-profile.ts";
import { fitMeanRay, shiftedCells } from "./mean-ray-fit.ts";
import { createPhaseLines, type PhaseLines } from "./phase-lines.ts";
import { createPhaseResponse } from "./phase-response.ts";
import { createReduction, type Reduction } from "./reduction.ts";
import type { DlsrGeometry, DlsrPhase, DlsrProblem, PhaseResponse, VoxelList } from "./types.ts";
import type { SolverState } from "./unknowns.ts";
import { createVoxelList } from "./voxel-list.ts";

/** A phase of the model and what is done with it. */
export interface DirectPhase {
  readonly name: string;
  readonly role: PhaseRole;
  readonly start: PhaseStart;
  /** with the broadening that the model was given */
  readonly model: PhaseLines;
  /** the same with the width, and where the phase is eliminated the cell, that the mean ray gives */
  lines: PhaseLines;
  width: number;
  /** relative; of a spatial phase what its conventional cells lack on average */
  shift: number;
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
 * @throws InputError "dlsr-phase" | "dlsr-no-spatial" | "dlsr-no-signal" | "dlsr-profile" | "dlsr-no-lines" |
 *   "dlsr-standard" | "dlsr-depth"
 */
export function createSetting(input: DirectInput): DirectSetting {
  const { config, calculator, geometry } = input;
  const roles = phaseRoles(config, phaseNames(calculator));
  const phases = calculator.model.phases.flatMap((model, p): DirectPhase[] => {
    const role = roles.get(model.name);
    const conventional = input.phases.find(({ name }) => name === model.name);
    if (!role || !conventional) return [];
    const lines = createPhaseLines(calculator, p, { withoutBroadening: droppedBroadening(input, model.name) });
    const mean = new Map(lines.cellNames.map((name, q) => [name, lines.cell[q]!]));
    // a phase that is taken out of every ray need not have a map, but its share of the mean ray is known only by one
    const isNeeded = role.cell !== "eliminated";
    const start = phaseStart(conventional, input.sample, geometry.size, mean, config.mask, isNeeded);
    const intensities = new Float64Array(lines.ringCount).fill(1);
    return [{ name: model.name, role, start, model: lines, lines, width: 1, shift: 0, intensities }];
  });
  const kept = phases.filter(({ role }) => role.cell !== "eliminated");
  for (const { lines } of kept) {
    checkLines(lines);
    if (lines.phase !== config.standard?.phase) continue;
    checkStandard(lines.phase, config.standard.cell, new Map(lines.cellNames.map((name, q) => [name, lines.cell[q]!])));
  }
  const coarsest = levelFactors(config.levels, geometry.translations)[0]!;
  const depth = createDepthNodes(
    kept.map(({ lines }) => lines),
    (farthest(kept, geometry.size) + coarseReach(coarsest)) * geometry.stepMm,
    geometry.distanceMm,
    config.depthNodes,
  );
  return { phases, kept, sigma: channelSigma(input.variance), depth };
}

/**
 * Refuses what would not fit before any long work.
 *
 * @throws InputError "memory-too-small"
 */
export function checkMemory(
  { config, geometry, memoryBytes = Number.POSITIVE_INFINITY }: DirectInput,
  setting: DirectSetting,
): void {
  const rays = geometry.omegaDeg.length * geometry.translations;
  const nodes = 8 * Math.ceil(setting.depth.count / 8);
  // data, the model of the state and of a step, and one to work in
  let perRay = 4 * config.terms + 8;
  let voxelBytes = 0;
  for (const { role, start, lines } of setting.kept) {
    const voxels = start.mask.reduce((count, inside) => count + inside, 0);
    const n = lines.cell.length;
    const isSpatial = role.cell === "spatial";
    const unknowns = (isSpatial ? n : 0) + (role.scaleMap === "refined" ? 1 : 0);
    const hasOwnNodes = isSpatial && n > 3;
    const stencil = isSpatial ? (hasOwnNodes ? 1 + n : 4 ** n) : 1;
    // weights of patterns and of their derivatives, of steps, and what the adjoint gives
    voxelBytes += voxels * 4 * stencil * (3 + n + unknowns) + 8 * voxels * unknowns ** 2;
    if (hasOwnNodes) voxelBytes += voxels * 4 * stencil * setting.depth.count * config.terms;
    if (!isSpatial) perRay += nodes + (role.cell === "global" ? n * config.terms : 0);
    perRay += config.terms * ((role.hasGlobalScale ? 1 : 0) + (role.refinesWidth ? 1 : 0));
  }
  perRay += 2 * config.terms; // rotation axis and distance
  const needed = 4 * rays * perRay + voxelBytes + TABLE_BYTES;
  if (needed <= memoryBytes) return;
  throw new InputError(
    "memory-too-small",
    `dlsr needs ${(needed / 1e9).toFixed(1)} GB for ${rays} rays of ${config.terms} numbers and ${setting.kept.map(({ name }) => name).join(", ")}, and may take ${(memoryBytes / 1e9).toFixed(1)} GB (of 3 at most). Raise --memory-gb, take fewer dlsr.terms, or eliminate phases that need no map.`,
  );
}

/** Tables of patterns, and what is small. */
const TABLE_BYTES = 150e6;

/** Times that widths and intensities are put right in turn before the first solution. */
const ROUNDS = 2;
/** Voxels of a phase that stand for all of them in the mean ray. */
const MOST_VOXELS = 4000;

/** Widths, places and intensities of all phases from the mean ray, with the conventional maps. */
export function settleLines(input: DirectInput, setting: DirectSetting): void {
  const { phases } = setting;
  for (let round = 0; round < ROUNDS; round++) {
    const slice = phases.map((phase) => conventionalSlice(input, phase, input.geometry));
    const { widths, shifts } = fitMeanRay({ ...meanRay(input, setting), geometry: input.geometry, phases: slice });
    phases.forEach((phase, p) => {
      phase.width *= widths[p]!;
      phase.shift += shifts[p]!;
      const own = phase.role.cell === "spatial" ? phase.model : shifted(phase.model, phase.shift);
      phase.lines = widened(own, phase.width);
    });
    if (input.config.intensities > 0) correctIntensities(input, setting);
  }
}

/** Puts the intensities of all phases right on the mean ray, for maps as they stand. */
export function correctIntensities(
  input: DirectInput,
  setting: DirectSetting,
  solved?: { readonly problem: DlsrProblem; readonly state: SolverState },
): void {
  const geometry: DlsrGeometry = solved
    ? { ...solved.problem.geometry, rotationAxis: solved.state.rotationAxis, distanceMm: solved.state.distanceMm }
    : input.geometry;
  const phases = setting.phases.map((phase): SlicePhase => {
    const at = solved?.problem.phases.findIndex(({ name }) => name === phase.name) ?? -1;
    return at < 0
      ? conventionalSlice(input, phase, geometry)
      : solvedSlice(phase, solved!.problem.phases[at]!, solved!.state.phases[at]!);
  });
  const { factors } = intensityStep({ ...meanRay(input, setting), geometry, phases });
  factors.forEach((found, p) => {
    const phase = setting.phases[p]!;
    phase.intensities = phase.intensities.map((value, ring) => value * found[ring]!);
  });
}

const meanRay = ({ mean }: DirectInput, { sigma }: DirectSetting) => ({ mean, sigma });

/** Every so many of a list. */
const stride = (count: number): number => Math.max(1, Math.ceil(count / MOST_VOXELS));

function conventionalSlice(
  { geometry: { size, stepMm } }: DirectInput,
  { start, lines, intensities, role, shift }: DirectPhase,
  geometry: DlsrGeometry,
): SlicePhase {
  const perStep = geometry.stepMm / stepMm;
  const all = [...start.scale.keys()].filter((v) => start.mask[v]);
  const found = all.filter((_, i) => i % stride(all.length) === 0);
  const centre = (size - 1) / 2;
  // of a phase with one cell that of the mean pattern: voxel by voxel it suffers from its neighbours' lines
  const cells =
    role.cell === "spatial"
      ? // conventional cells of what lies off the axis are all displaced: their lines would miss the mean ray's
        shiftedCells(lines, Float64Array.from(found.flatMap((v) => start.cells.map(({ values }) => values[v]!))), shift)
      : lines.cell;
  return {
    lines: lines.withFactors(intensities),
    width: 1,
    places: found.flatMap((v) => [((v % size) - centre) / perStep, (Math.floor(v / size) - centre) / perStep]),
    scale: found.map((v) => start.scale[v]!),
    cells,
  };
}

function solvedSlice(
  { lines, intensities }: DirectPhase,
  { voxels, cell }: DlsrPhase,
  { cells, scale, width }: SolverState["phases"][number],
): SlicePhase {
  const every = stride(voxels.count);
  const found = Array.from({ length: voxels.count }, (_, v) => v).filter((v) => v % every === 0);
  const n = lines.cell.length;
  return {
    lines: lines.withFactors(intensities),
    width,
    places: found.flatMap((v) => [voxels.places[2 * v]!, voxels.places[2 * v + 1]!]),
    scale: found.map((v) => scale[v]!),
    cells:
      cell === "spatial" ? Float64Array.from(found.flatMap((v) => [...cells.subarray(v * n, (v + 1) * n)])) : cells,
  };
}

/** The lines, all wider by a factor: width 1 of the result is `factor` of theirs. */
function widened(lines: PhaseLines, factor: number): PhaseLines {
  return {
    ...lines,
    fwhmOf: (line, apparentDeg) => factor * lines.fwhmOf(line, apparentDeg),
    addPattern: (cell, tau, width, out) => lines.addPattern(cell, tau, factor * width, out),
    withFactors: (factors) => widened(lines.withFactors(factors), factor),
  };
}

/** The lines about another cell. */
const shifted = (lines: PhaseLines, shift: number): PhaseLines => ({
  ...lines,
  cell: shiftedCells(lines, lines.cell, shift),
  withFactors: (factors) => shifted(lines.withFactors(factors), shift),
});

/** @throws InputError "dlsr-terms" | "dlsr-channels" */
export function reductionOf(
  { config, geometry: { size, stepMm, distanceMm } }: DirectInput,
  { phases, kept, sigma, depth }: DirectSetting,
): Reduction {
  return createReduction({
    sigma,
    kept: kept.map(({ role, start, lines, intensities }) => ({
      lines: lines.withFactors(intensities),
      cell: role.cell === "spatial" ? "spatial" : "global",
      ...(role.cell === "spatial" && { range: start.cells.map(({ band }) => margined(band)) }),
    })),
    eliminated: phases
      .filter(({ role }) => role.cell === "eliminated")
      .map((phase) => ({
        lines: phase.lines.withFactors(phase.intensities),
        depth: (1.05 * farthest([phase], size) * stepMm) / distanceMm,
      })),
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
    range: role.cell === "spatial" ? start.cells.map(({ range }) => range) : rangesAbout(lines.cell),
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
  const { name, role, start, lines } = phase;
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
        : lines.cell.slice(),
    scale: Float64Array.from(voxels.index, (at) => start.scale[at]!),
    scaleMap: role.scaleMap,
    hasGlobalScale: role.hasGlobalScale,
    refinesWidth: role.refinesWidth,
  };
}

/** One cell for all may move by half a per cent. */
const rangesAbout = (cell: Float64Array): [number, number][] =>
  Array.from(cell, (value) => [value * (1 - 5e-3), value * (1 + 5e-3)]);

/** The basis is for what is not known yet, too: wider than where most voxels are. */
const margined = ([low, high]: readonly [number, number]): [number, number] => [low * (1 - 1e-3), high * (1 + 1e-3)];

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

/** @throws InputError "dlsr-no-lines" where nothing of the phase is in the channels: maps would be the start's */
function checkLines(lines: PhaseLines): void {
  const [first, last] = [lines.twoTheta[0]!, lines.twoTheta.at(-1)!];
  const tangents = new Float64Array(lines.lineCount);
  lines.tangentsOf(lines.cell, tangents);
  const isSeen = (tangent: number, line: number): boolean => {
    const at = lines.apparentDeg(tangent, 0);
    return lines.lineIntensity[line]! > 0 && at >= first && at <= last;
  };
  if (tangents.some(isSeen)) return;
  throw new InputError(
    "dlsr-no-lines",
    `No reflection of ${lines.phase} lies in the part of the patterns that is used, ${first.toFixed(2)} to ${last.toFixed(2)}°, so the rays say nothing of it. Widen dlsr.twoThetaRange or the model's range, or leave the phase out of dlsr.phases.`,
  );
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
