/** What is registered: one slice with a few channels that both images have, and what is known of every voxel. */
import { InputError } from "../data/index.ts";

export interface SliceImage {
  readonly ny: number;
  readonly nx: number;
  readonly voxelMm: number;
  /** by what they show ("casing", "cathode"); [y, x], row 0 the lowest, NaN where nothing is known */
  readonly channels: ReadonlyMap<string, Float32Array>;
}

/** A slice ready to be compared: no NaN, 1 in `known` where all channels have a value. */
export interface KnownImage extends SliceImage {
  readonly known: Uint8Array;
}

/**
 * A point of a slice in mm from the middle of its grid, as voxels: the middle of voxel (0, 0) lies at 0, 0.
 */
export const toVoxels = (mm: number, voxelMm: number, n: number): number => mm / voxelMm + (n - 1) / 2;
export const toMm = (voxels: number, voxelMm: number, n: number): number => (voxels - (n - 1) / 2) * voxelMm;

/** @throws InputError "registration-image" */
export function checkImage({ ny, nx, voxelMm, channels }: SliceImage, name: string): void {
  const wrong =
    channels.size === 0
      ? "it has no channels"
      : !(voxelMm > 0)
        ? `its voxels are ${voxelMm} mm`
        : Math.min(ny, nx) < LEAST
          ? `it has ${ny} x ${nx} voxels; ${LEAST} x ${LEAST} are the least`
          : undefined;
  if (wrong) throw new InputError("registration-image", `${name} cannot be registered: ${wrong}.`);
}
const LEAST = 12;

/**
 * The image with air put in where nothing is known outside of the sample, so that its outer edge counts: 0 wherever
 * NaN hangs together with the border of the grid and, where the outline is known, lies beyond it.
 *
 * @param isOutside of a voxel, by the outline of the sample; left out: what hangs together with the border is air
 */
export function fillAir(image: SliceImage, isOutside?: (row: number, col: number) => boolean): KnownImage {
  const { ny, nx } = image;
  const known = new Uint8Array(ny * nx).fill(1);
  for (const values of image.channels.values())
    for (let i = 0; i < known.length; i++) if (!Number.isFinite(values[i]!)) known[i] = 0;
  const air = fromBorder(known, ny, nx);
  if (isOutside) for (let i = 0; i < air.length; i++) if (air[i] && !isOutside(Math.floor(i / nx), i % nx)) air[i] = 0;
  const channels = new Map(
    [...image.channels].map(([name, values]) => [name, values.map((value, i) => (known[i] ? value : 0))] as const),
  );
  for (let i = 0; i < air.length; i++) if (air[i]) known[i] = 1;
  return { ...image, channels, known };
}

/** [y, x] 1 for unknown voxels that reach the border through unknown ones. */
function fromBorder(known: Uint8Array, ny: number, nx: number): Uint8Array {
  const found = new Uint8Array(ny * nx);
  const waiting: number[] = [];
  const visit = (i: number): void => {
    if (known[i] || found[i]) return;
    found[i] = 1;
    waiting.push(i);
  };
  for (let row = 0; row < ny; row++) for (const col of [0, nx - 1]) visit(row * nx + col);
  for (let col = 0; col < nx; col++) for (const row of [0, ny - 1]) visit(row * nx + col);
  for (let i = waiting.pop(); i !== undefined; i = waiting.pop()) {
    const col = i % nx;
    if (col > 0) visit(i - 1);
    if (col < nx - 1) visit(i + 1);
    if (i >= nx) visit(i - nx);
    if (i < nx * (ny - 1)) visit(i + nx);
  }
  return found;
}

/**
 * Smoothed by a Gaussian of `sigma` voxels; voxels that are not known have no weight, and stay unknown.
 */
export function smoothImage(image: KnownImage, sigma: number): KnownImage {
  if (!(sigma > 0)) return image;
  const { ny, nx, known } = image;
  const weight = blur(Float32Array.from(known), ny, nx, sigma);
  const channels = new Map(
    [...image.channels].map(([name, values]) => {
      const sum = blur(
        values.map((value, i) => (known[i] ? value : 0)),
        ny,
        nx,
        sigma,
      );
      return [name, sum.map((value, i) => (known[i] ? value / weight[i]! : 0))] as const;
    }),
  );
  return { ...image, channels };
}

/** Separable, cut off at three sigma; beyond the border lies 0. */
function blur(values: Float32Array, ny: number, nx: number, sigma: number): Float32Array {
  const reach = Math.ceil(3 * sigma);
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2)),
  );
  const total = kernel.reduce((sum, k) => sum + k, 0);
  const rows = new Float32Array(values.length);
  const out = new Float32Array(values.length);
  for (let row = 0; row < ny; row++) {
    for (let k = -reach; k <= reach; k++) {
      const weight = kernel[k + reach]! / total;
      const [from, to] = [Math.max(0, -k), Math.min(nx, nx - k)];
      for (let col = from; col < to; col++) rows[row * nx + col]! += weight * values[row * nx + col + k]!;
    }
  }
  for (let k = -reach; k <= reach; k++) {
    const weight = kernel[k + reach]! / total;
    for (let row = Math.max(0, -k); row < Math.min(ny, ny - k); row++)
      for (let col = 0; col < nx; col++) out[row * nx + col]! += weight * rows[(row + k) * nx + col]!;
  }
  return out;
}
