/** The casing of a cell: the outermost closed ring, its inner and its outer surface. */
import type { PlacesConfig } from "./config.ts";
import { type Image, type PolarFrame, polarFrame, samplePolar } from "./polar.ts";
import { fitWaves, type Waves, waveAt } from "./wave-fit.ts";

/** Lengths in voxels, positions as (x, y) = (col, row). */
export interface Casing {
  readonly x0: number;
  readonly y0: number;
  /** radius of the inside by angle about (x0, y0) */
  readonly inside: Waves;
  readonly outside: Waves;
}

const CENTRING_ROUNDS = 6;
/** A smooth curve needs no more. */
const MOST_RAYS = 1440;
/** Share of all rays that has to meet a ring: a bar or a tab is none. */
const CLOSED = 0.75;

/**
 * @param signal 1 where a voxel is full of the casing's material
 * @returns undefined where no ring closes
 */
export function findCasing(signal: Image, config: PlacesConfig): Casing | undefined {
  let [x0, y0] = centroid(signal);
  let casing: Casing | undefined;
  for (let round = 0; round < CENTRING_ROUNDS; round++) {
    const whole = polarFrame(signal, [x0, y0], Math.hypot(signal.ny, signal.nx) / 2, 0.5);
    const frame = { ...whole, angles: Math.min(MOST_RAYS, whole.angles) };
    const { inner, outer } = wallOf(samplePolar(signal, frame), frame, config.wall);
    const inside = fitWaves(inner, config.casingHarmonics, 0.05);
    const outside = fitWaves(outer, config.casingHarmonics, 0.05);
    if (!inside || !outside || inside.support < CLOSED || inside.coefficients[0]! < 1) return undefined;
    casing = { x0, y0, inside, outside };
    const [, dx = 0, dy = 0] = inside.coefficients;
    if (Math.hypot(dx, dy) < 0.02) break;
    [x0, y0] = [x0 + dx, y0 + dy];
  }
  return casing;
}

/** Radius of the casing's inside towards a point. */
export const insideTowards = (casing: Casing, x: number, y: number): number =>
  waveAt(casing.inside.coefficients, Math.atan2(y - casing.y0, x - casing.x0));
export const outsideTowards = (casing: Casing, x: number, y: number): number =>
  waveAt(casing.outside.coefficients, Math.atan2(y - casing.y0, x - casing.x0));

/** Where the outermost wall on each ray begins and ends: at a share of its own height, between the radii. */
function wallOf(polar: Float32Array, { angles, radii, step }: PolarFrame, share: number) {
  const inner = new Float64Array(angles).fill(Number.NaN);
  const outer = new Float64Array(angles).fill(Number.NaN);
  for (let i = 0; i < angles; i++) {
    const ray = polar.subarray(i * radii, (i + 1) * radii);
    let k = radii - 1;
    while (k > 0 && ray[k]! < share) k--;
    if (k === 0) continue;
    // the height of this wall, which may be thinner than a voxel
    let height = ray[k]!;
    let top = k;
    while (top > 0 && ray[top]! > 0.5 * height) height = Math.max(height, ray[top--]!);
    const level = share * Math.min(height, 1);
    let far = k;
    while (far < radii - 1 && ray[far]! > level) far++;
    let near = k;
    while (near > 0 && (ray[near]! > level || near > k)) near--;
    outer[i] = step * (far - (level - ray[far]!) / (ray[far - 1]! - ray[far]!));
    inner[i] = step * (near + (level - ray[near]!) / (ray[near + 1]! - ray[near]!));
  }
  return { inner, outer };
}

function centroid({ ny, nx, values }: Image): [number, number] {
  let [sum, x, y] = [0, 0, 0];
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const value = values[row * nx + col]! > 0.5 ? 1 : 0;
      sum += value;
      x += value * col;
      y += value * row;
    }
  }
  return sum > 0 ? [x / sum, y / sum] : [(nx - 1) / 2, (ny - 1) / 2];
}
