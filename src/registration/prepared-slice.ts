/** A slice made ready for registration once, however many others are laid on it. */
import { quantile } from "../fit/index.ts";
import { smoothAlongCircles } from "./along-circles.ts";
import { fitOutline, type Outline } from "./outline.ts";
import { checkImage, fillAir, type KnownImage, type SliceImage, smoothImage, toMm } from "./slice-image.ts";

export interface PreparedSlice {
  readonly image: KnownImage;
  readonly outline: Outline;
  /** the outline is a circle that was found, not a guess */
  readonly isCircle: boolean;
  /** smoothed by a Gaussian of this standard deviation */
  readonly smooth: (sigmaMm: number) => KnownImage;
  /** and then along circles about the middle of the sample */
  readonly denoised: (sigmaMm: number) => KnownImage;
}

/**
 * @param name for messages: "The reference"
 * @param outlineOf [y, x] image that the outline is taken from; left out: the channel "casing", else the sum of all
 * @throws InputError "registration-image" where the image is too small or has no channel
 */
export function prepareSlice(given: SliceImage, name: string, outlineOf?: Float32Array): PreparedSlice {
  checkImage(given, name);
  const shares = inShares(given);
  const { ny, nx, voxelMm } = shares;
  const sum = sumOf(shares);
  const circle = fitOutline(outlineOf ?? shares.channels.get("casing") ?? sum, ny, nx, voxelMm);
  const found = circle ?? fitOutline(sum, ny, nx, voxelMm);
  const outline = found ?? boxOutline(sum, shares);
  const isBeyond = (row: number, col: number): boolean => distanceTo(outline, shares, row, col) > EDGE * voxelMm;
  const image = fillAir(shares, found && isBeyond);
  const smooth = kept((sigmaMm: number) => smoothImage(image, sigmaMm / voxelMm));
  const denoised = kept((sigmaMm: number) => smoothAlongCircles(smooth(sigmaMm), outline.centreMm));
  return { image, outline, isCircle: found !== undefined, smooth, denoised };
}

/**
 * Voxels: an unknown voxel further out than this from the outline is air. Were more of the edge left out, what is compared
 * would be all inside of it, and what is left of the edge pulls the scale.
 */
const EDGE = 0.5;

function kept<T>(make: (sigmaMm: number) => T): (sigmaMm: number) => T {
  const made = new Map<number, T>();
  return (sigmaMm) => {
    const one = made.get(sigmaMm) ?? make(sigmaMm);
    made.set(sigmaMm, one);
    return one;
  };
}

/** From the outline, outwards. */
const distanceTo = ({ centreMm, radiusMm }: Outline, { ny, nx, voxelMm }: SliceImage, row: number, col: number) =>
  Math.hypot(toMm(col, voxelMm, nx) - centreMm[0], toMm(row, voxelMm, ny) - centreMm[1]) - radiusMm;

/** [y, x] 1 for voxels nearer to the sample than this; all of them where it has no round outline. */
export function withinReach({ image, outline, isCircle }: PreparedSlice, reachMm: number): Uint8Array {
  const { ny, nx } = image;
  const out = new Uint8Array(ny * nx);
  for (let row = 0; row < ny; row++)
    for (let col = 0; col < nx; col++)
      out[row * nx + col] = !isCircle || distanceTo(outline, image, row, col) < reachMm ? 1 : 0;
  return out;
}

/** In shares of the strong voxels: no amount is more. */
const WILD = 1.5;
/** Of the voxels: these are not the strongest, so single fits gone wild do not say what is strong. */
const STRONG = 0.98;

/**
 * What strong voxels hold: of a channel that is in many places their quantile, and of one that is in a single place, as
 * a tab, the most that is left when every voxel has the median of its neighbourhood, which a wild fit does not survive.
 */
function strongOf(sizes: Float32Array, { ny, nx }: SliceImage): number {
  const strong = quantile(sizes, STRONG);
  const near = new Float32Array(9);
  let most = strong;
  for (let row = 1; row < ny - 1; row++)
    for (let col = 1; col < nx - 1; col++) {
      if (!(sizes[row * nx + col]! > most)) continue;
      for (let k = 0; k < 9; k++) near[k] = sizes[(row + Math.floor(k / 3) - 1) * nx + col + (k % 3) - 1]!;
      const middle = near.sort()[4]!;
      if (middle > most) most = middle;
    }
  if (most > 0) return most;
  return sizes.reduce((high, size) => (size > high ? size : high), 0);
}

/** Channels in shares of their strong voxels: scales of 1e-10 are numbers too. */
function inShares(image: SliceImage): SliceImage {
  const channels = [...image.channels].map(([name, values]) => {
    const sizes = values.map(Math.abs);
    const most = strongOf(sizes, image);
    return [name, most > 0 ? values.map((value) => Math.max(-WILD, Math.min(WILD, value / most))) : values] as const;
  });
  return { ...image, channels: new Map(channels) };
}

function sumOf({ channels, ny, nx }: SliceImage): Float32Array {
  const sum = new Float32Array(ny * nx);
  for (const values of channels.values())
    for (let i = 0; i < sum.length; i++) if (values[i]! > 0) sum[i]! += Math.min(WILD, values[i]!);
  return sum;
}

/** Of a sample that is not round: the middle of what is bright, and a circle of its area. */
function boxOutline(values: Float32Array, { ny, nx, voxelMm }: SliceImage): Outline {
  const strong = quantile(values, STRONG);
  let [x, y, count] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    if (!(values[i]! > 0.25 * strong)) continue;
    x += i % nx;
    y += Math.floor(i / nx);
    count++;
  }
  const middle = count > 0 ? [x / count, y / count] : [(nx - 1) / 2, (ny - 1) / 2];
  return {
    centreMm: [toMm(middle[0]!, voxelMm, nx), toMm(middle[1]!, voxelMm, ny)],
    radiusMm: Math.sqrt(Math.max(1, count) / Math.PI) * voxelMm,
    rmsMm: Number.NaN,
    coverage: 0,
  };
}
