/**
 * A slice seen from a point inside: rays and radii. Angles count from x towards y, so counter-clockwise as a slice is
 * drawn; positions are in voxels, voxel (row, col) lying at (x, y) = (col, row).
 */
import { InputError } from "../../data/index.ts";

export interface Image {
  readonly ny: number;
  readonly nx: number;
  /** [y, x], without NaN */
  readonly values: Float32Array;
}

export interface PolarFrame {
  readonly x0: number;
  readonly y0: number;
  /** rays in a full turn */
  readonly angles: number;
  readonly radii: number;
  /** voxels from radius to radius, the first at 0 */
  readonly step: number;
  /** 1: rays run counter-clockwise; -1: clockwise */
  readonly sense: 1 | -1;
}

/** Voxels across that no cell is found in fewer of. */
const FEWEST = 16;

/** @throws InputError "places-size" where a slice has too few voxels */
export function checkSize({ ny, nx }: { readonly ny: number; readonly nx: number }): void {
  if (Math.min(ny, nx) >= FEWEST) return;
  throw new InputError(
    "places-size",
    `The slice has ${ny} x ${nx} voxels (rows x columns); a cell is looked for in ${FEWEST} x ${FEWEST} and more. Is it the right file?`,
  );
}

/** A frame that reaches the corners, or `reach` voxels; about one voxel from ray to ray at its rim. */
export function polarFrame(
  { ny, nx }: { readonly ny: number; readonly nx: number },
  centre: readonly [number, number],
  reach = Math.hypot(ny, nx) / 2,
  step = 0.25,
): PolarFrame {
  const angles = Math.max(64, 4 * Math.ceil((2 * Math.PI * reach) / 4));
  return { x0: centre[0], y0: centre[1], angles, radii: Math.ceil(reach / step) + 1, step, sense: 1 };
}

/** Values along the rays, between voxels by cubic convolution; 0 outside the slice. @returns [angle, radius] */
export function samplePolar(image: Image, frame: PolarFrame): Float32Array {
  const { angles, radii, step } = frame;
  const out = new Float32Array(angles * radii);
  for (let i = 0; i < angles; i++) {
    const [cosine, sine] = direction(frame, i);
    for (let k = 0; k < radii; k++) {
      const r = k * step;
      out[i * radii + k] = sampleAt(image, frame.x0 + r * cosine, frame.y0 + r * sine);
    }
  }
  return out;
}

/** Cosine and sine of a ray, which may lie between two. */
export function direction({ angles, sense }: PolarFrame, ray: number): readonly [number, number] {
  const angle = (2 * Math.PI * ray) / angles;
  return [Math.cos(angle), sense * Math.sin(angle)];
}

/** Number of the ray, 0 to `angles`, on which a point lies, and its distance from the centre. */
export function polarOf(frame: PolarFrame, x: number, y: number): readonly [number, number] {
  const turn = (frame.sense * Math.atan2(y - frame.y0, x - frame.x0)) / (2 * Math.PI);
  return [(turn - Math.floor(turn)) * frame.angles, Math.hypot(x - frame.x0, y - frame.y0)];
}

/** Cubic convolution with a = -1/2 (Keys, IEEE Trans. Acoust. 29 (1981) 1153): keeps lines of one voxel their height. */
export function sampleAt({ ny, nx, values }: Image, x: number, y: number): number {
  const col = Math.floor(x);
  const row = Math.floor(y);
  if (row < 0 || col < 0 || row >= ny || col >= nx) return 0;
  const [fx, fy] = [x - col, y - row];
  const [x0, x1, x2, x3] = [outer(1 + fx), inner(fx), inner(1 - fx), outer(2 - fx)];
  let sum = 0;
  for (let j = -1; j < 3; j++) {
    const weight = j === -1 ? outer(1 + fy) : j === 0 ? inner(fy) : j === 1 ? inner(1 - fy) : outer(2 - fy);
    const at = Math.min(ny - 1, Math.max(0, row + j)) * nx;
    const [a, b, c, d] = [
      at + Math.max(0, col - 1),
      at + col,
      at + Math.min(nx - 1, col + 1),
      at + Math.min(nx - 1, col + 2),
    ];
    sum += weight * (x0 * values[a]! + x1 * values[b]! + x2 * values[c]! + x3 * values[d]!);
  }
  return sum;
}

const inner = (t: number): number => (1.5 * t - 2.5) * t * t + 1;
const outer = (t: number): number => ((-0.5 * t + 2.5) * t - 4) * t + 2;
