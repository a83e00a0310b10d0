/**
 * Patterns from positions. Peaks are collected as weights on a fine grid of ln tan(2theta), where the depth of a
 * parcel is a rigid shift; the grid is then folded with the peak profile into the bins of the pattern.
 *
 * The grid's step is an eighth of the narrowest FWHM and weights are split over four points by cubic Lagrange
 * interpolation, so area and the first three moments are exact and the pattern is within 1e-3 of a peak's height.
 * The profile is a pseudo-Voigt averaged over each bin. Within CORE widths it is tabulated for each grid point; the
 * smooth tails beyond come from every sixteenth point (error below 3e-5 of the height).
 */
export interface LineShape {
  /** ln tan(2theta) of grid point 0, and the step */
  readonly x0: number;
  readonly dx: number;
  readonly count: number;
  readonly bins: number;
  /** [count] first bin of the core of each grid point */
  readonly coreBin: Int32Array;
  /** [count + 1] where its values lie in core */
  readonly coreStart: Int32Array;
  /** per degree: profile less what the tails give there */
  readonly core: Float32Array;
  /** [ceil(count / 16) + 1, bins] per degree */
  readonly tails: Float32Array;
}

export interface LineShapeOptions {
  /** [bins + 1] degrees 2theta, ascending */
  readonly binEdgesDeg: Float64Array;
  /** ln tan(2theta) of the lowest and highest position to come */
  readonly from: number;
  readonly to: number;
  /** FWHM at 2theta, degrees */
  readonly fwhmDeg: (twoThetaDeg: number) => number;
  /** Lorentzian fraction */
  readonly eta: number;
}

const POINTS_PER_FWHM = 8;
const CORE = 10;
export const TAIL_STEP = 16;
/** Cubic weights reach one point below and two above; a shift and a position are both split so. */
const MARGIN = 6;
const DEG = 180 / Math.PI;

export function createLineShape(options: LineShapeOptions): LineShape {
  const { binEdgesDeg, from, to, fwhmDeg, eta } = options;
  const bins = binEdgesDeg.length - 1;
  const dx = gridStep(from, to, fwhmDeg) / POINTS_PER_FWHM;
  const x0 = from - MARGIN * dx;
  const count = Math.ceil((to - from) / dx) + 2 * MARGIN + 1;
  const twoTheta = (x: number): number => DEG * Math.atan(Math.exp(x));
  const nodes = Math.ceil(count / TAIL_STEP) + 1;
  const tails = new Float32Array(nodes * bins);
  for (let node = 0; node < nodes; node++) {
    const centre = twoTheta(x0 + node * TAIL_STEP * dx);
    fillProfile(tails.subarray(node * bins), binEdgesDeg, 0, bins, centre, fwhmDeg(centre), eta);
  }
  const coreBin = new Int32Array(count);
  const coreStart = new Int32Array(count + 1);
  for (let i = 0; i < count; i++) {
    const centre = twoTheta(x0 + i * dx);
    const reach = CORE * fwhmDeg(centre);
    coreBin[i] = firstAbove(binEdgesDeg, centre - reach, bins);
    coreStart[i + 1] = coreStart[i]! + Math.max(0, firstAbove(binEdgesDeg, centre + reach, bins) - coreBin[i]!);
  }
  const core = new Float32Array(coreStart[count]!);
  for (let i = 0; i < count; i++) {
    const centre = twoTheta(x0 + i * dx);
    const values = core.subarray(coreStart[i]!, coreStart[i + 1]!);
    fillProfile(values, binEdgesDeg, coreBin[i]!, values.length, centre, fwhmDeg(centre), eta);
    const node = Math.floor(i / TAIL_STEP);
    const share = i / TAIL_STEP - node;
    for (let b = 0; b < values.length; b++) {
      const at = node * bins + coreBin[i]! + b;
      values[b]! -= (1 - share) * tails[at]! + share * tails[at + bins]!;
    }
  }
  return { x0, dx, count, bins, coreBin, coreStart, core, tails };
}

