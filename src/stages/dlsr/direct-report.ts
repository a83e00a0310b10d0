/** What a direct reconstruction found, as maps, numbers and sentences. */
import { type ParameterMap, STATUS } from "../../data/index.ts";
import type { AxisOffset } from "./axis-offset.ts";
import { WELL_FILLED } from "./conventional-start.ts";
import type {
  DirectInput,
  DirectResult,
  DlsrReport,
  GlobalReport,
  ParameterReport,
  StepReport,
} from "./direct-input.ts";
import type { DirectSetting } from "./direct-problem.ts";
import type { DlsrSolution, SolverOptions } from "./gauss-newton.ts";
import type { DepthSignVerdict } from "./geometry-search.ts";
import { divideByStandard, type StandardShift, standardShift } from "./internal-standard.ts";
import { mapStatistics } from "./map-statistics.ts";
import type { Reduction } from "./reduction.ts";
import type { Residuals } from "./residual-map.ts";
import type { DlsrProblem } from "./types.ts";
import type { DlsrUncertainty } from "./uncertainty.ts";
import { createUnknowns } from "./unknowns.ts";
import { type PhaseMaps, phaseMaps } from "./voxel-status.ts";

export interface DirectOutcome {
  readonly input: DirectInput;
  readonly setting: DirectSetting;
  readonly reduction: Reduction;
  readonly problem: DlsrProblem;
  readonly options: SolverOptions;
  readonly solution: DlsrSolution;
  readonly sign: DepthSignVerdict;
  readonly axisOffset: AxisOffset | undefined;
  readonly steps: readonly StepReport[];
  readonly conventional: Residuals;
  readonly residuals: Residuals;
  readonly uncertainty: DlsrUncertainty;
}

const isLength = (parameter: string): boolean => /^[abc]$/.test(parameter);
const unitOf = (parameter: string): string => (isLength(parameter) ? "Å" : "°");

export function describeDirect(outcome: DirectOutcome): DirectResult {
  const { problem, options, solution, uncertainty } = outcome;
  const standard = standardOf(outcome);
  const phases = phaseMaps(problem, options.geometry, solution, uncertainty);
  const parameters: ParameterReport[] = [];
  const maps: ParameterMap[] = [];
  phases.forEach((found, p) => {
    const phase = problem.phases[p]!;
    if (phase.cell === "spatial") {
      phase.response.cellNames.forEach((parameter, q) => {
        const asFound = { cells: found.cells[q]!, esd: found.cellEsd[q]! };
        const { cells: values, esd } =
          standard && isLength(parameter) ? divideByStandard(asFound.cells, asFound.esd, standard) : asFound;
        maps.push(mapOf(outcome, `${phase.name}/${parameter}`, unitOf(parameter), values, esd, found.status));
        parameters.push(parameterReport(outcome, found, parameter, values, esd));
      });
    }
    if (phase.scaleMap === "refined")
      maps.push(mapOf(outcome, `${phase.name}/scale`, "", found.scale, found.scaleEsd, found.status));
  });
  maps.push(mapOf(outcome, "rwp", "", outcome.residuals.rwp));
  maps.push(mapOf(outcome, "rwp_conventional", "", outcome.conventional.rwp));
  const report = reportOf(outcome, parameters, standard);
  return { maps, report, notes: notesOf(outcome, report) };
}

function mapOf(
  { problem: { geometry } }: DirectOutcome,
  name: string,
  unit: string,
  values: Float64Array | Float32Array,
  esd?: Float64Array,
  status?: Uint8Array,
): ParameterMap {
  const { size } = geometry;
  return {
    ...{ name: `dlsr/${name}`, ny: size, nx: size, unit, values },
    ...(esd && { esd }),
    ...(status && { status }),
  };
}

function standardOf({ input: { config }, problem, solution, uncertainty }: DirectOutcome): StandardShift | undefined {
  if (!config.standard) return undefined;
  const p = problem.phases.findIndex(({ name }) => name === config.standard!.phase);
  const names = problem.phases[p]!.response.cellNames;
  const truth = names.map((name) => (isLength(name) ? config.standard!.cell[name] : undefined));
  return standardShift(solution.state.phases[p]!.cells, uncertainty.phases[p]!.cells, truth);
}

