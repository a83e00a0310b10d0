/**
 * A calculated powder pattern and the columns of its Jacobian.
 *
 *   y(2theta) = background + free peaks + sum over phases, reflections, radiation lines, axial components of
 *               S m |F|^2 PO LP share pV(2theta - position; H, eta)
 *
 * Every step here turns the numbers of the model into a list of lines, each with its terms: how the profile and its
 * derivatives by position, width and shape add to the columns of the refined parameters. The loop over points is a
 * kernel (patternLines). Nothing is allocated while evaluating.
 */
import { InputError } from "../data/index.ts";
import type { Kernels } from "../kernels/index.ts";
import {
  type AxialComponents,
  axialComponents,
  axialReach,
  createAxialComponents,
  gaussLegendre,
} from "./axial-divergence.ts";
import { backgroundRows } from "./background.ts";
import { displacementShift, lorentzPolarization } from "./line-position.ts";
import type { PatternModel } from "./model.ts";
import { type ModelParameter, modelParameters } from "./parameters.ts";
import { createPhaseTerms, type PhaseTerms } from "./phase-terms.ts";
import { createWidthCalculator } from "./width-terms.ts";

const DEG = 180 / Math.PI;
/** Lines a kernel call: V8 does not replace a WASM function that is running by its optimised form. */
const STRIP = 32;
/** Most Gauss-Legendre nodes in one panel of the axial integral. */
const MOST_NODES = 24;

/** Positions and intensities of one phase's reflections as they stand, for ticks and reports. */
export interface CalculatedReflections {
  /** [reflection], of the first radiation line; NaN where it cannot be reached */
  readonly twoThetaDeg: Float64Array;
  /** S m |F|^2 PO LP: integrated intensity, intensity x degrees, all radiation lines together */
  readonly area: Float64Array;
  readonly fwhm: Float64Array;
  /** integrated intensity that the observed pattern gives, shared out by the calculated one */
  readonly observedArea: Float64Array;
}

export interface PatternCalculator {
  readonly model: PatternModel;
  readonly parameters: readonly ModelParameter[];
  /** [parameter] the numbers of the model; write here, then evaluate */
  readonly values: Float64Array;
  readonly phases: readonly PhaseTerms[];
  /** [n] two-theta, degrees, ascending */
  readonly twoTheta: Float64Array;
  /** [n] */
  readonly calculated: Float64Array;
  /** [refined, stride] column j at j * stride */
  readonly columns: Float64Array;
  readonly stride: number;
  /** [refined, 2] first and end point where a column may differ from 0 */
  readonly supports: Int32Array;
  /** lines of the last evaluation whose Lorentzian width would have been negative and was taken as 0 */
  readonly clampedWidths: number;
  /** index of a parameter. @throws InputError "model-parameter" */
  indexOf(name: string): number;
  /** Choose the parameters that get a column; also chooses nodes and held widths from the values as they stand. */
  prepare(refined: readonly number[]): void;
  /** @returns false where the model makes no sense at these values (a width below 0, a cell without volume) */
  evaluate(derivatives: boolean): boolean;
  /** [n] background as it stands */
  background(out: Float64Array): void;
  /** [n] one phase of the last evaluation, without background */
  phasePattern(phase: number, out: Float64Array): void;
  /** of the last evaluation; `observed` [n] is shared out over reflections */
  reflectionsOf(phase: number, observed: Float64Array): CalculatedReflections;
  /** Le Bail: new intensities of all such phases from the observed pattern and the last evaluation. */
  shareOut(observed: Float64Array): void;
}

/**
 * One long closure, because all parts share their memory, most of it in the kernels' arena.
 *
 * @param twoThetaDeg [n] ascending, points in use only
 */
