/**
 * The projector pair that knows depth. On an axis of ln(tan 2theta) a parcel t nearer to the detector than the rotation
 * axis is seen shifted by ln(1 - t/L) and 1/(1 - t/L)^2 as strong, whatever it is made of: so a volume of patterns can
 * be projected to what a detector at the distance L sees, and back, without knowing any phase.
 *
 *   radius hit r = (L - t) tan(2theta),   t = -x sin(omega) + y cos(omega)     (see geometry.ts for the axes)
 *
 * Bins couple with those within the largest shift, so work goes in windows: rows [angle, rowLength, rowStride] of which
 * rowBins count, and an image [y, x, imageBins] that reaches beyond them on both sides.
 */
import { InputError } from "../data/index.ts";
import type { Kernels } from "../kernels/index.ts";
import type { ProjectorGeometry } from "./geometry.ts";
import { type PlacedProjector, placeProjector } from "./project.ts";

/** How depth moves patterns. */
export interface Parallax {
  /** depth over distance of one translation step, t / L; its sign is the sense of depth */
  readonly depthStep: number;
  /** bins in a unit of ln(tan 2theta) */
  readonly binsPerUnit: number;
}

/** The bins of one window. */
export interface ShiftedWindow {
  readonly rowBins: number;
  /** at least rowBins */
  readonly rowStride: number;
  readonly imageBins: number;
  /** image bin that lies on row bin 0 at no depth */
  readonly offset: number;
}

export interface PlacedShift {
  readonly placed: PlacedProjector;
  readonly parallax: Parallax;
  readonly window: ShiftedWindow;
  readonly taps: Float32Array;
  readonly scratch: Float32Array;
}

/** Shifts are rounded to a sixteenth of a bin: at most 1/32 wrong, and by chance, for every angle another one. */
const PHASES = 16;
/** Image bins next to those that a shift reaches, for the taps between bins. */
const TAPS_REACH = 7;
/** Up to this depth over distance the logarithm's series holds. */
const DEEPEST = 0.1;
/** Lines of the grid in a call, a fraction of a second. */
const LINES = 8;

/**
 * The largest |t| / L of a voxel: of a slice this deep every voxel's pattern moves by up to this, relative, to either side.
 *
 * @throws InputError "parallax-too-deep"
 */
export function largestDepth({ size, spans }: ProjectorGeometry, depthStep: number): number {
  const centre = (size - 1) / 2;
  let square = 0;
  for (let y = 0; y < size; y++) {
    const [first, end] = [spans[2 * y]!, spans[2 * y + 1]!];
    if (first >= end) continue;
    const x = Math.max(Math.abs(first - centre), Math.abs(end - 1 - centre));
    square = Math.max(square, x * x + (y - centre) ** 2);
  }
  const deepest = Math.sqrt(square) * Math.abs(depthStep);
  if (deepest < DEEPEST) return deepest;
  throw new InputError(
    "parallax-too-deep",
    `The edge of the slice is ${(100 * deepest).toFixed(1)} % of the distance away from the rotation axis, and parallax is modelled up to ${100 * DEEPEST} %. Check distanceMm and stepMm; give reconstruct.size where the sample is smaller than the scan.`,
  );
}

/** Bins that a pattern moves by at most: towards lower and towards higher angles. */
export function shiftReach(deepest: number, binsPerUnit: number): { readonly down: number; readonly up: number } {
  return {
    down: Math.ceil(-Math.log(1 - deepest) * binsPerUnit + 0.1),
    up: Math.ceil(Math.log(1 + deepest) * binsPerUnit + 0.1),
  };
}

/** A window for rows of up to rowStride bins; its image reaches as far beyond them as shifts do. */
export function shiftedWindow(
  reach: ReturnType<typeof shiftReach>,
  rowBins: number,
  rowStride = ceil16(rowBins),
): ShiftedWindow {
  // what moves up by n comes from image bin r + offset - n
  const offset = reach.up + TAPS_REACH;
  return { rowBins, rowStride, imageBins: ceil16(offset + rowStride + reach.down + TAPS_REACH), offset };
}

const ceil16 = (n: number): number => 16 * Math.ceil(n / 16);

/** Taken from the arena: the caller marks and releases. */
export function placeShifted(
  kernels: Kernels,
  geometry: ProjectorGeometry,
  parallax: Parallax,
  window: ShiftedWindow,
): PlacedShift {
  const taps = kernels.arena.f32(6 * PHASES);
  for (let k = 0; k < PHASES; k++) taps.set(lagrangeTaps(k / PHASES), 6 * k);
  return {
    placed: placeProjector(kernels, geometry),
    parallax,
    window,
    taps,
    scratch: kernels.arena.f32(PHASES * window.imageBins + 4 * geometry.angles),
  };
}

/**
 * Weights of the 6 samples at -3 to 2 for the value at -delay, 0 <= delay < 1: the polynomial of fifth degree through
 * them, which leaves the area, the place and the variance of a peak as they are.
 */
export function lagrangeTaps(delay: number): number[] {
  return [-3, -2, -1, 0, 1, 2].map((node) => {
    let weight = 1;
    for (let other = -3; other <= 2; other++) if (other !== node) weight *= (-delay - other) / (node - other);
    return weight;
  });
}

/** rows += A image. @param image [y, x, imageBins] @param rows [angle, rowLength, rowStride] */
export function projectShifted({ run }: Kernels, shift: PlacedShift, image: Float32Array, rows: Float32Array): void {
  const { placed, parallax, window, taps, scratch } = shift;
  const { size, angles, rowLength, rotationAxis, pad } = placed.geometry;
  const { rowStride, rowBins, imageBins, offset } = window;
  const centre = (size - 1) / 2;
  for (let y = 0; y < size; y += LINES) {
    run.projectShifted(
      ...([
        rows,
        rowLength,
        rowStride,
        rowBins,
        image.subarray(y * size * imageBins),
        size,
        imageBins,
        offset,
      ] as const),
      ...([y, Math.min(size, y + LINES), placed.spans, placed.directions, angles, centre, centre] as const),
      ...([rotationAxis + pad, parallax.depthStep, parallax.binsPerUnit, taps, PHASES, scratch] as const),
    );
  }
}

/** image += A^T rows, the exact transpose of projectShifted. */
export function backprojectShifted(
  { run }: Kernels,
  shift: PlacedShift,
  rows: Float32Array,
  image: Float32Array,
): void {
  const { placed, parallax, window, taps, scratch } = shift;
  const { size, angles, rowLength, rotationAxis, pad } = placed.geometry;
  const { rowStride, rowBins, imageBins, offset } = window;
  const centre = (size - 1) / 2;
  for (let y = 0; y < size; y += LINES) {
    run.backprojectShifted(
      ...([image.subarray(y * size * imageBins), size, imageBins, offset, y, Math.min(size, y + LINES)] as const),
      ...([placed.spans, rows, rowLength, rowStride, rowBins, placed.directions, angles, centre, centre] as const),
      ...([rotationAxis + pad, parallax.depthStep, parallax.binsPerUnit, taps, PHASES, scratch] as const),
    );
  }
}
