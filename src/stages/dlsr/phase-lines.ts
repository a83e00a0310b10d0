/**
 * The lines of a phase as they appear from a parcel at a depth:
 *
 *   2theta' = zero + atan((1 - tau) tan 2theta(cell)),   area = I / (1 - tau)^2,   tau = depth / distance
 *
 * I is S m |F|^2 PO LP of the model at scale 1 and is held while the cell moves by fractions of a per cent; width and
 * shape are the model's at the apparent angle.
 */
import { cellFreedom } from "../../crystal/index.ts";
import { InputError } from "../../data/index.ts";
import type { PatternCalculator } from "../../pattern/calculator.ts";
import { emptyBraggAngle, lorentzPolarization, setBraggAngle } from "../../pattern/line-position.ts";
import type { PhaseTerms } from "../../pattern/phase-terms.ts";
import { createReciprocalGradient } from "../../pattern/reciprocal-gradient.ts";
import { createWidthCalculator } from "../../pattern/width-terms.ts";
import { addPseudoVoigt } from "./profile.ts";

const DEG = 180 / Math.PI;

export interface PhaseLinesOptions {
  /**
   * Parameters of the phase's broadening ("size", "strain", ...) that count as none: found on a mean pattern they are
   * mostly parallax.
   */
  readonly withoutBroadening?: readonly string[];
}

/** One line for each ring and radiation line. */
export interface PhaseLines {
  readonly phase: string;
  /** [channel] degrees, ascending */
  readonly twoTheta: Float64Array;
  /** free cell parameters, as in the model */
  readonly cellNames: readonly string[];
  /** [n] the model's */
  readonly cell: Float64Array;
  readonly ringCount: number;
  /** [ring, 3] of the first reflection of each */
  readonly hkl: Int32Array;
  /** [ring] integrated intensity at scale 1 and depth 0, all radiation lines */
  readonly intensity: Float64Array;
  readonly lineCount: number;
  /** [line] */
  readonly ringOf: Int32Array;
  /** [line] */
  readonly lineIntensity: Float64Array;
  /** whether width and shape depend on the angle alone, and not on the line */
  readonly hasCommonWidths: boolean;
  /** [line] tan 2theta in a cell, NaN where the line cannot be reached. @returns false where the cell has no volume */
  tangentsOf(cell: ArrayLike<number>, out: Float64Array): boolean;
  /** a line of tan 2theta T hits the detector at (reach - tau) T: 1, less what the model's displacement takes */
  readonly reach: number;
  /** Where a line of this tan 2theta appears, degrees. */
  apparentDeg(tangent: number, tau: number): number;
  /** Width at an apparent angle, degrees. */
  fwhmOf(line: number, apparentDeg: number): number;
  /** Lorentzian share at an apparent angle. */
  etaOf(line: number, apparentDeg: number): number;
  /**
   * Adds the pattern of a parcel of unit scale.
   *
   * @param width factor on the widths of all lines
   * @param out   [channel]
   * @returns false where the cell has no volume: nothing is added then
   */
  addPattern(cell: ArrayLike<number>, tau: number, width: number, out: Float64Array): boolean;
  /** The same with other intensities. @param factors [ring] on the model's */
  withFactors(factors: ArrayLike<number>): PhaseLines;
}

/** What addPattern and its kin work on. */
interface LineTable {
  readonly phase: string;
  readonly twoTheta: Float64Array;
  readonly cellNames: readonly string[];
  readonly cell: Float64Array;
  /** the six cell parameters = matrix . free + constant */
  readonly matrix: Float64Array;
  readonly constant: Float64Array;
  readonly hkl: Int32Array;
  /** [ring, 6] hh kk ll kl hl hk */
  readonly products: Float64Array;
  readonly ringCount: number;
  readonly ringOf: Int32Array;
  readonly wavelengthA: Float64Array;
  readonly modelIntensity: Float64Array;
  readonly reference: Float64Array;
  readonly fwhm: Float64Array;
  readonly fwhmSlope: Float64Array;
  readonly eta: Float64Array;
  readonly etaSlope: Float64Array;
  readonly zeroDeg: number;
  /** tau of the model's displacement */
  readonly offset: number;
  /** widths that depend on the angle alone, on a grid of angles */
  readonly common?: CommonWidths | undefined;
}

interface CommonWidths {
  /** between grid points, degrees */
  readonly step: number;
  /** [point] at step (i + 1) */
  readonly fwhm: Float64Array;
  readonly eta: Float64Array;
}

/** Widths curve so little that straight lines between these are right to 1e-5. */
const WIDTH_GRID_DEG = 0.05;

/**
 * The lines of one phase of a model at its present values.
 *
 * @throws InputError "dlsr-profile" where the model has terms that lines at depths are not made for
 */
