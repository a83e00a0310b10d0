/**
 * Width of each line from the instrument, crystallite size and microstrain, with derivatives.
 *
 *   tchz          G^2 = U tan^2 + V tan + W + (0.9 lambda / (gaussianSize cos))^2 + (4 gaussianStrain tan)^2
 *                 L   = X / cos + Y tan + Z + 0.9 lambda / (size cos) + 4 strain tan          (degrees, FWHM)
 *   pseudo-voigt  H^2 = (U tan^2 + V tan + W) width^2,   eta = eta0 + eta1 2theta
 *
 * A size or strain with an axis depends on the angle phi between plane normal and axis as an ellipse does:
 * value = e a / sqrt((a sin phi)^2 + (e cos phi)^2), e across and a along the axis.
 *
 * Sources: Caglioti, Paoletti & Ricci, Nucl. Instrum. 3 (1958) 223; Thompson, Cox & Hastings, J. Appl. Cryst. 20
 * (1987) 79; the ellipse is that of GSAS-II's uniaxial model.
 */
import type { BraggAngle } from "./line-position.ts";
import { emptyLineShape, thompsonCoxHastings } from "./line-width.ts";
import type { PatternModel } from "./model.ts";
import type { PhaseTerms } from "./phase-terms.ts";

const DEG = 180 / Math.PI;
/** Scherrer constant, times 0.1 for sizes in nm and wavelengths in angstrom, in degrees. */
const SIZE = 0.09 * DEG;
const STRAIN = 4 * DEG;

export interface WidthTerms {
  fwhm: number;
  eta: number;
  /** by 2theta, per degree, at fixed parameters */
  fwhmByTwoTheta: number;
  etaByTwoTheta: number;
  /** of those below */
  count: number;
  /** column index, d fwhm, d eta of each refined parameter that has an effect here */
  readonly column: Int32Array;
  readonly fwhmBy: Float64Array;
  readonly etaBy: Float64Array;
  /** lines so far whose Lorentzian width would have been negative and was taken as 0; the caller sets it back */
  clamped: number;
}

export interface WidthCalculator {
  readonly terms: WidthTerms;
  /** @returns false where the width is not a positive number */
  update(phase: PhaseTerms, ring: number, at: BraggAngle, values: Float64Array, columns: Int32Array | null): boolean;
}