/** The narrowest FWHM in ln tan(2theta); d ln tan(x) = 2 dx / sin(2x). */
function gridStep(from: number, to: number, fwhmDeg: (twoThetaDeg: number) => number): number {
  let narrowest = Number.POSITIVE_INFINITY;
  for (let i = 0; i <= 64; i++) {
    const twoTheta = Math.atan(Math.exp(from + ((to - from) * i) / 64));
    narrowest = Math.min(narrowest, (2 * (fwhmDeg(twoTheta * DEG) / DEG)) / Math.sin(2 * twoTheta));
  }
  return narrowest;
}

/** Lower edge index of the first bin whose lower edge is not below the angle, at most `bins`. */
function firstAbove(edges: Float64Array, angle: number, bins: number): number {
  let low = 0;
  let high = bins;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! < angle) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Area-normalised pseudo-Voigt averaged over bins first ... first + n - 1. */
function fillProfile(
  out: Float32Array,
  edges: Float64Array,
  first: number,
  n: number,
  centre: number,
  fwhm: number,
  eta: number,
): void {
  let below = n > 0 ? pseudoVoigtBelow(edges[first]! - centre, fwhm, eta) : 0;
  for (let b = 0; b < n; b++) {
    const above = pseudoVoigtBelow(edges[first + b + 1]! - centre, fwhm, eta);
    out[b] = (above - below) / (edges[first + b + 1]! - edges[first + b]!);
    below = above;
  }
}

/** Area of a pseudo-Voigt of area 1 below `offset` from its centre. */
export function pseudoVoigtBelow(offset: number, fwhm: number, eta: number): number {
  const gauss = 0.5 * (1 + erf((offset * 2 * Math.sqrt(Math.LN2)) / fwhm));
  const lorentz = 0.5 + Math.atan((2 * offset) / fwhm) / Math.PI;
  return (1 - eta) * gauss + eta * lorentz;
}

/** By its Taylor series below 3 and the continued fraction of erfc above; better than 1e-13. */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
      if (n > 200) break;
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (size + fraction);
  return Math.sign(x) * (1 - Math.exp(-size * size) / (Math.sqrt(Math.PI) * (size + fraction)));
}

/**
 * out[bin] += sum_i grid[i] profile_i(bin).
 *
 * @param grid  [count] areas in degree x counts, as addPeak leaves them
 * @param nodes [tail nodes] scratch
 */
export function foldLineShape(shape: LineShape, grid: Float32Array, out: Float32Array, nodes: Float32Array): void {
  const { count, bins, coreBin, coreStart, core, tails } = shape;
  const used = Math.ceil(count / TAIL_STEP) + 1;
  nodes.fill(0, 0, used);
  for (let i = 0; i < count; i++) {
    const area = grid[i]!;
    if (area === 0) continue;
    const node = (i / TAIL_STEP) | 0;
    const share = i / TAIL_STEP - node;
    nodes[node]! += (1 - share) * area;
    nodes[node + 1]! += share * area;
    const start = coreStart[i]!;
    const n = coreStart[i + 1]! - start;
    const at = coreBin[i]!;
    for (let b = 0; b < n; b++) out[at + b]! += area * core[start + b]!;
  }
  for (let node = 0; node < used; node++) {
    const area = nodes[node]!;
    if (area === 0) continue;
    const start = node * bins;
    for (let b = 0; b < bins; b++) out[b]! += area * tails[start + b]!;
  }
}

/** Adds a peak at grid position `p` (in steps, between 1 and count - 3) to the row starting at `at`. */
export function addPeak(grid: Float32Array, at: number, p: number, area: number): void {
  const i = Math.floor(p);
  const u = p - i;
  const [up, down, far] = [u + 1, u - 1, u - 2];
  const o = at + i;
  grid[o - 1]! -= (area * u * down * far) / 6;
  grid[o]! += (area * up * down * far) / 2;
  grid[o + 1]! -= (area * up * u * far) / 2;
  grid[o + 2]! += (area * up * u * down) / 6;
}
