import { peakExp2 } from "./peak-profile.ts";

/**
 * Adds area-normalised pseudo-Voigts (the lines of a powder pattern) to a model and, where asked, combinations of
 * their derivatives to the columns of a Jacobian. For every point of a line's span
 *
 *   y += area P,   column += cP P + cX dP/dposition + cH dP/dfwhm + cE dP/deta      for each term of the line
 *
 *   P = eta L + (1 - eta) G,   L = H / (2 pi) / (h^2 + d^2),   G = 2 sqrt(ln 2 / pi) / H * 2^(-d^2 / h^2),
 *   d = x - position,   H = fwhm,   h = H / 2
 *
 * (Young & Wiles, J. Appl. Cryst. 15 (1982) 430-438).
 *
 * Where the Gaussian is under 2^-60 of its top only the Lorentzian is evaluated, because the tails are nearly all of
 * the work. They are cut in groups of eight points that start at multiples of eight, so spans that do too are the
 * quickest. A point's sum depends on its own x alone, and on the order of the lines and terms.
 *
 * eta may lie outside 0 to 1; fwhm between 1e-60 and 1e60. Nothing overflows however far a line is.
 *
 * @param y           [n] f64, added to
 * @param columns     [columns, stride] f64, added to where derivatives is 1
 * @param x           [n] f64 ascending, any unit and spacing, gaps allowed
 * @param stride      elements from one column to the next, >= n
 * @param lines       [lines, 4] f64: position, fwhm (unit of x), eta, area (intensity x unit of x)
 * @param spans       [lines, 4] i32: first point, end point, first term, end term (ends not included)
 * @param terms       [terms, 4] f64: cP, cX, cH, cE; position, fwhm and eta count as independent of each other
 * @param termColumns [terms] i32: which column; several terms of a line may share one
 * @param firstLine, endLine which lines to add
 * @param derivatives 0: only y; 1: also the columns
 */
export function patternLines(
  y: Float64Array,
  columns: Float64Array,
  x: Float64Array,
  stride: number,
  lines: Float64Array,
  spans: Int32Array,
  terms: Float64Array,
  termColumns: Int32Array,
  firstLine: number,
  endLine: number,
  derivatives: number,
): void {
  for (let line = firstLine; line < endLine; line++) {
    const [position, fwhm, eta, area] = lines.subarray(4 * line, 4 * line + 4) as unknown as FourNumbers;
    const [first, end, firstTerm, endTerm] = spans.subarray(4 * line, 4 * line + 4) as unknown as FourNumbers;
    const shape = lineShape(fwhm, eta, area);

    const addTerms = (i: number, P: number, dPosition: number, dFwhm: number, dEta: number): void => {
      for (let t = firstTerm; t < endTerm; t++) {
        const at = termColumns[t]! * stride + i;
        const positions = columns[at]! + terms[4 * t]! * P + terms[4 * t + 1]! * dPosition;
        columns[at] = positions + terms[4 * t + 2]! * dFwhm + terms[4 * t + 3]! * dEta;
      }
    };
    const addWhole = (from: number, to: number): void => {
      for (let i = from; i < to; i++) {
        const d = x[i]! - position;
        const d2 = d * d;
        const r = 1 / (shape.h2 + d2);
        const w = Math.min(d2 * shape.inverseH2, MOST);
        const e = peakExp2(w);
        y[i] = y[i]! + (shape.areaLorentz * r + shape.areaGauss * e);
        if (derivatives === 0) continue;
        const L = shape.lorentz * r;
        const v = d * r;
        const dFwhm = shape.lorentzFwhm * r * (1 - shape.twoH2 * r) + shape.gaussFwhm * e * (TWO_LN2 * w - 1);
        addTerms(
          i,
          L + shape.gauss * e,
          L * (v + v) + shape.gaussPosition * e * d,
          dFwhm,
          shape.unitLorentz * r - shape.unitGauss * e,
        );
      }
    };
    const addTail = (from: number, to: number): void => {
      for (let i = from; i < to; i++) {
        const d = x[i]! - position;
        y[i] = y[i]! + shape.areaLorentz * (1 / (shape.h2 + d * d));
      }
      for (let t = firstTerm; derivatives !== 0 && t < endTerm; t++) {
        const [cP, cX, cH, cE] = terms.subarray(4 * t, 4 * t + 4) as unknown as FourNumbers;
        const ofR = cP * shape.lorentz + cH * shape.lorentzFwhm + cE * shape.unitLorentz;
        const ofV = cX * shape.twoLorentz;
        const ofSquare = cH * shape.lorentzSquare;
        const column = termColumns[t]! * stride;
        for (let i = from; i < to; i++) {
          const d = x[i]! - position;
          const r = 1 / (shape.h2 + d * d);
          const v = d * r;
          columns[column + i] = columns[column + i]! + (ofR + ofV * v + ofSquare * r) * r;
        }
      }
    };

    const { groups, core, coreEnd, groupsEnd } = cutSpan(x, first, end, position, shape);
    addWhole(first, groups);
    addTail(groups, core);
    addWhole(core, coreEnd);
    addTail(coreEnd, groupsEnd);
    addWhole(groupsEnd, end);
  }
}

