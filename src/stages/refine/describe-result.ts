import { cellFreedom, cellVolume } from "../../crystal/index.ts";
import { twoThetaDegToD } from "../../data/index.ts";
import type { Correlation, Covariance } from "../../fit/index.ts";
import type { PatternCalculator } from "../../pattern/calculator.ts";
import type {
  FitStatistics,
  ModelConfig,
  PatternData,
  PatternFit,
  ResolvedModel,
  WeightFractions,
} from "../../refinement/index.ts";
import { estimateWidth } from "./estimate-width.ts";
import type { PhaseResult, RefinedParameter, RefinementResult, StageReport } from "./result.ts";
import { LEAST_SIGNIFICANCE } from "./significant-phases.ts";
import { unexplainedPeak } from "./unexplained-peak.ts";

/** g/mol per angstrom^3 to g/cm^3 (CODATA 2018). */
const DENSITY_FACTOR = 1.6605390666;

/** Below it the weights are not those of the noise. */
const SUSPICIOUS_GOF = 0.7;

interface Ended {
  readonly config: ModelConfig;
  readonly resolved: ResolvedModel;
  readonly calculator: PatternCalculator;
  readonly fit: PatternFit;
  readonly data: PatternData;
  readonly background: Float64Array;
  readonly covariance: Covariance;
  readonly esdFactor: number;
  readonly correlations: readonly Correlation[];
  readonly statistics: FitStatistics;
  readonly weightFractions: WeightFractions;
  /** [phase] scale over its esd */
  readonly significance: Float64Array;
  /** refined parameters, as indices into `refined`, that did not move in the end */
  readonly idle: ReadonlySet<number>;
  readonly stages: readonly StageReport[];
}

/** From a fit that has ended to plain data. */
export function describeResult(ended: Ended): RefinementResult {
  const { config, resolved, calculator, fit, data, background, correlations, statistics, stages } = ended;
  const last = stages.at(-1);
  const nameOf = (j: number): string => calculator.parameters[fit.refined[j]!]!.name;
  const phases = calculator.phases.map((_, p) => describePhase(ended, p));
  const patterns = Object.fromEntries(
    calculator.model.phases.map(({ name }, p) => {
      const own = new Float64Array(data.observed.length);
      calculator.phasePattern(p, own);
      return [name, [...own]];
    }),
  );
  return {
    title: config.title,
    status: last?.status ?? "converged",
    reason: last?.reason ?? "",
    statistics,
    esd: { kind: config.esd, factor: ended.esdFactor },
    wavelengthA: calculator.values[calculator.indexOf("wavelength")]!,
    weights: data.weights,
    parameters: describeParameters(ended),
    phases,
    correlations: correlations.map(({ first, second, correlation }) => ({
      first: nameOf(first),
      second: nameOf(second),
      correlation,
    })),
    stages,
    warnings: warningsOf(ended),
    notes: [...resolved.notes, ...data.notes],
    pattern: {
      twoThetaDeg: [...data.twoThetaDeg],
      observed: [...data.observed],
      sigma: Array.from(fit.weight, (w) => 1 / Math.sqrt(w)),
      calculated: [...calculator.calculated],
      background: [...background],
      phases: patterns,
    },
  };
}

function describeParameters({ calculator, fit, covariance, stages, idle }: Ended): RefinedParameter[] {
  const position = new Map(fit.refined.map((parameter, j) => [parameter, j]));
  const atBound = new Set(stages.at(-1)?.atBound);
  return calculator.parameters.map(({ name, unit }, i) => {
    const j = position.get(i);
    const value = calculator.values[i]!;
    if (j === undefined) return { name, unit, value, esd: null, status: "fixed" };
    if (idle.has(j)) {
      const isHeld = calculator.parameters[i]!.phase !== undefined;
      return { name, unit, value, esd: null, status: isHeld ? "held" : "fixed" };
    }
    const esd = covariance.esd[j]!;
    if (covariance.undetermined.includes(j)) return { name, unit, value, esd: null, status: "undetermined" };
    if (atBound.has(name)) return { name, unit, value, esd: esd > 0 ? esd : null, status: "atBound" };
    const isTied = fit.constraints?.roles[j] === "dependent";
    return { name, unit, value, esd: Number.isFinite(esd) ? esd : null, status: isTied ? "tied" : "refined" };
  });
}

const isHeld = (significance: number | undefined): boolean => (significance ?? Infinity) < LEAST_SIGNIFICANCE;

