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
import { backgroundRows } from "./background.ts";
import { LineList } from "./line-list.ts";
import type { PatternModel } from "./model.ts";
import { ringAreas } from "./observed-areas.ts";
import { type ModelParameter, modelParameters } from "./parameters.ts";
import { createPhaseTerms, type PhaseTerms } from "./phase-terms.ts";
import { createReflectionLines } from "./reflection-lines.ts";

/** Lines a kernel call: V8 does not replace a WASM function that is running by its optimised form. */
const STRIP = 32;

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
  /** [phase] 1: the phase is left out of the pattern, and costs nothing */
  readonly isOff: Uint8Array;
  /**
   * [phase] 1: of all that the phase depends on only its scale is moved until this is 0 again, and the other columns
   * may be without it. Its pattern is then summed once, and is not among the lines of phasePattern and reflectionsOf.
   */
  readonly holdsShape: Uint8Array;
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
  /**
   * Choose the parameters that get a column; also chooses nodes and held widths from the values as they stand. Takes
   * memory of the arena where the columns or lines are more than ever before.
   */
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
 * One closure, because all parts share their memory, most of it in the kernels' arena.
 *
 * @param twoThetaDeg [n] ascending, points in use only
 * @throws InputError "bad-background" | "bad-cell" | "bad-d-min" | "bad-symmetry-operation" | "unknown-scatterer"
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
  const memory = { twoTheta: arena.f64(stride), calculated: arena.f64(stride) };
  memory.twoTheta.set(Float64Array.from(twoThetaDeg));
  if (stride > n) memory.twoTheta[n] = memory.twoTheta[n - 1]!;
  const twoTheta = memory.twoTheta.subarray(0, n);
  const calculated = memory.calculated.subarray(0, n);
  const shortest = wavelengthA * Math.min(...model.radiation.map(({ ratio }) => ratio));
  const last = Math.min(180, twoTheta[n - 1]! + model.marginDeg);
  const dMinA = shortest / (2 * Math.sin((last * Math.PI) / 360));
  const parameters = modelParameters(model, wavelengthA, dMinA);
  const names = new Map(parameters.map(({ name }, i) => [name, i]));
  const values = Float64Array.from(parameters, ({ value }) => value);
  const phases = model.phases.map((phase) => createPhaseTerms(model, phase, names, wavelengthA, dMinA));
  const background = backgroundRows(model.background, twoTheta);
  const firstBackground = background.count > 0 ? names.get(background.names[0]!)! : 0;
  const peakAt = Int32Array.from(model.peaks, (name) => names.get(`peaks/${name}/area`)!);

  const column = new Int32Array(parameters.length).fill(-1);
  const list = new LineList(arena, memory.twoTheta, n, model.cutoff);
  const holdsShape = new Uint8Array(phases.length);
  const reflectionLines = createReflectionLines(model, phases, names, values, column, list, holdsShape);
  const widths = reflectionLines.widths.terms;
  const isOff = new Uint8Array(phases.length);
  /** columns of scales are patterns of unit scale, made from these values and good as long as they stay */
  const shapes = phases.map((_, p) => {
    const of = parameters.flatMap(({ name, phase, isLinear }, i) =>
      !isLinear && (phase ?? p) === p && !name.startsWith("peaks/") ? [i] : [],
    );
    return { of: Int32Array.from(of), values: new Float64Array(of.length).fill(Number.NaN) };
  });
  /** [phase] 1: taken from the column of its scale in this evaluation */
  const isReused = new Uint8Array(phases.length);
  /** end of each phase's lines in the list */
  const phaseEnd = new Int32Array(phases.length);
  let refined: readonly number[] = [-1];
  /** columns that change from one evaluation to the next, and so are cleared and filled */
  let changing = new Int32Array(0);
  let columns = arena.f64(0);
  let supports = arena.i32(0);

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
    if (wanted.length !== refined.length || wanted.some((parameter, j) => parameter !== refined[j])) setColumns(wanted);
    reflectionLines.prepare();
    list.reserve(reflectionLines.lineCapacity + peakAt.length, reflectionLines.termCapacity + 4 * peakAt.length);
    list.clear();
    phaseEnd.fill(0);
    for (const shape of shapes) shape.values.fill(Number.NaN);
  }

  function setColumns(wanted: readonly number[]): void {
    refined = [...wanted];
    column.fill(-1);
    wanted.forEach((parameter, j) => {
      column[parameter] = j;
    });
    for (const phase of phases) phase.prepare((parameter) => column[parameter]! >= 0);
    if (columns.length < wanted.length * stride) columns = arena.f64(wanted.length * stride);
    if (supports.length < 2 * wanted.length) supports = arena.i32(2 * wanted.length);
    columns.fill(0);
    supports.fill(0);
    const isFixed = (parameter: number): boolean =>
      parameter >= firstBackground && parameter < firstBackground + background.count;
    wanted.forEach((parameter, j) => {
      if (!isFixed(parameter)) return;
      const row = (parameter - firstBackground) * n;
      columns.set(background.rows.subarray(row, row + n), j * stride);
      supports.set([0, n], 2 * j);
    });
    changing = Int32Array.from(wanted.keys()).filter((j) => !isFixed(wanted[j]!));
  }

  function evaluate(derivatives: boolean): boolean {
    list.clear();
    widths.clamped = 0;
    for (let p = 0; p < phases.length; p++) {
      isReused[p] = isOff[p] === 0 && holdsShape[p] !== 0 && hasShape(p) ? 1 : 0;
      if (isOff[p] === 0 && isReused[p] === 0 && !addPhase(p, derivatives)) return false;
      phaseEnd[p] = list.count;
    }
    for (let k = 0; k < peakAt.length; k++) if (!addPeak(peakAt[k]!, derivatives)) return false;
    fillBackground(calculated);
    for (let p = 0; p < phases.length; p++) if (isReused[p] !== 0) addShape(p);
    if (derivatives) {
      clearColumns();
      for (let p = 0; p < phases.length; p++) if (isReused[p] === 0) noteShape(p);
    }
    for (let first = 0; first < list.count; first += STRIP) {
      addLines(first, Math.min(first + STRIP, list.count), derivatives ? 1 : 0);
    }
    return true;
  }

  /** Is the column of its scale the phase as it stands? NaN is equal to nothing. */
  function hasShape(p: number): boolean {
    const shape = shapes[p]!;
    for (let i = 0; i < shape.of.length; i++) if (values[shape.of[i]!] !== shape.values[i]) return false;
    return true;
  }
  function noteShape(p: number): void {
    const shape = shapes[p]!;
    const isThere = isOff[p] === 0 && phases[p]!.scaleAt >= 0 && column[phases[p]!.scaleAt]! >= 0;
    for (let i = 0; i < shape.of.length; i++) shape.values[i] = isThere ? values[shape.of[i]!]! : Number.NaN;
  }
  function addShape(p: number): void {
    const { scaleAt } = phases[p]!;
    const j = column[scaleAt]!;
    const scale = values[scaleAt]!;
    const at = j * stride;
    const end = supports[2 * j + 1]!;
    for (let i = supports[2 * j]!; i < end; i++) calculated[i]! += scale * columns[at + i]!;
  }

  function addPhase(p: number, derivatives: boolean): boolean {
    const phase = phases[p]!;
    if (!phase.update(values, derivatives)) return false;
    for (let ring = 0; ring < phase.rings.count; ring++) {
      for (let w = 0; w < model.radiation.length; w++) {
        if (!reflectionLines.addRing(p, ring, w, derivatives)) return false;
      }
    }
    return true;
  }

  function addLines(first: number, end: number, derivatives: number): void {
    const { lines, spans, terms, termColumns } = list;
    const { calculated: out, twoTheta: x } = memory;
    run.patternLines(out, columns, x, stride, lines, spans, terms, termColumns, first, end, derivatives);
  }

  /** Two rows at a time, as the loop waits for memory rather than for sums. */
  function fillBackground(out: Float64Array): void {
    const { rows, count } = background;
    out.fill(0);
    for (let k = 0; k < count; k += 2) {
      const c0 = values[firstBackground + k]!;
      const c1 = k + 1 < count ? values[firstBackground + k + 1]! : 0;
      const row0 = k * n;
      const row1 = k + 1 < count ? row0 + n : row0;
      if (c0 === 0 && c1 === 0) continue;
      for (let i = 0; i < n; i++) out[i]! += c0 * rows[row0 + i]! + c1 * rows[row1 + i]!;
    }
  }

  /** Clears what the last evaluation has filled, and finds what this one will fill. */
  function clearColumns(): void {
    for (let c = 0; c < changing.length; c++) {
      const j = changing[c]!;
      const { phase } = parameters[refined[j]!]!;
      if (phase !== undefined && isReused[phase] !== 0 && phases[phase]!.scaleAt === refined[j]) continue;
      columns.fill(0, j * stride + supports[2 * j]!, j * stride + supports[2 * j + 1]!);
      supports[2 * j] = n;
      supports[2 * j + 1] = 0;
    }
    const { spans, termColumns, count } = list;
    for (let at = 0; at < 4 * count; at += 4) {
      const first = spans[at]!;
      const end = spans[at + 1]!;
      if (first >= end) continue;
      for (let t = spans[at + 2]!; t < spans[at + 3]!; t++) {
        const j = 2 * termColumns[t]!;
        if (first < supports[j]!) supports[j] = first;
        if (end > supports[j + 1]!) supports[j + 1] = end;
      }
    }
    for (let c = 0; c < changing.length; c++) {
      const j = 2 * changing[c]!;
      if (supports[j]! > supports[j + 1]!) supports[j] = 0;
    }
  }

  function addPeak(first: number, derivatives: boolean): boolean {
    const area = values[first]!;
    const fwhm = values[first + 2]!;
    if (!(fwhm > 0)) return false;
    list.add(values[first + 1]!, fwhm, values[first + 3]!, area, -1, -1);
    if (derivatives) {
      list.term(column[first]!, 1, 0, 0, 0);
      list.term(column[first + 1]!, 0, area, 0, 0);
      list.term(column[first + 2]!, 0, 0, area, 0);
      list.term(column[first + 3]!, 0, 0, 0, area);
    }
    return true;
  }

  const phaseBegin = (phase: number): number => (phase === 0 ? 0 : phaseEnd[phase - 1]!);

  function phasePattern(phase: number, out: Float64Array): void {
    const whole = calculated.slice();
    calculated.fill(0);
    addLines(phaseBegin(phase), phaseEnd[phase]!, 0);
    out.set(calculated);
    calculated.set(whole);
  }

  const areasOf = (p: number, observed: Float64Array) => {
    const base = new Float64Array(n);
    fillBackground(base);
    const count = phases[p]!.rings.count;
    return ringAreas(list, phaseBegin(p), phaseEnd[p]!, count, twoTheta, observed, calculated, base);
  };

  function reflectionsOf(p: number, observed: Float64Array): CalculatedReflections {
    const { ringOf, rings, inverse, intensity, multiplicity } = phases[p]!;
    const areas = areasOf(p, observed);
    const weights = new Float64Array(rings.count);
    ringOf.forEach((ring, r) => {
      weights[ring]! += multiplicity[r]!;
    });
    const share = Float64Array.from(ringOf, (ring, r) =>
      rings.intensity[ring] === 0 ? multiplicity[r]! / weights[ring]! : intensity[r]! / rings.intensity[ring]!,
    );
    return {
      twoThetaDeg: inverse.map(reflectionLines.positionOf),
      fwhm: Float64Array.from(ringOf, (ring) => reflectionLines.fwhmOf(p, ring)),
      area: share.map((value, r) => value * areas.calculated[ringOf[r]!]!),
      observedArea: share.map((value, r) => value * areas.observed[ringOf[r]!]!),
    };
  }

  function shareOut(observed: Float64Array): void {
    phases.forEach(({ model: { kind }, ringOf, rings, intensity }, p) => {
      if (kind !== "le-bail") return;
      const areas = areasOf(p, observed);
      const factor = areas.calculated.map((area, ring) =>
        area > 0 ? Math.max(LEAST_SHARE, areas.observed[ring]! / area) : 1,
      );
      const largest = rings.intensity.reduce(
        (most, value, ring) => (areas.isSeen[ring] ? Math.max(most, value * factor[ring]!) : most),
        0,
      );
      // what no point shows must not reach into the range, and must be able to come back when the cell moves
      areas.isSeen.forEach((isSeen, ring) => {
        if (!isSeen && largest > 0) factor[ring] = Math.min(1, (LEAST_SHARE * largest) / rings.intensity[ring]!);
      });
      ringOf.forEach((ring, r) => {
        intensity[r]! *= factor[ring]!;
      });
    });
  }

  prepare([]);
  return {
    model,
    parameters,
    values,
    phases,
    isOff,
    holdsShape,
    twoTheta,
    calculated,
    get columns() {
      return columns;
    },
    stride,
    get supports() {
      return supports;
    },
    get clampedWidths() {
      return widths.clamped;
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

/** An intensity shared out falls at most by this factor a step: from 0 it could not come back. */
const LEAST_SHARE = 1e-3;