export function createPatternCalculator(
  kernels: Kernels,
  model: PatternModel,
  wavelengthA: number,
  twoThetaDeg: ArrayLike<number>,
): PatternCalculator {
  const { arena, run } = kernels;
  const n = twoThetaDeg.length;
  const stride = n + (n & 1);
  const twoTheta = arena.f64(stride);
  twoTheta.set(Float64Array.from(twoThetaDeg));
  if (stride > n) twoTheta[n] = twoTheta[n - 1]!;
  const calculated = arena.f64(stride);
  const shortest = wavelengthA * Math.min(...model.radiation.map(({ ratio }) => ratio));
  const last = Math.min(180, twoTheta[n - 1]! + model.marginDeg);
  const dMinA = shortest / (2 * Math.sin(last / 2 / DEG));
  const parameters = modelParameters(model, wavelengthA, dMinA);
  const names = new Map(parameters.map(({ name }, i) => [name, i]));
  const values = Float64Array.from(parameters, ({ value }) => value);
  const phases = model.phases.map((phase) => createPhaseTerms(model, phase, names, dMinA));
  const widths = createWidthCalculator(model, names);
  const background = backgroundRows(model.background, twoTheta.subarray(0, n));
  const firstBackground = background.count > 0 ? names.get(background.names[0]!)! : 0;

  const at = (name: string): number => names.get(name) ?? -1;
  const [wavelengthAt, zeroAt, displacementAt, sAt, hAt] = ["wavelength", "zero", "displacement", "SL", "HL"].map(
    at,
  ) as [number, number, number, number, number];
  const peakAt = model.peaks.map((name) => at(`peaks/${name}/area`));
  const column = new Int32Array(parameters.length).fill(-1);
  /** columns that change from one evaluation to the next, and so are cleared and filled */
  let changing: number[] = [];
  let columns = arena.f64(0);
  let supports = arena.i32(0);

  const lineCapacity = () =>
    peakAt.length +
    phases.reduce((sum, { count }, p) => sum + count * model.radiation.length * (nodesOf[p]?.most ?? 1), 0);
  let lines = arena.f64(0);
  let spans = arena.i32(0);
  let terms = arena.f64(0);
  let termColumns = arena.i32(0);
  /** phase and reflection of each line; -1 for free peaks */
  let owner = new Int32Array(0);
  const phaseEnd = new Int32Array(phases.length);
  let lineCount = 0;
  let termCount = 0;

  const single = createAxialComponents(1);
  single.count = 1;
  single.share[0] = 1;
  const axial = createAxialComponents(2 * MOST_NODES);
  const nodeSets = Array.from({ length: MOST_NODES + 1 }, (_, k) => gaussLegendre(Math.max(1, k)));
  const nodesOf: { readonly nodes: Uint8Array; readonly most: number }[] = [];
  /** [phase][reflection, radiation] */
  const held: { readonly fwhm: Float64Array; readonly eta: Float64Array }[] = [];
  const shift = new Float64Array(3);
  const factor = new Float64Array(1);
  let isHeld = false;

  function indexOf(name: string): number {
    const found = names.get(name);
    if (found === undefined) {
      throw new InputError(
        "model-parameter",
        `The model has no parameter "${name.slice(0, 60)}"; it has ${[...names.keys()].slice(0, 12).join(", ")} ...`,
      );
    }
    return found;
  }

  function prepare(wanted: readonly number[]): void {
    column.fill(-1);
    wanted.forEach((parameter, j) => {
      column[parameter] = j;
    });
    for (const phase of phases) phase.prepare((parameter) => column[parameter]! >= 0);
    phases.forEach((phase, p) => {
      nodesOf[p] = chooseNodes(phase);
    });
    const needed = lineCapacity();
    if (lines.length < 4 * needed) {
      lines = arena.f64(4 * needed);
      spans = arena.i32(4 * needed);
      owner = new Int32Array(2 * needed);
    }
    const perLine = 24 + Math.max(0, ...phases.map(effectsOf));
    if (terms.length < 4 * needed * perLine) {
      terms = arena.f64(4 * needed * perLine);
      termColumns = arena.i32(needed * perLine);
    }
    if (columns.length < wanted.length * stride) columns = arena.f64(wanted.length * stride);
    if (supports.length < 2 * wanted.length) supports = arena.i32(2 * wanted.length);
    columns.fill(0);
    supports.fill(0);
    changing = [];
    wanted.forEach((parameter, j) => {
      const row = parameter - firstBackground;
      if (background.count > 0 && row >= 0 && row < background.count) {
        columns.set(background.rows.subarray(row * n, (row + 1) * n), j * stride);
        supports.set([0, n], 2 * j);
      } else changing.push(j);
    });
    isHeld = false;
    if (model.holdsWidths) holdWidths();
  }

  /** Nodes so close that neighbouring components overlap. */
  function chooseNodes(phase: PhaseTerms): { nodes: Uint8Array; most: number } {
    const nodes = new Uint8Array(phase.count).fill(1);
    if (!model.hasAsymmetry) return { nodes, most: 1 };
    if (!phase.update(values, false)) return { nodes, most: 2 * MOST_NODES };
    let most = 1;
    for (let r = 0; r < phase.count; r++) {
      const twoThetaDeg = angleOf(phase.inverse[r]!, values[wavelengthAt]!);
      if (!Number.isFinite(twoThetaDeg)) continue;
      if (!widths.update(phase, r, twoThetaDeg, values[wavelengthAt]!, values, null)) continue;
      const reach = axialReach(twoThetaDeg, values[sAt]!, values[hAt]!);
      nodes[r] = Math.min(MOST_NODES, Math.ceil(5 + (3 * reach) / widths.terms.fwhm));
      most = Math.max(most, nodes[r]!);
    }
    return { nodes, most: 2 * most };
  }

  function holdWidths(): void {
    const count = model.radiation.length;
    phases.forEach((phase, p) => {
      const fwhm = new Float64Array(phase.count * count);
      const eta = new Float64Array(phase.count * count);
      held[p] = { fwhm, eta };
      if (!phase.update(values, false)) return;
      for (let r = 0; r < phase.count; r++) {
        model.radiation.forEach(({ ratio }, w) => {
          const wavelength = values[wavelengthAt]! * ratio;
          const angle = angleOf(phase.inverse[r]!, wavelength);
          if (!(angle > 0) || !widths.update(phase, r, angle, wavelength, values, null)) return;
          fwhm[r * count + w] = widths.terms.fwhm;
          eta[r * count + w] = widths.terms.eta;
        });
      }
    });
    isHeld = true;
  }

  function evaluate(derivatives: boolean): boolean {
    lineCount = 0;
    termCount = 0;
    widths.terms.clamped = 0;
    for (let p = 0; p < phases.length; p++) {
      const phase = phases[p]!;
      if (!phase.update(values, derivatives)) return false;
      for (let r = 0; r < phase.count; r++) {
        for (let w = 0; w < model.radiation.length; w++) if (!addReflection(p, r, w, derivatives)) return false;
      }
      phaseEnd[p] = lineCount;
    }
    for (const first of peakAt) if (!addPeak(first, derivatives)) return false;
    fillBackground(calculated);
    if (derivatives) clearColumns();
    for (let first = 0; first < lineCount; first += STRIP) {
      const end = Math.min(first + STRIP, lineCount);
      run.patternLines(
        calculated,
        columns,
        twoTheta,
        stride,
        lines,
        spans,
        terms,
        termColumns,
        first,
        end,
        derivatives ? 1 : 0,
      );
    }
    return true;
  }

  function fillBackground(out: Float64Array): void {
    out.fill(0);
    for (let k = 0; k < background.count; k++) {
      const c = values[firstBackground + k]!;
      if (c === 0) continue;
      const row = k * n;
      for (let i = 0; i < n; i++) out[i]! += c * background.rows[row + i]!;
    }
  }

  /** Clears what the last evaluation has filled, and finds what this one will fill. */
  function clearColumns(): void {
    for (const j of changing) {
      columns.fill(0, j * stride + supports[2 * j]!, j * stride + supports[2 * j + 1]!);
      supports[2 * j] = n;
      supports[2 * j + 1] = 0;
    }
    for (let line = 0; line < lineCount; line++) {
      const [first, end] = [spans[4 * line]!, spans[4 * line + 1]!];
      if (first >= end) continue;
      for (let t = spans[4 * line + 2]!; t < spans[4 * line + 3]!; t++) {
        const j = termColumns[t]!;
        if (first < supports[2 * j]!) supports[2 * j] = first;
        if (end > supports[2 * j + 1]!) supports[2 * j + 1] = end;
      }
    }
    for (const j of changing) if (supports[2 * j]! > supports[2 * j + 1]!) supports[2 * j] = supports[2 * j + 1] = 0;
  }

  function term(j: number, byProfile: number, byPosition: number, byFwhm: number, byEta: number): void {
    if (j < 0) return;
    const t = termCount++;
    terms[4 * t] = byProfile;
    terms[4 * t + 1] = byPosition;
    terms[4 * t + 2] = byFwhm;
    terms[4 * t + 3] = byEta;
    termColumns[t] = j;
  }

  function line(position: number, fwhm: number, eta: number, area: number, phase: number, reflection: number): void {
    const k = lineCount++;
    lines[4 * k] = position;
    lines[4 * k + 1] = fwhm;
    lines[4 * k + 2] = eta;
    lines[4 * k + 3] = area;
    owner[2 * k] = phase;
    owner[2 * k + 1] = reflection;
    const reach = model.cutoff > 0 ? fwhm / 2 / Math.sqrt(model.cutoff) : Infinity;
    spans[4 * k] = firstAtOrAbove(twoTheta, n, position - reach);
    spans[4 * k + 1] = firstAtOrAbove(twoTheta, n, position + reach);
    spans[4 * k + 2] = termCount;
  }
  const endLine = (): void => {
    spans[4 * lineCount - 1] = termCount;
  };

  function addReflection(p: number, r: number, w: number, derivatives: boolean): boolean {
    const phase = phases[p]!;
    const { ratio, weight } = model.radiation[w]!;
    const wavelength = values[wavelengthAt]! * ratio;
    const inverse = phase.inverse[r]!;
    const sine = (wavelength * Math.sqrt(inverse)) / 2;
    if (!(sine < 1)) return true;
    const angle = 2 * DEG * Math.asin(sine);
    const cosine = Math.sqrt(1 - sine * sine);
    const lp = weight * lorentzPolarization(model, angle, factor);
    const lpSlope = factor[0]!;
    const intensity = phase.intensity[r]!;
    const area = intensity * lp;
    let fwhm: number;
    let eta: number;
    if (isHeld) {
      fwhm = held[p]!.fwhm[r * model.radiation.length + w]!;
      eta = held[p]!.eta[r * model.radiation.length + w]!;
      if (!(fwhm > 0)) return true; // it came into reach after prepare
    } else {
      if (!widths.update(phase, r, angle, wavelength, values, derivatives ? column : null)) return false;
      fwhm = widths.terms.fwhm;
      eta = widths.terms.eta;
    }
    let position = angle + values[zeroAt]!;
    let positionByAngle = 1;
    if (model.displacement) {
      displacementShift(model.displacement, angle, values[displacementAt]!, shift);
      position += shift[0]!;
      positionByAngle += shift[1]!;
    }
    let parts: AxialComponents = single;
    if (model.hasAsymmetry) {
      axialComponents(angle, values[sAt]!, values[hAt]!, nodeSets[nodesOf[p]!.nodes[r]!]!, axial);
      parts = axial;
    }
    for (let c = 0; c < parts.count; c++) {
      const share = parts.share[c]!;
      const a = area * share;
      line(position + parts.shift[c]!, fwhm, eta, a, p, r);
      if (derivatives) {
        const { fwhmByTwoTheta, etaByTwoTheta } = widths.terms;
        const toAngle = positionByAngle + parts.shiftByTwoTheta[c]!;
        const byAngle = a * lpSlope + area * parts.shareByTwoTheta[c]!;
        const widthByAngle = isHeld ? 0 : a * fwhmByTwoTheta;
        const etaByAngle = isHeld ? 0 : a * etaByTwoTheta;
        for (const { parameter, slope } of phase.intensityEffects) {
          if (slope[r] !== 0) term(column[parameter]!, slope[r]! * lp * share, 0, 0, 0);
        }
        // d angle = lambda / (2 sqrt(1/d^2) cos) d(1/d^2) / 2, in degrees
        const angleByInverse = (DEG * wavelength) / (2 * Math.sqrt(inverse) * cosine);
        const areaByInverse = phase.intensityByInverse[r]! * lp * share;
        for (const { parameter, slope } of phase.spacingEffects) {
          const d = angleByInverse * slope[r]!;
          if (slope[r] === 0) continue;
          term(
            column[parameter]!,
            byAngle * d + areaByInverse * slope[r]!,
            a * toAngle * d,
            widthByAngle * d,
            etaByAngle * d,
          );
        }
        if (column[wavelengthAt]! >= 0) {
          const d = (DEG * Math.sqrt(inverse) * ratio) / cosine;
          term(column[wavelengthAt]!, byAngle * d, a * toAngle * d, widthByAngle * d, etaByAngle * d);
        }
        term(column[zeroAt]!, 0, a, 0, 0);
        if (model.displacement) term(column[displacementAt]!, 0, a * shift[2]!, 0, 0);
        if (!isHeld) {
          for (let k = 0; k < widths.terms.count; k++)
            term(widths.terms.column[k]!, 0, 0, a * widths.terms.fwhmBy[k]!, a * widths.terms.etaBy[k]!);
        }
        if (model.hasAsymmetry) {
          term(column[sAt]!, area * parts.shareByS[c]!, a * parts.shiftByS[c]!, 0, 0);
          term(column[hAt]!, area * parts.shareByH[c]!, a * parts.shiftByH[c]!, 0, 0);
        }
      }
      endLine();
    }
    return true;
  }

  function addPeak(first: number, derivatives: boolean): boolean {
    const [area, position, fwhm, eta] = [
      values[first]!,
      values[first + 1]!,
      values[first + 2]!,
      values[first + 3]!,
    ] as const;
    if (!(fwhm > 0)) return false;
    line(position, fwhm, eta, area, -1, -1);
    if (derivatives) {
      term(column[first]!, 1, 0, 0, 0);
      term(column[first + 1]!, 0, area, 0, 0);
      term(column[first + 2]!, 0, 0, area, 0);
      term(column[first + 3]!, 0, 0, 0, area);
    }
    endLine();
    return true;
  }

  function phasePattern(phase: number, out: Float64Array): void {
    const buffer = calculated.slice();
    calculated.fill(0);
    const begin = phase === 0 ? 0 : phaseEnd[phase - 1]!;
    run.patternLines(
      calculated,
      columns,
      twoTheta,
      stride,
      lines,
      spans,
      terms,
      termColumns,
      begin,
      phaseEnd[phase]!,
      0,
    );
    out.set(calculated.subarray(0, n));
    calculated.set(buffer);
  }

  /** Integrated intensities of a phase's reflections: calculated, and as the observed pattern has them. */
  function integrals(phase: number, observed: Float64Array): { area: Float64Array; observedArea: Float64Array } {
    const count = phases[phase]!.count;
    const area = new Float64Array(count);
    const observedArea = new Float64Array(count);
    const base = new Float64Array(n);
    fillBackground(base);
    const begin = phase === 0 ? 0 : phaseEnd[phase - 1]!;
    for (let k = begin; k < phaseEnd[phase]!; k++) {
      const r = owner[2 * k + 1]!;
      const [position, fwhm, eta, a] = [lines[4 * k]!, lines[4 * k + 1]!, lines[4 * k + 2]!, lines[4 * k + 3]!];
      area[r]! += a;
      // shares of the far tail say nothing about this line
      const from = Math.max(spans[4 * k]!, firstAtOrAbove(twoTheta, n, position - 4 * fwhm));
      const to = Math.min(spans[4 * k + 1]!, firstAtOrAbove(twoTheta, n, position + 4 * fwhm));
      let [sum, weight] = [0, 0];
      for (let i = from; i < to; i++) {
        const u2 = ((2 * (twoTheta[i]! - position)) / fwhm) ** 2;
        const p = (eta * 2) / Math.PI / (1 + u2) + (1 - eta) * GAUSS * Math.exp(-Math.LN2 * u2);
        const net = calculated[i]! - base[i]!;
        if (!(net > 0)) continue;
        weight += p;
        sum += (p * (observed[i]! - base[i]!)) / net;
      }
      observedArea[r]! += weight > 0 ? (a * sum) / weight : a;
    }
    return { area, observedArea };
  }
  function reflectionsOf(p: number, observed: Float64Array): CalculatedReflections {
    const phase = phases[p]!;
    const twoThetaDeg = new Float64Array(phase.count).fill(Number.NaN);
    const fwhm = new Float64Array(phase.count).fill(Number.NaN);
    const wavelength = values[wavelengthAt]!;
    for (let r = 0; r < phase.count; r++) {
      const angle = angleOf(phase.inverse[r]!, wavelength);
      if (!Number.isFinite(angle)) continue;
      let position = angle + values[zeroAt]!;
      if (model.displacement) {
        displacementShift(model.displacement, angle, values[displacementAt]!, shift);
        position += shift[0]!;
      }
      twoThetaDeg[r] = position;
      if (widths.update(phase, r, angle, wavelength, values, null)) fwhm[r] = widths.terms.fwhm;
    }
    return { twoThetaDeg, fwhm, ...integrals(p, observed) };
  }

  function shareOut(observed: Float64Array): void {
    phases.forEach((phase, p) => {
      if (phase.model.kind !== "le-bail") return;
      const { area, observedArea } = integrals(p, observed);
      for (let r = 0; r < phase.count; r++) {
        if (area[r]! > 0) phase.intensity[r]! *= Math.max(0, observedArea[r]!) / area[r]!;
      }
    });
  }

  phases.forEach((phase) => {
    if (phase.model.kind === "le-bail") phase.intensity.fill(1);
  });
  prepare([]);
  return {
    model,
    parameters,
    values,
    phases,
    twoTheta: twoTheta.subarray(0, n),
    calculated: calculated.subarray(0, n),
    get columns() {
      return columns;
    },
    stride,
    get supports() {
      return supports;
    },
    get clampedWidths() {
      return widths.terms.clamped;
    },
    indexOf,
    prepare,
    evaluate,
    background: fillBackground,
    phasePattern,
    reflectionsOf,
    shareOut,
  };
}

/** Most parameters of a phase that one of its reflections can depend on, besides those of widths. */
const effectsOf = ({ model, spacingEffects, intensityEffects }: PhaseTerms): number =>
  spacingEffects.length + (model.kind === "pawley" ? 1 : intensityEffects.length);

const GAUSS = 2 * Math.sqrt(Math.LN2 / Math.PI);

/** 2theta in degrees, NaN where the wavelength is too long. */
const angleOf = (inverse: number, wavelengthA: number): number =>
  2 * DEG * Math.asin((wavelengthA * Math.sqrt(inverse)) / 2);

function firstAtOrAbove(x: Float64Array, n: number, value: number): number {
  if (value === -Infinity) return 0;
  if (value === Infinity) return n;
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
