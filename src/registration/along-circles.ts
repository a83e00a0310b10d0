/**
 * An image of something wound, with less noise: smoothed along circles about its middle, but where that changes it.
 *
 * Layers of a roll run along circles for as long as an arc of a few voxels, so that noise is averaged out and layers are
 * not. Ends of the roll, tabs and seams run across; what smoothing takes from them stands out from the noise and is put
 * back. (Thresholds of this kind: D. L. Donoho & I. M. Johnstone, Biometrika 81 (1994) 425.)
 */
import { quantile } from "../fit/index.ts";
import { type KnownImage, toVoxels } from "./slice-image.ts";

/** Standard deviation of the smoothing along a circle, at most, and the spacing at which it is sampled. Voxels. */
const LONGEST = 6;
const SPACING = 3;
/** Radii of which it is one at most: a layer of a roll leaves the circle by a part of its winding in proportion. */
const RADII = 12;
/** Less smoothing than this is none. Voxels. */
const LEAST = 0.5;
/** A change of more than this many standard deviations of all changes is no noise. */
const STANDS_OUT = 4;

/** @param centreMm of the circles */
export function smoothAlongCircles(image: KnownImage, centreMm: readonly [number, number]): KnownImage {
  const { ny, nx, voxelMm, known } = image;
  const [cx, cy] = [toVoxels(centreMm[0], voxelMm, nx), toVoxels(centreMm[1], voxelMm, ny)];
  const channels = [...image.channels.values()];
  const out = channels.map((values) => values.slice());
  const sums = new Float64Array(channels.length);
  // in units of the standard deviation samples lie at the same places everywhere
  const reach = Math.ceil((2.5 * LONGEST) / SPACING);
  const weights = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-(((i - reach) * SPACING) ** 2) / (2 * LONGEST ** 2)),
  );
  for (let row = 0; row < ny; row++)
    for (let col = 0; col < nx; col++) {
      const here = row * nx + col;
      const [dx, dy] = [col - cx, row - cy];
      const radius = Math.hypot(dx, dy);
      const sigma = Math.min(LONGEST, radius / RADII);
      if (!known[here] || sigma < LEAST) continue;
      const spacing = (SPACING * sigma) / LONGEST;
      sums.fill(0);
      let total = 0;
      // from one end of the arc to the other, turned by the same angle each time
      const [c, sn] = [Math.cos(spacing / radius), Math.sin(spacing / radius)];
      const [c0, s0] = [Math.cos((reach * spacing) / radius), Math.sin((reach * spacing) / radius)];
      let [px, py] = [c0 * dx + s0 * dy, c0 * dy - s0 * dx];
      for (let i = 0; i <= 2 * reach; i++) {
        const [x, y] = [cx + px, cy + py];
        const turned = c * px - sn * py;
        py = sn * px + c * py;
        px = turned;
        const [left, low] = [Math.floor(x), Math.floor(y)];
        if (left < 0 || low < 0 || left > nx - 2 || low > ny - 2) continue;
        const at = low * nx + left;
        if (!(known[at]! & known[at + 1]! & known[at + nx]! & known[at + nx + 1]!)) continue;
        const weight = weights[i]!;
        const [u, v] = [x - left, y - low];
        const [a, b, e, f] = [(1 - u) * (1 - v) * weight, u * (1 - v) * weight, (1 - u) * v * weight, u * v * weight];
        total += weight;
        for (let k = 0; k < channels.length; k++) {
          const values = channels[k]!;
          sums[k]! += a * values[at]! + b * values[at + 1]! + e * values[at + nx]! + f * values[at + nx + 1]!;
        }
      }
      if (total > 0) for (let k = 0; k < channels.length; k++) out[k]![here] = sums[k]! / total;
    }
  channels.forEach((values, k) => {
    putBack(values, out[k]!, known);
  });
  return { ...image, channels: new Map([...image.channels.keys()].map((name, k) => [name, out[k]!] as const)) };
}

function putBack(values: Float32Array, smooth: Float32Array, known: Uint8Array): void {
  const changes = values.map((value, i) =>
    known[i] && smooth[i] !== value ? Math.abs(value - smooth[i]!) : Number.NaN,
  );
  // 1.4826 of the median size is the standard deviation of the core of a normal distribution
  const most = STANDS_OUT * 1.4826 * quantile(changes, 0.5);
  for (let i = 0; i < values.length; i++) if (changes[i]! > most) smooth[i] = values[i]!;
}
