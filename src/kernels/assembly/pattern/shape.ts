// What the loops over the points of one line share: globals of the instance (one instance a thread).
// Meaning: ../../reference/pattern-lines.ts.
const INVERSE_TWO_PI: f64 = 0.15915494309189535;
const TWO_SQRT_LN2_OVER_PI: f64 = 0.9394372786996513;
const TWO_LN2: f64 = 1.3862943611198906;

export let y: usize = 0;
export let x: usize = 0;
export let columns: usize = 0;
/** bytes from one column to the next */
export let columnBytes: usize = 0;
/** the line's terms and their columns */
export let terms: usize = 0;
export let termsEnd: usize = 0;
export let termColumns: usize = 0;

export let position: f64 = 0;
export let h: f64 = 0;
export let h2: f64 = 0;
export let inverseH2: f64 = 0;
export let unitLorentz: f64 = 0;
export let unitGauss: f64 = 0;
export let lorentz: f64 = 0;
export let gauss: f64 = 0;
export let areaLorentz: f64 = 0;
export let areaGauss: f64 = 0;
export let twoLorentz: f64 = 0;
export let lorentzFwhm: f64 = 0;
export let lorentzSquare: f64 = 0;
export let gaussFwhm: f64 = 0;
export let gaussPosition: f64 = 0;

export function setArrays(yAt: usize, columnsAt: usize, xAt: usize, stride: i32): void {
  y = yAt;
  columns = columnsAt;
  x = xAt;
  columnBytes = (<usize>stride) << 3;
}

/** @param line four f64: position, fwhm, eta, area */
export function setLine(line: usize): void {
  const fwhm = f64.load(line, 8);
  const eta = f64.load(line, 16);
  const area = f64.load(line, 24);
  position = f64.load(line);
  h = 0.5 * fwhm;
  h2 = h * h;
  inverseH2 = 1.0 / h2;
  unitLorentz = fwhm * INVERSE_TWO_PI;
  unitGauss = TWO_SQRT_LN2_OVER_PI / fwhm;
  lorentz = eta * unitLorentz;
  gauss = (1.0 - eta) * unitGauss;
  areaLorentz = area * lorentz;
  areaGauss = area * gauss;
  twoLorentz = lorentz + lorentz;
  lorentzFwhm = eta * INVERSE_TWO_PI;
  lorentzSquare = -(h2 + h2) * lorentzFwhm;
  gaussFwhm = gauss / fwhm;
  gaussPosition = TWO_LN2 * gauss * inverseH2;
}

export const VALUES = 0;
export const POSITIONS = 1;
export const SHAPES = 2;

/** Sets the terms of a line; how much they need: P and dP/dposition (POSITIONS), or dP/dfwhm and dP/deta too (SHAPES). */
export function setTerms(allTerms: usize, allColumns: usize, first: i32, end: i32): i32 {
  terms = allTerms + ((<usize>first) << 5);
  termsEnd = allTerms + ((<usize>end) << 5);
  termColumns = allColumns + ((<usize>first) << 2);
  if (first >= end) return VALUES;
  for (let term = terms; term < termsEnd; term += 32) {
    if (f64.load(term, 16) != 0.0 || f64.load(term, 24) != 0.0) return SHAPES;
  }
  return POSITIONS;
}

/** What a term takes of r, of v r and of r^2 in a tail, with r = 1 / (h^2 + d^2), v = d r. */
export function ofR(term: usize): f64 {
  return f64.load(term) * lorentz + f64.load(term, 16) * lorentzFwhm + f64.load(term, 24) * unitLorentz;
}
export function ofV(term: usize): f64 {
  return f64.load(term, 8) * twoLorentz;
}
export function ofSquare(term: usize): f64 {
  return f64.load(term, 16) * lorentzSquare;
}

export function columnAt(termColumn: usize): usize {
  return columns + <usize>i32.load(termColumn) * columnBytes;
}
