/** Where a refinement starts: what the model gives, a neighbour's values, or what the pattern itself tells. */
import { cellFreedom } from "../../crystal/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import type { PatternCalculator } from "../../pattern/calculator.ts";
import type { ModelConfig, PatternData, PatternFit, ResolvedModel } from "../../refinement/index.ts";
import { estimateWidth } from "./estimate-width.ts";
import { findCells } from "./find-cells.ts";

/** From this two-theta on the three terms of the Caglioti formula are told apart. */
const CAGLIOTI_FROM_DEG = 60;
/** Widths tried about the first guess. */
const WIDTHS = [0.4, 0.55, 0.75, 1, 1.35, 1.8, 2.5] as const;
/** How a width is shared between its Gaussian and its Lorentzian part to start with. */
const [GAUSS_SHARE, LORENTZ_SHARE] = [0.75, 0.35] as const;
/** Height, in sigma, at which the strongest line may end; and the lowest share of a top that is of any use. */
const [HIDDEN, LEAST_CUTOFF] = [0.02, 1e-7] as const;
/** A change of a cell that the report mentions. */
const WORTH_SAYING = 0.002;
const DEG = 180 / Math.PI;

/**
 * Where widths are not given and the pattern reaches far enough, U and V are refined, too. Where the model does not say
 * how far lines reach, they end where the noise hides it.
 */
export function settleWidths(given: ResolvedModel, data: PatternData): ResolvedModel {
  const cutoff = Math.min(given.model.cutoff, cutoffBelowNoise(data));
  const resolved = given.isCutoffOpen ? { ...given, model: { ...given.model, cutoff } } : given;
  const last = data.twoThetaDeg[data.twoThetaDeg.length - 1]!;
  if (!resolved.isProfileUnknown || last < CAGLIOTI_FROM_DEG) return resolved;
  const settings = new Map(resolved.settings);
  for (const key of ["U", "V"]) if (!resolved.given.has(key)) settings.set(key, { refine: true });
  return {
    ...resolved,
    settings,
    notes: [...resolved.notes, `no widths are given and the pattern reaches ${last.toFixed(0)}°: U and V are refined`],
  };
}

/**
 * Share of its top where the strongest line is 0.02 sigma high. A line that ends higher makes chi^2 jump whenever its
 * width or place takes one more point in, and a fit stalls at the jumps: 130 000 counts over 100 did.
 */
function cutoffBelowNoise({ observed, weight }: PatternData): number {
  const top = observed.reduce((most, y) => Math.max(most, y), 0);
  const sigmas = weight.map((w) => 1 / Math.sqrt(w)).sort();
  const sigma = sigmas[sigmas.length >> 1]!;
  return top > 0 && sigma > 0 ? Math.max(HIDDEN * (sigma / top), LEAST_CUTOFF) : LEAST_CUTOFF;
}

/** Names of the phases whose cells are looked for: those that the model does not give, unless it says otherwise. */
function phasesToFind(config: ModelConfig, { model, settings }: ResolvedModel): string[] {
  if (config.findCells === false) return [];
  return model.phases.flatMap(({ name, structure }) => {
    if (structure.sites.length === 0) return [];
    const own = cellFreedom(structure).names.map((key) => settings.get(`${name}/${key}`));
    const isRefined = own.some((spec) => spec?.refine);
    const isGiven = own.some((spec) => spec?.value !== undefined);
    return isRefined && (!isGiven || config.findCells) ? [name] : [];
  });
}

/**
 * Cells and widths from the pattern, written into the calculator; what the model gives stays.
 *
 * @returns the edges that are other than in the structure files
 */
export function findStart(
  kernels: Kernels,
  config: ModelConfig,
  resolved: ResolvedModel,
  data: PatternData,
  calculator: PatternCalculator,
  fit: PatternFit,
): Map<string, number> {
  const found = new Map<string, number>();
  const { values, parameters, indexOf } = calculator;
  const phases = phasesToFind(config, resolved);
  const first = estimateWidth(data.twoThetaDeg, data.observed);
  if (resolved.isProfileUnknown) setWidth(calculator, fit, first);
  if (phases.length > 0) {
    const { edges } = findCells(kernels, resolved, data, phases);
    const before = [...edges.keys()].map((name) => values[indexOf(name)]!);
    const misfitBefore = linearMisfit(calculator, fit);
    edges.forEach((value, name) => {
      const i = indexOf(name);
      const j = fit.refined.indexOf(i);
      values[i] = j < 0 ? value : Math.min(Math.max(value, fit.lower[j]!), fit.upper[j]!);
    });
    if (linearMisfit(calculator, fit) > misfitBefore) {
      [...edges.keys()].forEach((name, k) => {
        values[indexOf(name)] = before[k]!;
      });
    } else {
      edges.forEach((value, name) => {
        if (Math.abs(value / before[[...edges.keys()].indexOf(name)]! - 1) > WORTH_SAYING) found.set(name, value);
      });
    }
  }
  if (resolved.isProfileUnknown) {
    let [best, least] = [first, Infinity];
    for (const factor of WIDTHS) {
      setWidth(calculator, fit, factor * first);
      const misfit = linearMisfit(calculator, fit);
      if (misfit < least) [best, least] = [factor * first, misfit];
    }
    setWidth(calculator, fit, best);
  }
  return found;

  function linearMisfit(_: PatternCalculator, current: PatternFit): number {
    const active = current.refined.flatMap((parameter, j) => (parameters[parameter]!.isLinear ? [j] : []));
    const { finalCost } = current.solve({ active, maxIterations: 6 });
    return Number.isFinite(finalCost) ? finalCost : Infinity;
  }
}

/** The widths that are refined and not given, as one width of all lines. */
function setWidth({ values, parameters, indexOf }: PatternCalculator, fit: PatternFit, fwhmDeg: number): void {
  const isRefined = (name: string): boolean => {
    const i = parameters.findIndex((one) => one.name === name);
    return i >= 0 && fit.refined.includes(i);
  };
  const hasLorentz = parameters.some(({ name }) => name === "X");
  values[indexOf("W")] = ((hasLorentz ? GAUSS_SHARE : 1) * fwhmDeg) ** 2;
  if (!hasLorentz) return;
  const lorentz = LORENTZ_SHARE * fwhmDeg;
  if (isRefined("X")) values[indexOf("X")] = lorentz;
  const wavelengthA = values[indexOf("wavelength")]!;
  for (const i of fit.refined) {
    if (/\/size$/.test(parameters[i]!.name))
      values[i] = Math.min(Math.max((0.09 * wavelengthA * DEG) / lorentz, 2), 1e4);
  }
}