export function createPhaseLines(
  calculator: PatternCalculator,
  phase: number,
  options: PhaseLinesOptions = {},
): PhaseLines {
  checkModel(calculator);
  return fromTable(lineTable(calculator, phase, options), undefined);
}

function checkModel({ model }: PatternCalculator): void {
  const found = model.hasAsymmetry
    ? "axial divergence (SL, HL)"
    : model.hasHowardAsymmetry
      ? "Howard's asymmetry"
      : model.displacement && model.displacement.geometry !== "detector"
        ? "the displacement of a Bragg-Brentano goniometer"
        : undefined;
  if (!found) return;
  throw new InputError(
    "dlsr-profile",
    `The model has ${found}, and direct least-squares reconstruction knows symmetric lines on a detector behind the sample alone: take that term out of the model and refine again.`,
  );
}

function lineTable(calculator: PatternCalculator, phase: number, options: PhaseLinesOptions): LineTable {
  const { model, parameters, twoTheta } = calculator;
  const terms = calculator.phases[phase]!;
  const name = terms.model.name;
  const values = calculator.values.slice();
  if (terms.scaleAt >= 0) values[terms.scaleAt] = 1;
  for (const key of options.withoutBroadening ?? []) {
    const at = terms.index(key);
    if (at >= 0) values[at] = key === "width" ? 1 : 0;
  }
  if (!terms.update(values, false)) {
    throw new InputError(
      "bad-cell",
      `The cell of ${name} in the model encloses no volume: give its start values again.`,
    );
  }
  const names = new Map(parameters.map((one, i) => [one.name, i]));
  const wavelength = values[names.get("wavelength")!]!;
  const lines = settleLines(calculator, terms, values, wavelength, names);
  const firsts = Int32Array.from({ length: terms.rings.count }, (_, ring) => terms.ringOf.indexOf(ring));
  const freedom = cellFreedom(terms.model.structure);
  const hkl = Int32Array.from(Array.from(firsts).flatMap((r) => [terms.h[r]!, terms.k[r]!, terms.l[r]!]));
  // back to what the calculator last knew
  terms.update(calculator.values, false);
  return {
    phase: name,
    twoTheta: twoTheta.slice(),
    cellNames: freedom.names,
    cell: Float64Array.from(freedom.names, (key) => values[terms.index(key)]!),
    matrix: freedom.matrix,
    constant: freedom.constant,
    hkl,
    products: Float64Array.from(
      Array.from(firsts).flatMap((r) => {
        const [h, k, l] = [terms.h[r]!, terms.k[r]!, terms.l[r]!];
        return [h * h, k * k, l * l, k * l, h * l, h * k];
      }),
    ),
    ringCount: terms.rings.count,
    ...lines,
    zeroDeg: values[names.get("zero")!]!,
    offset: model.displacement ? values[names.get("displacement")!]! / model.displacement.lengthMm : 0,
    common:
      model.radiation.length === 1 && !terms.rings.sizeCosine2 && !terms.rings.strainCosine2
        ? commonWidths(calculator, terms, values, wavelength, names)
        : undefined,
  };
}

/** Undefined where the width makes no sense somewhere: lines then have the widths of where they are. */
function commonWidths(
  { model, twoTheta }: PatternCalculator,
  terms: PhaseTerms,
  values: Float64Array,
  wavelengthA: number,
  names: ReadonlyMap<string, number>,
): CommonWidths | undefined {
  const widths = createWidthCalculator(model, names);
  const count = Math.ceil((twoTheta[twoTheta.length - 1]! + model.marginDeg) / WIDTH_GRID_DEG) + 2;
  const out = { step: WIDTH_GRID_DEG, fwhm: new Float64Array(count), eta: new Float64Array(count) };
  for (let i = 0; i < count; i++) {
    const twoThetaDeg = WIDTH_GRID_DEG * (i + 1);
    const theta = twoThetaDeg / (2 * DEG);
    const at = { twoThetaDeg, sine: Math.sin(theta), cosine: Math.cos(theta), wavelengthA };
    if (!widths.update(terms, 0, at, values, null)) return undefined;
    out.fwhm[i] = widths.terms.fwhm;
    out.eta[i] = widths.terms.eta;
  }
  return out;
}

/** Intensity of each line, and its width as a straight line about the angle where it is in the model. */
function settleLines(
  { model }: PatternCalculator,
  terms: PhaseTerms,
  values: Float64Array,
  wavelength: number,
  names: ReadonlyMap<string, number>,
): Pick<
  LineTable,
  "ringOf" | "wavelengthA" | "modelIntensity" | "reference" | "fwhm" | "fwhmSlope" | "eta" | "etaSlope"
