/** The lines of a pattern with their terms, in the layout of the kernel patternLines. */
import type { Arena } from "../kernels/index.ts";

/** Filled anew in every evaluation: add, term, term, ..., end for each line. */
export class LineList {
  /** [line, 4] position, fwhm (degrees), eta, area */
  lines: Float64Array;
  /** [line, 4] first point, end point, first term, end term */
  spans: Int32Array;
  /** [term, 4] factors of the profile and of its derivatives by position, fwhm and eta */
  terms: Float64Array;
  /** [term] */
  termColumns: Int32Array;
  /** [line, 2] phase and ring of each line; -1 for free peaks */
  owner = new Int32Array(0);
  count = 0;
  private termCount = 0;
  private readonly arena: Arena;
  private readonly twoTheta: Float64Array;
  private readonly points: number;
  /** a line ends this many widths from its position */
  private readonly reach: number;

  /**
   * @param twoTheta [points] ascending, longer by what the arena needs
   * @param cutoff a line ends where its Lorentzian is below this share of its top; 0: never
   */
  constructor(arena: Arena, twoTheta: Float64Array, points: number, cutoff: number) {
    this.arena = arena;
    this.twoTheta = twoTheta;
    this.points = points;
    this.reach = cutoff > 0 ? 0.5 / Math.sqrt(cutoff) : Infinity;
    this.lines = arena.f64(0);
    this.spans = arena.i32(0);
    this.terms = arena.f64(0);
    this.termColumns = arena.i32(0);
  }

  /** Makes room; what was in the list is lost where that takes more memory. */
  reserve(lines: number, terms: number): void {
    if (this.owner.length < 2 * lines) {
      this.lines = this.arena.f64(4 * lines);
      this.spans = this.arena.i32(4 * lines);
      this.owner = new Int32Array(2 * lines);
    }
    if (this.termColumns.length < terms) {
      this.terms = this.arena.f64(4 * terms);
      this.termColumns = this.arena.i32(terms);
    }
  }

  clear(): void {
    this.count = 0;
    this.termCount = 0;
  }

  add(position: number, fwhm: number, eta: number, area: number, phase: number, ring: number): void {
    const { lines, spans, owner } = this;
    const k = this.count++;
    const at = 4 * k;
    lines[at] = position;
    lines[at + 1] = fwhm;
    lines[at + 2] = eta;
    lines[at + 3] = area;
    owner[2 * k] = phase;
    owner[2 * k + 1] = ring;
    spans[at + 2] = this.termCount;
    spans[at + 3] = this.termCount;
    if (this.reach === Infinity) {
      spans[at] = 0;
      spans[at + 1] = this.points;
      return;
    }
    // from and to multiples of eight, where the kernel's ends are quickest
    const first = firstAtOrAbove(this.twoTheta, this.points, position - this.reach * fwhm);
    const end = firstAtOrAbove(this.twoTheta, this.points, position + this.reach * fwhm);
    spans[at] = first & -8;
    spans[at + 1] = first === end ? first & -8 : Math.min(this.points, (end + 7) & -8);
  }

  /** A term of the line added last. @param column none where below 0 */
  term(column: number, byProfile: number, byPosition: number, byFwhm: number, byEta: number): void {
    if (column < 0) return;
    const { terms } = this;
    const t = this.termCount++;
    const at = 4 * t;
    terms[at] = byProfile;
    terms[at + 1] = byPosition;
    terms[at + 2] = byFwhm;
    terms[at + 3] = byEta;
    this.termColumns[t] = column;
    this.spans[4 * this.count - 1] = this.termCount;
  }
}

/** First index with x >= value, else n. */
export function firstAtOrAbove(x: Float64Array, n: number, value: number): number {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