/** @param names of all parameters of the model */
export function createWidthCalculator(
  model: Pick<PatternModel, "profile">,
  names: ReadonlyMap<string, number>,
): WidthCalculator {
  const index = (name: string): number => names.get(name) ?? -1;
  const [U, V, W, X, Y, Z, eta0, eta1] = ["U", "V", "W", "X", "Y", "Z", "eta0", "eta1"].map(index) as EightNumbers;
  const wavelength = index("wavelength");
  const shape = emptyLineShape();
  const terms: WidthTerms = {
    fwhm: 0,
    eta: 0,
    fwhmByTwoTheta: 0,
    etaByTwoTheta: 0,
    count: 0,
    column: new Int32Array(16),
    fwhmBy: new Float64Array(16),
    etaBy: new Float64Array(16),
    clamped: 0,
  };
  const slots = new Map<PhaseTerms, PhaseSlots>();
  const slotsOf = (phase: PhaseTerms): PhaseSlots => {
    let found = slots.get(phase);
    if (!found) {
      found = {
        size: phase.index("size"),
        axialSize: phase.index("axialSize"),
        strain: phase.index("strain"),
        axialStrain: phase.index("axialStrain"),
        gaussianSize: phase.index("gaussianSize"),
        gaussianStrain: phase.index("gaussianStrain"),
        width: phase.index("width"),
      };
      slots.set(phase, found);
    }
    return found;
  };

  function add(columns: Int32Array | null, parameter: number, byGauss2: number, byLorentz: number): void {
    const column = columns && parameter >= 0 ? columns[parameter]! : -1;
    if (column < 0) return;
    const k = terms.count++;
    terms.column[k] = column;
    terms.fwhmBy[k] = shape.fwhmByGauss2 * byGauss2 + shape.fwhmByLorentz * byLorentz;
    terms.etaBy[k] = shape.etaByGauss2 * byGauss2 + shape.etaByLorentz * byLorentz;
  }

  function update(
    phase: PhaseTerms,
    ring: number,
    at: BraggAngle,
    values: Float64Array,
    columns: Int32Array | null,
  ): boolean {
    const { twoThetaDeg, wavelengthA } = at;
    const secant = 1 / at.cosine;
    const tangent = at.sine * secant;
    // d tan / d 2theta and d sec / d 2theta, per degree
    const tangentSlope = (secant * secant) / 2 / DEG;
    const secantSlope = (secant * tangent) / 2 / DEG;
    const slot = slotsOf(phase);
    terms.count = 0;
    const instrument2 = (values[U]! * tangent + values[V]!) * tangent + values[W]!;
    const instrument2Slope = (2 * values[U]! * tangent + values[V]!) * tangentSlope;
    if (model.profile === "pseudo-voigt") {
      if (!(instrument2 > 0)) return false;
      const factor = values[slot.width]!;
      const root = Math.sqrt(instrument2);
      terms.fwhm = root * factor;
      terms.eta = values[eta0]! + values[eta1]! * twoThetaDeg;
      terms.fwhmByTwoTheta = (factor * instrument2Slope) / (2 * root);
      terms.etaByTwoTheta = values[eta1]!;
      shape.fwhmByGauss2 = factor / (2 * root);
      shape.etaByGauss2 = 0;
      add(columns, U, tangent * tangent, 0);
      add(columns, V, tangent, 0);
      add(columns, W, 1, 0);
      shape.fwhmByLorentz = root;
      shape.etaByLorentz = 0;
      add(columns, slot.width, 0, 1);
      shape.fwhmByLorentz = 0;
      shape.etaByLorentz = 1;
      add(columns, eta0, 0, 1);
      add(columns, eta1, 0, twoThetaDeg);
      return terms.fwhm > 0;
    }
    const scherrer = SIZE * wavelengthA * secant;
    const scherrerSlope = SIZE * wavelengthA * secantSlope;
    const gaussSize = values[slot.gaussianSize]!;
    const gaussStrain = values[slot.gaussianStrain]! * STRAIN;
    const gaussSizeWidth = gaussSize > 0 ? scherrer / gaussSize : 0;
    const gauss2 = instrument2 + gaussSizeWidth * gaussSizeWidth + (gaussStrain * tangent) ** 2;
    if (!(gauss2 > 0)) return false;
    const sizeInverse = ellipse(values, slot.size, slot.axialSize, phase.rings.sizeCosine2?.[ring], inverseOut);
    const strain = ellipse(values, slot.strain, slot.axialStrain, phase.rings.strainCosine2?.[ring], strainOut);
    let lorentz =
      values[X]! * secant + values[Y]! * tangent + values[Z]! + scherrer * sizeInverse + STRAIN * strain * tangent;
    if (!Number.isFinite(lorentz)) return false;
    const isClamped = lorentz < 0;
    if (isClamped) {
      lorentz = 0;
      terms.clamped++;
    }
    thompsonCoxHastings(gauss2, lorentz, shape);
    terms.fwhm = shape.fwhm;
    terms.eta = shape.eta;
    if (isClamped) {
      shape.fwhmByLorentz = 0;
      shape.etaByLorentz = 0;
    }
    const gauss2Slope =
      instrument2Slope +
      (gaussSize > 0 ? (2 * gaussSizeWidth * scherrerSlope) / gaussSize : 0) +
      2 * gaussStrain * gaussStrain * tangent * tangentSlope;
    const lorentzSlope =
      values[X]! * secantSlope +
      values[Y]! * tangentSlope +
      scherrerSlope * sizeInverse +
      STRAIN * strain * tangentSlope;
    terms.fwhmByTwoTheta = shape.fwhmByGauss2 * gauss2Slope + shape.fwhmByLorentz * lorentzSlope;
    terms.etaByTwoTheta = shape.etaByGauss2 * gauss2Slope + shape.etaByLorentz * lorentzSlope;
    if (!columns) return true;
    add(columns, U, tangent * tangent, 0);
    add(columns, V, tangent, 0);
    add(columns, W, 1, 0);
    add(columns, X, 0, secant);
    add(columns, Y, 0, tangent);
    add(columns, Z, 0, 1);
    // Scherrer's width is proportional to the wavelength besides its change with the angle
    const base = values[wavelength]!;
    if (scherrer * sizeInverse + gaussSizeWidth > 0)
      add(columns, wavelength, (2 * gaussSizeWidth * gaussSizeWidth) / base, (scherrer * sizeInverse) / base);
    add(columns, slot.size, 0, scherrer * inverseOut[0]!);
    add(columns, slot.axialSize, 0, scherrer * inverseOut[1]!);
    add(columns, slot.strain, 0, STRAIN * tangent * strainOut[0]!);
    add(columns, slot.axialStrain, 0, STRAIN * tangent * strainOut[1]!);
    if (gaussSize > 0) add(columns, slot.gaussianSize, (-2 * gaussSizeWidth * gaussSizeWidth) / gaussSize, 0);
    add(columns, slot.gaussianStrain, 2 * gaussStrain * STRAIN * tangent * tangent, 0);
    return true;
  }

  /** derivatives by the value across and the value along the axis */
  const inverseOut = new Float64Array(2);
  const strainOut = new Float64Array(2);
  /** For sizes the inverse of the ellipse's radius (0 for size 0), for strains the radius. */
  function ellipse(
    values: Float64Array,
    across: number,
    along: number,
    cosine2: number | undefined,
    out: Float64Array,
  ): number {
    const e = values[across]!;
    const isInverse = out === inverseOut;
    if (cosine2 === undefined || along < 0) {
      out[1] = 0;
      if (!isInverse) {
        out[0] = 1;
        return e;
      }
      out[0] = e > 0 ? -1 / (e * e) : 0;
      return e > 0 ? 1 / e : 0;
    }
    const a = values[along]!;
    const sine2 = 1 - cosine2;
    if (!(e > 0 && a > 0)) {
      out[0] = 0;
      out[1] = 0;
      // one of two sizes given: the other direction is not broadened
      if (!isInverse || !(e > 0 || a > 0)) return 0;
      const inverse = e > 0 ? Math.sqrt(sine2) / e : Math.sqrt(cosine2) / a;
      out[e > 0 ? 0 : 1] = -inverse / (e > 0 ? e : a);
      return inverse;
    }
    // 1/radius = sqrt(sin^2 / e^2 + cos^2 / a^2)
    const inverseRadius = Math.sqrt(sine2 / (e * e) + cosine2 / (a * a));
    const byE = -sine2 / (e * e * e * inverseRadius);
    const byA = -cosine2 / (a * a * a * inverseRadius);
    if (isInverse) {
      out[0] = byE;
      out[1] = byA;
      return inverseRadius;
    }
    const square = -1 / (inverseRadius * inverseRadius);
    out[0] = square * byE;
    out[1] = square * byA;
    return 1 / inverseRadius;
  }
  return { terms, update };
}

type EightNumbers = [number, number, number, number, number, number, number, number];

interface PhaseSlots {
  readonly size: number;
  readonly axialSize: number;
  readonly strain: number;
  readonly axialStrain: number;
  readonly gaussianSize: number;
  readonly gaussianStrain: number;
  readonly width: number;
}