> {
  const widths = createWidthCalculator(model, names);
  const bragg = emptyBraggAngle();
  const slope = new Float64Array(1);
  const rows: number[][] = [];
  for (let ring = 0; ring < terms.rings.count; ring++) {
    for (const { ratio, weight } of model.radiation) {
      if (!setBraggAngle(terms.rings.inverse[ring]!, wavelength * ratio, bragg)) continue;
      if (!(bragg.twoThetaDeg < 90) || !widths.update(terms, ring, bragg, values, null)) continue;
      const lp = weight * lorentzPolarization(model, bragg, slope);
      const { fwhm, eta, fwhmByTwoTheta, etaByTwoTheta } = widths.terms;
      rows.push([
        ring,
        wavelength * ratio,
        terms.rings.intensity[ring]! * lp,
        bragg.twoThetaDeg,
        fwhm,
        fwhmByTwoTheta,
        eta,
        etaByTwoTheta,
      ]);
    }
  }
  const column = (k: number): Float64Array => Float64Array.from(rows, (row) => row[k]!);
  return {
    ringOf: Int32Array.from(rows, (row) => row[0]!),
    wavelengthA: column(1),
    modelIntensity: column(2),
    reference: column(3),
    fwhm: column(4),
    fwhmSlope: column(5),
    eta: column(6),
    etaSlope: column(7),
  };
}

/** One closure, because what it does in its innermost loops shares its memory. */
function fromTable(table: LineTable, factors: ArrayLike<number> | undefined): PhaseLines {
  const { ringOf, ringCount, products, matrix, constant, wavelengthA, zeroDeg, offset, twoTheta } = table;
  const { reference, fwhm, fwhmSlope, eta, etaSlope } = table;
  const lineCount = ringOf.length;
  const free = table.cellNames.length;
  const lineIntensity = table.modelIntensity.map((value, line) => value * (factors ? factors[ringOf[line]!]! : 1));
  const intensity = new Float64Array(ringCount);
  lineIntensity.forEach((value, line) => {
    intensity[ringOf[line]!]! += value;
  });
  const six = new Float64Array(6);
  const reciprocal = createReciprocalGradient();
  const tangents = new Float64Array(lineCount);
  const inverse = new Float64Array(ringCount);

  function tangentsOf(cell: ArrayLike<number>, out: Float64Array): boolean {
    for (let i = 0; i < 6; i++) {
      let value = constant[i]!;
      for (let q = 0; q < free; q++) value += matrix[i * free + q]! * cell[q]!;
      six[i] = value;
    }
    if (!reciprocal.update(six)) return false;
    for (let ring = 0, at = 0; ring < ringCount; ring++, at += 6) {
      let sum = 0;
      for (let i = 0; i < 6; i++) sum += reciprocal.metric[i]! * products[at + i]!;
      inverse[ring] = sum;
    }
    for (let line = 0; line < lineCount; line++) {
      const sine = (wavelengthA[line]! * Math.sqrt(inverse[ringOf[line]!]!)) / 2;
      const sine2 = sine * sine;
      out[line] = sine2 < 0.5 ? (2 * sine * Math.sqrt(1 - sine2)) / (1 - 2 * sine2) : Number.NaN;
    }
    return true;
  }

  const reach = 1 - offset;
  const apparentDeg = (tangent: number, tau: number): number => zeroDeg + DEG * Math.atan((reach - tau) * tangent);
  const { common } = table;
  const between = (grid: Float64Array, x: number): number => {
    const u = Math.min(grid.length - 1.001, Math.max(0, (x - zeroDeg) / common!.step - 1));
    const i = Math.floor(u);
    return grid[i]! + (u - i) * (grid[i + 1]! - grid[i]!);
  };
  const fwhmOf = (line: number, x: number): number =>
    common
      ? between(common.fwhm, x)
      : Math.max(0.1 * fwhm[line]!, fwhm[line]! + fwhmSlope[line]! * (x - zeroDeg - reference[line]!));
  const etaOf = (line: number, x: number): number =>
    common ? between(common.eta, x) : eta[line]! + etaSlope[line]! * (x - zeroDeg - reference[line]!);

  function addPattern(cell: ArrayLike<number>, tau: number, width: number, out: Float64Array): boolean {
    if (!tangentsOf(cell, tangents)) return false;
    const q = 1 / (1 - tau) ** 2;
    for (let line = 0; line < lineCount; line++) {
      const area = lineIntensity[line]! * q;
      if (area === 0 || Number.isNaN(tangents[line]!)) continue;
      const x = apparentDeg(tangents[line]!, tau);
      addPseudoVoigt(out, twoTheta, x, width * fwhmOf(line, x), etaOf(line, x), area);
    }
    return true;
  }

  return {
    phase: table.phase,
    twoTheta,
    cellNames: table.cellNames,
    cell: table.cell,
    ringCount,
    hkl: table.hkl,
    intensity,
    lineCount,
    ringOf,
    lineIntensity,
    hasCommonWidths: common !== undefined,
    tangentsOf,
    reach,
    apparentDeg,
    fwhmOf,
    etaOf,
    addPattern,
    withFactors: (other) => fromTable(table, other),
  };
}