function describePhase(
  { calculator, fit, data, covariance, weightFractions, significance }: Ended,
  p: number,
): PhaseResult {
  const terms = calculator.phases[p]!;
  const { name, kind, structure } = terms.model;
  const { twoThetaDeg, area, fwhm, observedArea } = calculator.reflectionsOf(p, data.observed);
  const [first, last] = [data.twoThetaDeg[0]!, data.twoThetaDeg[data.twoThetaDeg.length - 1]!];
  const inRange = [...twoThetaDeg.keys()].filter((r) => twoThetaDeg[r]! >= first && twoThetaDeg[r]! <= last);
  const sum = (of: (r: number) => number): number => inRange.reduce((total, r) => total + of(r), 0);

  const freedom = cellFreedom(structure);
  const own = freedom.names.map((key) => calculator.indexOf(`${name}/${key}`));
  const cellOf = (values: readonly number[]): PhaseResult["cell"] => {
    const k = own.length;
    const six = Array.from({ length: 6 }, (_, i) =>
      values.reduce((total, value, q) => total + freedom.matrix[i * k + q]! * value, freedom.constant[i]!),
    ) as [number, number, number, number, number, number];
    return { a: six[0], b: six[1], c: six[2], alpha: six[3], beta: six[4], gamma: six[5] };
  };
  const now = own.map((i) => calculator.values[i]!);
  const volume = cellVolume(cellOf(now));
  const at = own.map((i) => fit.refined.indexOf(i));
  const slopes = now.map((value, q) => {
    const step = 1e-6 * value;
    return (cellVolume(cellOf(now.with(q, value + step))) - cellVolume(cellOf(now.with(q, value - step)))) / (2 * step);
  });
  const m = fit.refined.length;
  let variance = 0;
  slopes.forEach((a, q) => {
    slopes.forEach((b, r) => {
      if (at[q]! >= 0 && at[r]! >= 0) variance += a * b * covariance.matrix[at[q]! * m + at[r]!]!;
    });
  });
  const share = new Float64Array(calculator.phases.length);
  weightFractions.fractions(calculator.values, share);
  const shareEsd = weightFractions.esd(calculator.values, fit.refined, covariance.matrix)[p]!;
  const mass = new Float64Array(share.length);
  weightFractions.masses(calculator.values, mass);
  const scale = kind === "rietveld" ? calculator.values[calculator.indexOf(`${name}/scale`)]! : 0;
  const observedSum = sum((r) => observedArea[r]!);
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    name,
    kind,
    significance: finite(significance[p] ?? Infinity),
    isHeld: isHeld(significance[p]),
    weightFraction: finite(share[p]!),
    weightFractionEsd: finite(shareEsd),
    rBragg: observedSum > 0 ? sum((r) => Math.abs(observedArea[r]! - area[r]!)) / observedSum : Number.NaN,
    cell: cellOf(now),
    volume,
    volumeEsd: variance > 0 ? Math.sqrt(variance) : null,
    density: scale > 0 ? finite((DENSITY_FACTOR * mass[p]!) / scale / volume / volume) : null,
    reflections: inRange.map((r) => ({
      h: terms.h[r]!,
      k: terms.k[r]!,
      l: terms.l[r]!,
      multiplicity: terms.multiplicity[r]!,
      dA: 1 / Math.sqrt(terms.inverse[r]!),
      twoThetaDeg: twoThetaDeg[r]!,
      fwhmDeg: fwhm[r]!,
      fSquared: kind === "rietveld" ? terms.fSquared[r]! : null,
      calculated: area[r]!,
      observed: observedArea[r]!,
    })),
  };
}

