/**
 * The windows of bins of a reconstruction with parallax. Depth couples a bin with those within the largest shift, some
 * tens of neighbours at most; so a window of bins is reconstructed with as many neighbours on either side as its result
 * depends on, and the neighbours' own results are thrown away.
 *
 * Each window has its own even axis of ln(tan 2theta), as fine as the finest of its measured bins: an axis for all would
 * have to be as fine at low angles as the bins are at high ones, several times finer than the data.
 */
import { type Axis, type AxisContext, convertAxis, InputError } from "../../data/index.ts";
import {
  largestDepth,
  type Parallax,
  type ProjectorGeometry,
  type ShiftedWindow,
  shiftedWindow,
  shiftReach,
} from "../../projector/index.ts";
import { type Interpolation, planInterpolation } from "./interpolation.ts";

export interface ParallaxWindow {
  /** measured bins that it gives */
  readonly from: number;
  readonly to: number;
  /** measured bins that it needs */
  readonly sourceFrom: number;
  readonly sourceTo: number;
  readonly parallax: Parallax;
  readonly shifted: ShiftedWindow;
  /** row bins from measured bins, counted from sourceFrom */
  readonly toRows: Interpolation;
  /** measured bins from..to from image bins; first is -1 for a bin that stands for no angle */
  readonly toBins: Interpolation;
}

export interface ParallaxPlan {
  /** t / L of one translation step */
  readonly depthStep: number;
  /** largest |t| / L in the slice */
  readonly deepest: number;
  readonly windows: readonly ParallaxWindow[];
}

export interface ParallaxOptions {
  readonly axis: Axis;
  readonly context: AxisContext;
  readonly depthStep: number;
  /** windows begin at multiples of this many bins */
  readonly block: number;
}

/**
 * Row bins on either side of a window's own, in largest shifts: all that see its own image bins. The image reaches one
 * shift further, so that these rows are wholly explained.
 */
const HALO = 1;
/** Blocks are put together while a window has no more own bins than this, or largest shifts times the other. */
const OWN_BINS = 72;
const OWN_SHIFTS = 3;
/** Measured bins beyond the ends of the row bins, for the taps between bins. */
const MARGIN = 3;

/**
 * @throws InputError "parallax-too-deep" | "parallax-axis" | "axis-no-angle" | "axis-needs-wavelength" |
 *   "axis-needs-distance"
 */
export function planParallax(
  geometry: ProjectorGeometry,
  { axis, context, depthStep, block }: ParallaxOptions,
): ParallaxPlan {
  const deepest = largestDepth(geometry, depthStep);
  const places = logTanPlaces(axis, context);
  const bins = places.length;
  const windows: ParallaxWindow[] = [];
  for (let from = 0; from < bins; ) {
    let to = Math.min(bins, from + block);
    while (to < bins && isSmall(places, from, Math.min(bins, to + block), deepest)) to = Math.min(bins, to + block);
    windows.push(planWindow(places, from, to, depthStep, deepest));
    from = to;
  }
  return { depthStep, deepest, windows };
}

/**
 * [bin] ln(tan 2theta); NaN for 0 and below, where there is none.
 *
 * @throws InputError "parallax-axis" | those of convertAxis
 */
function logTanPlaces(axis: Axis, context: AxisContext): Float64Array {
  const places = convertAxis(axis.values, axis.unit, "log-tan", context).map((u) =>
    Number.isFinite(u) ? u : Number.NaN,
  );
  const first = places.findIndex((u) => !Number.isNaN(u));
  const rest = places.subarray(Math.max(0, first));
  if (first >= 0 && rest.length >= 2 && rest.every((u, i) => i === 0 || u > rest[i - 1]!)) return places;
  throw new InputError(
    "parallax-axis",
    `Parallax needs bins of ascending angle, two at least, below 2θ = 90°; the axis has ${axis.values.length} from ${axis.values[0]} to ${axis.values.at(-1)} (${axis.unit}). Check the axis of the sinogram, or take parallax out of reconstruct.`,
  );
}

function finestStep(places: Float64Array, from: number, to: number): number {
  let finest = Infinity;
  for (let i = Math.max(1, from); i < to; i++) finest = Math.min(finest, nanToInfinity(places[i]! - places[i - 1]!));
  return finest;
}
const nanToInfinity = (x: number): number => (Number.isNaN(x) ? Infinity : x);

function isSmall(places: Float64Array, from: number, to: number, deepest: number): boolean {
  const step = finestStep(places, from, to);
  const first = places.subarray(from, to).find((u) => !Number.isNaN(u)) ?? places[to - 1]!;
  return (places[to - 1]! - first) / step <= Math.max(OWN_BINS, (OWN_SHIFTS * deepest) / step);
}

function planWindow(
  places: Float64Array,
  from: number,
  to: number,
  depthStep: number,
  deepest: number,
): ParallaxWindow {
  const lowest = places.findIndex((u) => !Number.isNaN(u));
  const anchor = places[Math.max(from, lowest)]!;
  // the neighbours at higher angles are a little finer
  let last = to;
  while (last < places.length && places[last]! - places[to - 1]! < 2 * HALO * deepest) last++;
  const step = finestStep(places, Math.max(from, lowest), Math.min(places.length, last + 1));
  const parallax = { depthStep, binsPerUnit: 1 / step };
  const reach = shiftReach(deepest, 1 / step);
  const halo = HALO * Math.max(reach.up, reach.down) + MARGIN;
  // row bin r lies at anchor + (start + r) step; a hair of tolerance keeps bins that fall on measured ones
  const start = Math.max(-halo, Math.ceil((places[lowest]! - anchor) / step - 1e-6));
  const highest = places[places.length - 1]!;
  const own = Math.max(0, (places[to - 1]! - anchor) / step);
  const end = Math.min(Math.ceil(own) + halo, Math.floor((highest - anchor) / step + 1e-6));
  const rowBins = Math.max(1, end - start + 1);
  const rows = Float64Array.from({ length: rowBins }, (_, r) => anchor + (start + r) * step);
  const sourceFrom = Math.max(lowest, lastBelow(places, rows[0]!) - MARGIN);
  const sourceTo = Math.min(places.length, lastBelow(places, rows[rowBins - 1]!) + MARGIN + 2);
  const shifted = shiftedWindow(reach, rowBins);
  const image = Float64Array.from(
    { length: shifted.imageBins },
    (_, b) => anchor + (start + b - shifted.offset) * step,
  );
  const wanted = places.slice(from, to).map((u) => (Number.isNaN(u) ? anchor : u));
  const toBins = planInterpolation(image, wanted);
  places.subarray(from, to).forEach((u, i) => {
    if (Number.isNaN(u)) toBins.first[i] = -1;
  });
  return {
    ...{ from, to, sourceFrom, sourceTo, parallax, shifted },
    toRows: planInterpolation(places.slice(sourceFrom, sourceTo), rows),
    toBins,
  };
}

/** Index of the last place that is not above u; NaN counts as below. */
function lastBelow(places: Float64Array, u: number): number {
  const above = places.findIndex((place) => place > u + 1e-12);
  return above < 0 ? places.length - 1 : Math.max(0, above - 1);
}

/** Row and image bins of the largest window. */
export function largestWindow({ windows }: ParallaxPlan): ParallaxWindow {
  const size = ({ shifted }: ParallaxWindow): number => shifted.rowStride + shifted.imageBins;
  return windows.reduce((largest, window) => (size(window) > size(largest) ? window : largest));
}
