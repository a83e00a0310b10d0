/** What is wrong with a model before any fit, in sentences for the user. */
import type { PatternCalculator } from "./calculator.ts";
import { firstAtOrAbove } from "./line-list.ts";

/** Above this cosine of their patterns, taken as vectors, two phases are one to a fit. */
const SAME = 0.9999;
/** Lines closer than this share of their width lie on each other. */
const ON_EACH_OTHER = 0.1;
/** A line is seen by points this many widths from it. */
const SEEN = 2;

/**
 * Looks at the calculator's values as they stand: widths that are not real, phases without a line in the range, phases
 * that no fit can tell apart, free peaks where there are no points.
 *
 * @returns one sentence each; none where nothing was found. The last evaluation is lost.
 */
export function checkModel(calculator: PatternCalculator): string[] {
  const lines = calculator.phases.map((_, p) => linesOf(calculator, p));
  const sentences = [
    ...lines.flatMap((own, p) => widthsNotReal(calculator, own, p)),
    ...lines.flatMap((own, p) => outOfRange(calculator, own, p)),
    ...peaksOutside(calculator),
  ];
  return lines.some(({ fwhm }) => fwhm.some(Number.isNaN)) ? sentences : [...sentences, ...alike(calculator, lines)];
}

interface PhaseLines {
  /** of lines that can be reached, rising */
  readonly twoThetaDeg: readonly number[];
  /** NaN where not real */
  readonly fwhm: readonly number[];
}

function linesOf(calculator: PatternCalculator, p: number): PhaseLines {
  const phase = calculator.phases[p]!;
  if (!phase.update(calculator.values, false)) return { twoThetaDeg: [], fwhm: [] };
  const { twoThetaDeg, fwhm } = calculator.reflectionsOf(p, calculator.calculated);
  const order = [...twoThetaDeg.keys()]
    .filter((r) => Number.isFinite(twoThetaDeg[r]!))
    .sort((i, j) => twoThetaDeg[i]! - twoThetaDeg[j]!);
  return { twoThetaDeg: order.map((r) => twoThetaDeg[r]!), fwhm: order.map((r) => fwhm[r]!) };
}

function widthsNotReal({ model, phases }: PatternCalculator, lines: PhaseLines, p: number): string[] {
  const bad = lines.twoThetaDeg.filter((_, i) => Number.isNaN(lines.fwhm[i]!));
  if (bad.length === 0) return [];
  const formula = model.profile === "tchz" ? "Gaussian width U tan²θ + V tanθ + W" : "width U tan²θ + V tanθ + W";
  return [
    `The ${formula} of phase ${phases[p]!.model.name} is not above 0 at 2θ = ${degrees(bad[0]!)}${
      bad.length > 1 ? ` to ${degrees(bad[bad.length - 1]!)}° (${bad.length} lines)` : "°"
    }: raise W, or bring V nearer to 0.`,
  ];
}

function outOfRange(calculator: PatternCalculator, lines: PhaseLines, p: number): string[] {
  // lines whose width is not real are complained of already
  const isSeen = lines.twoThetaDeg.some((at, i) => {
    const fwhm = lines.fwhm[i]!;
    return Number.isNaN(fwhm) || hasPoints(calculator, at, SEEN * fwhm);
  });
  if (isSeen) return [];
  const { name } = calculator.phases[p]!.model;
  return [
    `Phase ${name} has no line where there are points (${rangeOf(calculator)}): its numbers cannot be found. Leave it out, or widen the range.`,
  ];
}

function peaksOutside(calculator: PatternCalculator): string[] {
  const { model, values, indexOf } = calculator;
  return model.peaks.flatMap((name) => {
    const position = values[indexOf(`peaks/${name}/position`)]!;
    const fwhm = values[indexOf(`peaks/${name}/fwhm`)]!;
    if (hasPoints(calculator, position, fwhm)) return [];
    return [
      `Free peak ${name} is at 2θ = ${degrees(position)}°, where there are no points (${rangeOf(calculator)}): correct its position, or leave it out.`,
    ];
  });
}

function alike(calculator: PatternCalculator, lines: readonly PhaseLines[]): string[] {
  const { phases } = calculator;
  const patterns = unitPatterns(calculator);
  const sentences: string[] = [];
  for (let p = 0; p < phases.length; p++) {
    for (let q = p + 1; q < phases.length; q++) {
      const [one, other] = [phases[p]!.model, phases[q]!.model];
      const areFixed = one.kind === "rietveld" && other.kind === "rietveld";
      if (areFixed && patterns && cosine(patterns[p]!, patterns[q]!) > SAME) {
        sentences.push(
          `Phases ${one.name} and ${other.name} have the same lines with the same intensities: no fit tells their amounts apart. Leave one out.`,
        );
      } else if (!areFixed) {
        const [free, on] = other.kind === "rietveld" ? [p, q] : [q, p];
        if (!liesOn(calculator, lines[on]!, lines[free]!)) continue;
        sentences.push(
          `Every line of phase ${phases[on]!.model.name} lies on one of phase ${phases[free]!.model.name}, whose intensities are free: no fit tells them apart. Leave one out, or take rietveld for both.`,
        );
      }
    }
  }
  return sentences;
}

/** [phase][point] with every scale at 1; null where the model makes no sense. */
function unitPatterns(calculator: PatternCalculator): Float64Array[] | null {
  const { values, phases, model } = calculator;
  const before = values.slice();
  const off = calculator.isOff.slice();
  for (const { kind, name } of model.phases) if (kind === "rietveld") values[calculator.indexOf(`${name}/scale`)] = 1;
  calculator.isOff.fill(0);
  const isReal = calculator.evaluate(false);
  const patterns = phases.map((_, p) => {
    const out = new Float64Array(calculator.calculated.length);
    if (isReal) calculator.phasePattern(p, out);
    return out;
  });
  values.set(before);
  calculator.isOff.set(off);
  return isReal ? patterns : null;
}

function cosine(p: Float64Array, q: Float64Array): number {
  let [pq, pp, qq] = [0, 0, 0];
  for (let i = 0; i < p.length; i++) {
    pq += p[i]! * q[i]!;
    pp += p[i]! * p[i]!;
    qq += q[i]! * q[i]!;
  }
  return pp > 0 && qq > 0 ? pq / Math.sqrt(pp * qq) : 0;
}

/** Whether all lines of one phase that points see lie on lines of another. */
function liesOn(calculator: PatternCalculator, lines: PhaseLines, others: PhaseLines): boolean {
  const at = Float64Array.from(others.twoThetaDeg);
  let seen = 0;
  for (let i = 0; i < lines.twoThetaDeg.length; i++) {
    const position = lines.twoThetaDeg[i]!;
    const reach = ON_EACH_OTHER * lines.fwhm[i]!;
    if (!hasPoints(calculator, position, lines.fwhm[i]!)) continue;
    seen++;
    const next = at[firstAtOrAbove(at, at.length, position - reach)];
    if (next === undefined || next > position + reach) return false;
  }
  return seen > 0;
}

function hasPoints({ twoTheta }: PatternCalculator, position: number, reach: number): boolean {
  const next = twoTheta[firstAtOrAbove(twoTheta, twoTheta.length, position - reach)];
  return next !== undefined && next <= position + reach;
}

const degrees = (value: number): string => value.toFixed(2);
const rangeOf = ({ twoTheta }: PatternCalculator): string =>
  `2θ = ${degrees(twoTheta[0]!)} to ${degrees(twoTheta[twoTheta.length - 1]!)}°`;