function parameterReport(
  { input, setting, reduction }: DirectOutcome,
  { name, status, scale }: PhaseMaps,
  parameter: string,
  values: Float64Array,
  esd: Float64Array,
): ParameterReport {
  const before = input.phases.find((phase) => phase.name === name)!;
  const start = setting.kept.find((phase) => phase.name === name)!.start;
  const conventional = before.cells.get(parameter);
  const isFull = (v: number): boolean => start.mask[v] !== 0 && start.scale[v]! > WELL_FILLED * start.typicalScale;
  const isFound = (v: number): boolean => isFull(v) && status[v] === STATUS.converged;
  const wasFound = (v: number): boolean =>
    isFull(v) && (!before.status || before.status[v] === STATUS.converged) && Number.isFinite(conventional?.values[v]);
  let [squares, count] = [0, 0];
  values.forEach((value, v) => {
    if (!isFound(v) || !wasFound(v)) return;
    squares += (value - conventional!.values[v]!) ** 2;
    count++;
  });
  return {
    ...{ phase: name, parameter, unit: unitOf(parameter) },
    retained:
      reduction.retained.find((kept) => kept.phase === name && kept.parameter === parameter)?.share ?? Number.NaN,
    conventional: mapStatistics(conventional?.values ?? [], conventional?.esd, start.scale, wasFound),
    direct: mapStatistics(values, esd, scale, isFound),
    difference: Math.sqrt(squares / count),
  };
}

function reportOf(
  outcome: DirectOutcome,
  parameters: readonly ParameterReport[],
  standard: StandardShift | undefined,
): DlsrReport {
  const { input, reduction, problem, options, solution, sign, steps } = outcome;
  return {
    terms: problem.terms,
    nuisanceColumns: reduction.nuisance.count,
    rays: problem.rayVariance.reduce((count, value) => count + (Number.isFinite(value) ? 1 : 0), 0),
    voxels: Math.max(...problem.phases.map(({ voxels }) => voxels.count)),
    unknowns: createUnknowns(problem, options.geometry).count,
    chi2: solution.chi2,
    chi2Conventional: outcome.conventional.chi2,
    status: solution.status,
    isRayScaled: options.rayScale,
    blur: options.side,
    axisOffset: outcome.axisOffset ? { steps: outcome.axisOffset.offset, esd: outcome.axisOffset.esd } : null,
    parameters,
    globals: globalsOf(outcome),
    depthSign: {
      value: sign.sign,
      chi2: sign.isReversed ? sign.chi2.reversed : sign.chi2.asGiven,
      chi2Otherwise: sign.isReversed ? sign.chi2.asGiven : sign.chi2.reversed,
      isUndecided: sign.isUndecided,
    },
    standard: standard
      ? {
          phase: input.config.standard!.phase,
          shift: standard.shift,
          shiftEsd: standard.esd,
          depthOffsetMm: standard.shift * solution.state.distanceMm,
        }
      : null,
    steps,
    identifiability: identifiability(outcome, parameters, standard),
  };
}

function globalsOf({ input, setting, problem, options, solution, uncertainty }: DirectOutcome): GlobalReport[] {
  const { state } = solution;
  const globals: GlobalReport[] = [];
  problem.phases.forEach((phase, p) => {
    const found = state.phases[p]!;
    const esd = uncertainty.phases[p]!;
    if (phase.cell !== "spatial") {
      phase.response.cellNames.forEach((name, q) => {
        globals.push({
          ...{ name: `${phase.name}/${name}`, unit: unitOf(name), start: phase.cells[q]!, value: found.cells[q]! },
          esd: esd.cells[q]!,
        });
      });
    }
    if (phase.scaleMap === "frozen" && phase.hasGlobalScale) {
      const value = Math.exp(found.lnScale);
      globals.push({ name: `${phase.name}/scale`, unit: "", start: 1, value, esd: value * esd.lnScale });
    }
    if (phase.refinesWidth) {
      // the lines that were refined already have the width of the mean ray: what is said is on the model's
      const { width } = setting.kept.find(({ name }) => name === phase.name)!;
      const value = width * found.width;
      globals.push({ name: `${phase.name}/width`, unit: "", start: 1, value, esd: width * esd.width });
    }
  });
  const { geometry } = input;
  if (options.geometry.rotationAxis) {
    globals.push({
      ...{ name: "rotation axis", unit: "steps", start: geometry.rotationAxis, value: state.rotationAxis },
      esd: uncertainty.rotationAxis,
    });
  }
  if (options.geometry.distance) {
    globals.push({
      ...{ name: "distance", unit: "mm", start: geometry.distanceMm, value: state.distanceMm },
      esd: uncertainty.distanceMm,
    });
  }
  return globals;
}