interface LineShape {
  readonly h: number;
  readonly h2: number;
  readonly twoH2: number;
  readonly inverseH2: number;
  /** factors of 1 / (h^2 + d^2) and of 2^(-d^2 / h^2): of unit area, with eta in, with area in, in derivatives */
  readonly unitLorentz: number;
  readonly unitGauss: number;
  readonly lorentz: number;
  readonly gauss: number;
  readonly areaLorentz: number;
  readonly areaGauss: number;
  readonly twoLorentz: number;
  readonly lorentzFwhm: number;
  readonly lorentzSquare: number;
  readonly gaussFwhm: number;
  readonly gaussPosition: number;
}

function lineShape(fwhm: number, eta: number, area: number): LineShape {
  const h = 0.5 * fwhm;
  const h2 = h * h;
  const unitLorentz = fwhm * INVERSE_TWO_PI;
  const unitGauss = TWO_SQRT_LN2_OVER_PI / fwhm;
  const lorentz = eta * unitLorentz;
  const gauss = (1 - eta) * unitGauss;
  const inverseH2 = 1 / h2;
  const lorentzFwhm = eta * INVERSE_TWO_PI;
  return {
    ...{ h, h2, twoH2: h2 + h2, inverseH2, unitLorentz, unitGauss, lorentz, gauss },
    ...{ areaLorentz: area * lorentz, areaGauss: area * gauss },
    ...{ twoLorentz: lorentz + lorentz, lorentzFwhm, lorentzSquare: -(h2 + h2) * lorentzFwhm },
    ...{ gaussFwhm: gauss / fwhm, gaussPosition: TWO_LN2 * gauss * inverseH2 },
  };
}

/** A span in five parts: left over, tail, core (with its Gaussian), tail, left over; tails are whole groups of eight. */
function cutSpan(x: Float64Array, first: number, end: number, position: number, { h }: LineShape) {
  const groups = Math.min((first + 7) & -8, end);
  const groupsEnd = Math.max(groups, end & -8);
  if (groups === groupsEnd) return { groups: end, core: end, coreEnd: end, groupsEnd: end };
  const core = lowerBound(x, groups, groupsEnd, position - REACH * h) & -8;
  const coreEnd = (lowerBound(x, groups, groupsEnd, position + REACH * h) + 7) & -8;
  return { groups, core, coreEnd, groupsEnd };
}

/** First index in [from, to) with x >= value, else to. */
function lowerBound(x: Float64Array, from: number, to: number, value: number): number {
  while (from < to) {
    const middle = (from + to) >> 1;
    if (x[middle]! < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

type FourNumbers = [number, number, number, number];

const INVERSE_TWO_PI = 0.15915494309189535;
const TWO_SQRT_LN2_OVER_PI = 0.9394372786996513;
const TWO_LN2 = 1.3862943611198906;
/** sqrt(60): there the Gaussian is 2^-60 of its top. */
const REACH = 7.745966692414834;
/** Above it peakExp2 has no smaller value; keeps w finite where its product with 2^-w is taken. */
const MOST = 1020;
