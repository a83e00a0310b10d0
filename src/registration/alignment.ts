/**
 * Two slices to be laid on each other, and the way over the voxels that both have.
 *
 * Images are interpolated by cubic convolution (R. G. Keys, IEEE Trans. ASSP 29 (1981) 1153): smooth derivatives.
 */
import type { Placement } from "./placement.ts";
import type { Explained } from "./rotation-search.ts";
import type { KnownImage } from "./slice-image.ts";
import { invertSmall } from "./small-matrix.ts";

/** rotation (rad), shift x and y (mm), ln scale */
export type Parameters4 = readonly [angle: number, x: number, y: number, logScale: number];

export interface Alignment {
  readonly fixed: KnownImage;
  readonly moving: KnownImage;
  readonly explained: readonly Explained[];
  readonly isMirrored: boolean;
  /** every how many-th voxel of the fixed grid is compared, along both axes */
  readonly stride: number;
  /** [y, x] 1 for fixed voxels that count; left out: all that are known */
  readonly compared?: Uint8Array;
}

/** Parameters of a placement. */
export const P = 4;

/** Which of rotation, x, y and scale are refined. */
export type Free = readonly [boolean, boolean, boolean, boolean];

export const toParameters = ({ rotationDeg, shiftMm, scale }: Placement): Parameters4 => [
  (rotationDeg * Math.PI) / 180,
  shiftMm[0],
  shiftMm[1],
  Math.log(scale),
];
export const toPlacement = ([angle, x, y, logScale]: Parameters4, isMirrored: boolean): Placement => ({
  rotationDeg: (angle * 180) / Math.PI,
  shiftMm: [x, y],
  scale: Math.exp(logScale),
  isMirrored,
});

/** Where a moving image is sampled: index of the first of 4 x 4 voxels, and their weights. */
export interface Sampler {
  at: number;
  readonly nx: number;
  readonly wx: Float64Array;
  readonly wy: Float64Array;
  readonly dx: Float64Array;
  readonly dy: Float64Array;
}

/**
 * Goes over the fixed voxels that the moving slice has a value at.
 *
 * @param work is told the fixed voxel, where to sample, and the derivatives of the place (in moving voxels) by the parameters
 */
export function visit(
  { fixed, moving, isMirrored, stride, compared }: Alignment,
  [angle, shiftX, shiftY, logScale]: Parameters4,
  work: (at: number, sampler: Sampler, derivatives: Float64Array) => void,
): number {
  const { nx, ny, voxelMm } = moving;
  const solid = solidBlocks(moving);
  const s = Math.exp(-logScale) / voxelMm;
  const [c, sn] = [s * Math.cos(angle), s * Math.sin(angle)];
  const flip = isMirrored ? -1 : 1;
  const four = (): Float64Array => new Float64Array(4);
  const sampler: Sampler = { at: 0, nx, wx: four(), wy: four(), dx: four(), dy: four() };
  const d = new Float64Array(2 * P);
  let count = 0;
  for (let row = stride >> 1; row < fixed.ny; row += stride) {
    const qy = (row - (fixed.ny - 1) / 2) * fixed.voxelMm - shiftY;
    for (let col = stride >> 1; col < fixed.nx; col += stride) {
      const at = row * fixed.nx + col;
      if (!fixed.known[at] || (compared && !compared[at])) continue;
      const qx = (col - (fixed.nx - 1) / 2) * fixed.voxelMm - shiftX;
      const ux = c * qx + sn * qy;
      const uy = -sn * qx + c * qy;
      const x = flip * ux + (nx - 1) / 2;
      const y = uy + (ny - 1) / 2;
      const [left, low] = [Math.floor(x), Math.floor(y)];
      if (left < 1 || low < 1 || left > nx - 3 || low > ny - 3 || !solid[low * nx + left]) continue;
      sampler.at = (low - 1) * nx + left - 1;
      cubic(x - left, sampler.wx, sampler.dx);
      cubic(y - low, sampler.wy, sampler.dy);
      d[0] = flip * uy;
      d[1] = -flip * c;
      d[2] = -flip * sn;
      d[3] = -flip * ux;
      d[4] = -ux;
      d[5] = sn;
      d[6] = -c;
      d[7] = -uy;
      work(at, sampler, d);
      count++;
    }
  }
  return count;
}

/** [y, x] 1 where the 4 x 4 voxels from one below and left are all known. */
function solidBlocks(image: KnownImage): Uint8Array {
  const kept = solids.get(image);
  if (kept) return kept;
  const { nx, ny, known } = image;
  const out = new Uint8Array(nx * ny);
  for (let row = 1; row < ny - 2; row++)
    for (let col = 1; col < nx - 2; col++) {
      let all = 1;
      for (let r = row - 1; r <= row + 2; r++) for (let k = col - 1; k <= col + 2; k++) all &= known[r * nx + k]!;
      out[row * nx + col] = all;
    }
  solids.set(image, out);
  return out;
}
const solids = new WeakMap<KnownImage, Uint8Array>();

/** Weights of four neighbours and their derivatives; u from the second to the third, 0 to 1. */
function cubic(u: number, w: Float64Array, d: Float64Array): void {
  const [u2, u3] = [u * u, u * u * u];
  w[0] = -0.5 * u3 + u2 - 0.5 * u;
  w[1] = 1.5 * u3 - 2.5 * u2 + 1;
  w[2] = -1.5 * u3 + 2 * u2 + 0.5 * u;
  w[3] = 0.5 * u3 - 0.5 * u2;
  d[0] = -1.5 * u2 + 2 * u - 0.5;
  d[1] = 4.5 * u2 - 5 * u;
  d[2] = -4.5 * u2 + 4 * u + 0.5;
  d[3] = 1.5 * u2 - u;
}

/** The inverse for the parameters that are free; 0 for the others. */
export function restrictedInverse(matrix: Float64Array, free: readonly boolean[]): Float64Array | undefined {
  const kept = [0, 1, 2, 3].filter((i) => free[i]);
  const inverse = invertSmall(
    kept.flatMap((i) => kept.map((j) => matrix[i * P + j]!)),
    kept.length,
  );
  if (!inverse) return undefined;
  const out = new Float64Array(P * P);
  kept.forEach((i, a) => {
    kept.forEach((j, b) => {
      out[i * P + j] = inverse[a * kept.length + b]!;
    });
  });
  return out;
}