/** Steps by which maps may be off their axis. */
const WRONG_AXIS = 0.1;
/** Under this share of the precision of all channels the basis is too small. */
const LEAST_RETAINED = 0.9;
/** Of a voxel's lattice parameters, in a part of the voxels, an esd like that of knowing the range alone. */
const MANY = 0.2;

function identifiability(
  { problem, options, solution, sign, input, axisOffset, conventional }: DirectOutcome,
  parameters: readonly ParameterReport[],
  standard: StandardShift | undefined,
): string[] {
  const said: string[] = [];
  const perTenth = (0.1 / solution.state.distanceMm) * 1e6;
  if (!input.config.standard) {
    said.push(
      `Absolute lengths are as good as the rotation axis lies where the calibrant was: 0.1 mm along the beam is ${perTenth.toFixed(0)} ppm in all of them, and nothing in the data tells it. Ratios such as c/a and differences within the slice are free of it; a standard: takes it out.`,
    );
  } else if (!standard) {
    said.push(
      `The cell of the standard ${input.config.standard.phase} came without an esd, so nothing was divided out.`,
    );
  } else {
    said.push(
      `All lengths are relative to ${input.config.standard.phase}, whose cell came out ${(standard.shift * 1e6).toFixed(0)}(${(standard.esd * 1e6).toFixed(0)}) ppm off: a depth offset of ${(standard.shift * solution.state.distanceMm).toFixed(3)} mm, or its true cell differs from the one given.`,
    );
  }
  const isWorse = solution.chi2 > conventional.chi2;
  if (axisOffset && !isWorse && Math.abs(axisOffset.offset) > WRONG_AXIS + 2 * axisOffset.esd)
    said.push(
      `The conventional maps were made about a rotation axis ${Math.abs(axisOffset.offset).toFixed(2)} steps from where the rays have it (${(input.geometry.rotationAxis + axisOffset.offset).toFixed(2)}): they are displaced and smeared, and what starts from them stays so in part. Set sinogram.rotationAxis to that and run again from the sinogram.`,
    );
  if (sign.isUndecided)
    said.push("Both senses of depth fit alike: the parallax in this scan is too small to tell, and to matter.");
  if (sign.isReversed && input.config.geometry.depthSign === "auto")
    said.push(
      `Depth runs against the convention (χ² ${sign.chi2.reversed.toFixed(2)}, otherwise ${sign.chi2.asGiven.toFixed(2)}): angles count clockwise, translations run the other way, or maps are mirrored. It was taken so.`,
    );
  if (isWorse)
    said.push(
      `The rays are fitted worse (χ² ${solution.chi2.toFixed(2)}) than the conventional maps fit them (${conventional.chi2.toFixed(2)}): these maps are not to be used. Depth may run the other way (dlsr.geometry.depthSign), or the rotation axis, distanceMm or stepMm be wrong.`,
    );
  const others = input.calculator.model.phases.filter(({ kind }) => kind !== "rietveld").map(({ name }) => name);
  if (others.length > 0)
    said.push(
      `${others.join(", ")} ${others.length > 1 ? "have" : "has"} no structure in the model, and so no part here: what the rays hold of ${others.length > 1 ? "them" : "it"} counts as background where it is smooth, and as an error elsewhere. Give a structure, or leave those lines out by dlsr.twoThetaRange or exclude.`,
    );
  const { size, translations } = input.geometry;
  if (size < translations - 1)
    said.push(
      `Maps of ${size} voxels are narrower than the scan of ${translations} translations: what lies outside them is in the rays and in no voxel. Leave reconstruct.size out where the sample reaches that far.`,
    );
  for (const { phase, parameter, retained } of parameters) {
    if (retained < LEAST_RETAINED)
      said.push(
        `${problem.terms} numbers a ray keep ${(100 * retained).toFixed(0)} % of the precision of ${phase}/${parameter}: raise dlsr.terms.`,
      );
  }
  for (const { phase, parameter, direct } of parameters) {
    const inMask = problem.phases.find(({ name }) => name === phase)!.voxels.count;
    if (direct.voxels < MANY * inMask)
      said.push(
        `${phase}/${parameter}: only ${direct.voxels} of ${inMask} voxels hold enough of the phase and converged; see its status map.`,
      );
  }
  if (options.geometry.distance) {
    const { distanceMm } = solution.state;
    const off = distanceMm / input.geometry.distanceMm - 1;
    if (Math.abs(off) > 0.02)
      said.push(
        `The depth in the data asks for a distance of ${distanceMm.toFixed(0)} mm, ${(100 * off).toFixed(1)} % from the one given: check distanceMm and stepMm, of which only the ratio is seen. Where the parallax is small, fix it (geometry: {distance: fixed}).`,
      );
  }
  return said;
}