function warningsOf(ended: Ended): string[] {
  const { calculator, fit, stages, correlations, covariance, significance, statistics, data, background } = ended;
  const warnings: string[] = [];
  const last = stages.at(-1);
  if (last && last.status !== "converged" && last.status !== "undetermined") {
    warnings.push(
      `the last stage ended ${last.status}${last.reason ? ` (${last.reason})` : ""}: its values are no minimum`,
    );
    const wall = thinnestGaussian(calculator);
    if (wall.share < 0.01) {
      warnings.push(
        `the Gaussian width, FWHM² = U tan² θ + V tan θ + W, falls to nothing at ${wall.twoThetaDeg.toFixed(1)}°, where no fit can pass: hold V (V: 0) and give U and W min: 0`,
      );
    }
  }
  calculator.model.phases.forEach(({ name }, p) => {
    if (!isHeld(significance[p])) return;
    warnings.push(
      `${name} is hardly there (scale ${significance[p]!.toFixed(1)} esd): its cell, widths and sites were held at their starts`,
    );
  });
  const isOfHeld = (name: string): boolean =>
    calculator.model.phases.some((phase, p) => isHeld(significance[p]) && name === `${phase.name}/scale`);
  for (const name of (last?.atBound ?? []).filter((one) => !isOfHeld(one))) {
    // no Lorentzian broadening by the instrument is an answer, not a bound that somebody should look at
    if ((name === "X" || name === "Y") && calculator.values[calculator.indexOf(name)] === 0) continue;
    warnings.push(`${name} lies on a bound`);
  }
  const nameOf = (j: number): string => calculator.parameters[fit.refined[j]!]!.name;
  if (covariance.undetermined.length > 0) {
    warnings.push(
      `the pattern does not determine ${covariance.undetermined.map(nameOf).join(", ")}: only a combination of them, or nothing`,
    );
  }
  // what is tied to others is correlated with them by what the model says
  const isTied = (j: number): boolean => fit.constraints?.roles[j] === "dependent";
  const telling = correlations.filter(({ first, second }) => !isTied(first) && !isTied(second));
  for (const { first, second, correlation } of telling.slice(0, 10)) {
    warnings.push(`${nameOf(first)} and ${nameOf(second)} are correlated ${correlation.toFixed(3)}`);
  }
  const { twoThetaDeg, observed } = data;
  const extra = unexplainedPeak(
    twoThetaDeg,
    observed,
    calculator.calculated,
    background,
    fit.weight,
    medianWidth(calculator, observed),
  );
  const inflation = data.weights === "uniform" ? statistics.gof : Math.max(1, statistics.gof);
  if (extra && extra.significance > 20 * inflation && extra.share > 0.005) {
    const wavelengthA = calculator.values[calculator.indexOf("wavelength")]!;
    const line = strongLineAt(calculator, data, extra);
    const much = `${(100 * extra.share).toFixed(1)} % of its tallest line more than the model`;
    const at = `at ${extra.twoThetaDeg.toFixed(3)}° (d = ${twoThetaDegToD(extra.twoThetaDeg, wavelengthA).toFixed(4)} Å) the pattern has ${much}`;
    warnings.push(
      line
        ? `${at}: ${line} is stronger or of another shape; look at grains, texture, profile and structure`
        : `${at}: a phase or a free peak may be missing`,
    );
  }
  if (statistics.gof < SUSPICIOUS_GOF && data.weights !== "uniform") {
    warnings.push(
      `GoF ${statistics.gof.toFixed(2)} is less than chance allows: the pattern's uncertainties are too large, and so are the esds; esd: gof or berar-lelann scales them`,
    );
  }
  if (calculator.clampedWidths > 0) {
    warnings.push(
      `${calculator.clampedWidths} lines would have a negative Lorentzian width, taken as 0: look at X, Y, Z`,
    );
  }
  return warnings;
}

/** "PHASE (h k l)" where what the model lacks is less than half of a line that stands there, within its width. */
function strongLineAt(
  { model, phases, reflectionsOf }: PatternCalculator,
  { observed }: PatternData,
  { twoThetaDeg, share }: { readonly twoThetaDeg: number; readonly share: number },
): string | undefined {
  const own = phases.map((_, p) => reflectionsOf(p, observed));
  const strongest = Math.max(...own.flatMap(({ area }) => [...area].filter(Number.isFinite)));
  let best: { readonly name: string; readonly area: number } | undefined;
  own.forEach(({ twoThetaDeg: places, area, fwhm }, p) => {
    places.forEach((place, r) => {
      if (!(Math.abs(place - twoThetaDeg) < 2 * fwhm[r]!) || area[r]! < 2 * share * strongest) return;
      if (best && best.area >= area[r]!) return;
      const { h, k, l } = phases[p]!;
      best = { name: `${model.phases[p]!.name} (${h[r]} ${k[r]} ${l[r]})`, area: area[r]! };
    });
  });
  return best?.name;
}

/** Where the instrument's Gaussian FWHM² is least, and what share it is of the greatest. */
function thinnestGaussian({ values, indexOf, twoTheta, model }: PatternCalculator): {
  twoThetaDeg: number;
  share: number;
} {
  const [u, v, w] = ["U", "V", "W"].map((key) => values[indexOf(key)]!) as [number, number, number];
  let [least, most, twoThetaDeg] = [Infinity, 0, twoTheta[0]!];
  // reflections beyond the ends are calculated, too
  const ends = [Math.max(0, twoTheta[0]! - model.marginDeg), twoTheta.at(-1)! + model.marginDeg];
  for (const at of [...ends, ...twoTheta]) {
    const tangent = Math.tan((at * Math.PI) / 360);
    const square = (u * tangent + v) * tangent + w;
    if (square < least) [least, twoThetaDeg] = [square, at];
    most = Math.max(most, square);
  }
  return { twoThetaDeg, share: most > 0 ? least / most : 0 };
}

function medianWidth(calculator: PatternCalculator, observed: Float64Array): number {
  const { twoTheta, phases } = calculator;
  const widths = phases.flatMap((_, p) => {
    const { twoThetaDeg, fwhm } = calculator.reflectionsOf(p, observed);
    return [...fwhm].filter(
      (width, r) => width > 0 && twoThetaDeg[r]! >= twoTheta[0]! && twoThetaDeg[r]! <= twoTheta.at(-1)!,
    );
  });
  return widths.sort((a, b) => a - b)[widths.length >> 1] ?? estimateWidth(twoTheta, observed);
}