function notesOf({ problem, conventional }: DirectOutcome, report: DlsrReport): string[] {
  const { terms, nuisanceColumns, rays, unknowns, chi2, steps, parameters, globals, depthSign } = report;
  const number = ({ value, esd }: GlobalReport): string =>
    esd > 0 ? `${value.toFixed(digits(esd))} ± ${esd.toPrecision(2)}` : value.toPrecision(6);
  return [
    `${rays} rays of ${terms} numbers (${nuisanceColumns} directions for background and eliminated phases taken out), ${unknowns} unknowns in ${problem.phases.map(({ name, voxels }) => `${voxels.count} voxels of ${name}`).join(", ")}`,
    ...parameters.map(
      ({ phase, parameter, retained }) =>
        `the basis keeps ${(100 * retained).toFixed(1)} % of the precision of ${phase}/${parameter}`,
    ),
    depthSign.chi2Otherwise === null || !Number.isFinite(depthSign.chi2Otherwise)
      ? `depth ${depthSign.value > 0 ? "as in the conventions" : "against the conventions"}, as given`
      : `depth ${depthSign.value > 0 ? "as in the conventions" : "against the conventions"}: χ² ${depthSign.chi2.toFixed(2)}, the other way ${depthSign.chi2Otherwise.toFixed(2)}`,
    `χ² ${chi2.toFixed(2)} after ${steps.length} steps (${report.status}); of the conventional maps ${conventional.chi2.toFixed(2)}`,
    report.blur > 0
      ? `voxels blur rays by ${report.blur.toFixed(3)} to each side`
      : "voxels do not blur rays: without it the fit is better",
    ...globals.map((found) => `${found.name} ${number(found)} ${found.unit}`.trimEnd()),
    ...parameters.map(statisticsNote),
    ...report.identifiability.map((sentence) => `note: ${sentence}`),
  ];
}

function statisticsNote({ phase, parameter, unit, conventional, direct, difference }: ParameterReport): string {
  const before =
    conventional.voxels > 0
      ? `conventional ${conventional.weightedMean.toFixed(5)}, spread ${conventional.weightedStandardDeviation.toFixed(5)}`
      : "no conventional map";
  if (direct.voxels === 0) return `${phase}/${parameter}: found in no voxel; ${before} ${unit}`;
  const both = Number.isFinite(difference) ? `; rms difference ${difference.toPrecision(3)}` : "";
  return `${phase}/${parameter} (${unit}): mean ${direct.weightedMean.toFixed(5)}, spread ${direct.weightedStandardDeviation.toFixed(5)}, median esd ${direct.medianEsd.toPrecision(2)} in ${direct.voxels} voxels; ${before}${both}`;
}

const digits = (esd: number): number => Math.max(0, Math.min(8, 1 - Math.floor(Math.log10(esd))));
