/**
 * Rotations at which one slice looks like another, by the correlation of their polar images.
 *
 * In polar coordinates about the middles of both samples a rotation is a shift along the angle, so one Fourier transform
 * gives the correlation at every angle. Rings lose their mean first: what is the same all round says nothing about the
 * rotation, and what is left (the ends of the roll, tabs, seams, dents) is called the angular part here.
 *
 * Each moving channel is explained by one or more fixed ones: R^2(angle) = c^T G^-1 c / E, with c the correlations at
 * that angle, G the products of the fixed channels and E the energy of the moving one. Scores are -sum of ln(1 - R^2).
 */
import { transform } from "./fourier.ts";
import type { Outline } from "./outline.ts";
import { type KnownImage, toVoxels } from "./slice-image.ts";
import { invertSmall, timesVector } from "./small-matrix.ts";

/** Which fixed channels explain a moving one. */
export interface Explained {
  readonly moving: string;
  readonly fixed: readonly string[];
  /** a channel is to look like its own kind, and not like the negative of it */
  readonly isSigned: boolean;
}

export interface PolarImage {
  readonly radii: number;
  readonly angles: number;
  /** by channel: [radius, k] spectra of rows without their mean, weighted by the root of the radius */
  readonly spectra: ReadonlyMap<string, { readonly re: Float64Array; readonly im: Float64Array }>;
}

/**
 * @param radiusMm of the outermost ring, in mm of the slice itself
 */
export function toPolar(
  image: KnownImage,
  centreMm: readonly [number, number],
  radiusMm: number,
  { radii, angles }: { readonly radii: number; readonly angles: number },
  isMirrored = false,
): PolarImage {
  const { ny, nx, voxelMm, known } = image;
  const [cx, cy] = [toVoxels(centreMm[0], voxelMm, nx), toVoxels(centreMm[1], voxelMm, ny)];
  const turns = Array.from({ length: angles }, (_, k) => {
    const angle = (2 * Math.PI * k) / angles;
    return [(isMirrored ? -1 : 1) * Math.cos(angle), Math.sin(angle)] as const;
  });
  const spectra = new Map<string, { re: Float64Array; im: Float64Array }>();
  for (const [name, values] of image.channels) {
    const re = new Float64Array(radii * angles);
    const im = new Float64Array(radii * angles);
    for (let ring = 0; ring < radii; ring++) {
      const radius = ((ring + 0.5) * radiusMm) / radii / voxelMm;
      const row = re.subarray(ring * angles, (ring + 1) * angles);
      let [sum, count] = [0, 0];
      for (let k = 0; k < angles; k++) {
        const x = cx + radius * turns[k]![0];
        const y = cy + radius * turns[k]![1];
        const [col, low] = [Math.floor(x), Math.floor(y)];
        row[k] = Number.NaN;
        if (col < 0 || low < 0 || col >= nx - 1 || low >= ny - 1) continue;
        const at = low * nx + col;
        if (!(known[at]! & known[at + 1]! & known[at + nx]! & known[at + nx + 1]!)) continue;
        const [u, v] = [x - col, y - low];
        row[k] =
          (1 - v) * ((1 - u) * values[at]! + u * values[at + 1]!) +
          v * ((1 - u) * values[at + nx]! + u * values[at + nx + 1]!);
        sum += row[k]!;
        count++;
      }
      const mean = count > 0 ? sum / count : 0;
      const weight = Math.sqrt(ring + 0.5);
      for (let k = 0; k < angles; k++) row[k] = Number.isNaN(row[k]!) ? 0 : weight * (row[k]! - mean);
      transform(row, im.subarray(ring * angles, (ring + 1) * angles));
    }
    spectra.set(name, { re, im });
  }
  return { radii, angles, spectra };
}

export interface RotationCurve {
  /** [angle] score of the moving slice turned by 360 k / angles degrees; 0 where nothing is alike */
  readonly score: Float64Array;
  /** [angle] root mean square of R over the moving channels that vary with angle at all */
  readonly correlation: Float64Array;
  /** highest correlation of one pair of channels at any angle */
  readonly highest: number;
}

export function rotationCurve(fixed: PolarImage, moving: PolarImage, explained: readonly Explained[]): RotationCurve {
  const { angles } = fixed;
  const score = new Float64Array(angles);
  const squares = new Float64Array(angles);
  let used = 0;
  let highest = 0;
  for (const { moving: name, fixed: names, isSigned } of explained) {
    const of = moving.spectra.get(name)!;
    const energy = product(of, of, angles);
    const by = names.map((channel) => fixed.spectra.get(channel)!);
    const gram = by.flatMap((a) => by.map((b) => product(a, b, angles)));
    const trace = by.reduce((sum, _, i) => sum + gram[i * by.length + i]!, 0);
    // channels that do not vary with angle make no singular matrix
    const inverse = invertSmall(
      gram.map((value, i) => (i % (by.length + 1) === 0 ? value + 1e-9 * trace : value)),
      by.length,
    );
    if (!inverse || !(energy > 0)) continue;
    used++;
    const curves = by.map((channel) => correlate(channel, of, angles));
    curves.forEach((curve, i) => {
      const norm = Math.sqrt(energy * gram[i * (by.length + 1)]!) || 1;
      for (const value of curve) highest = Math.max(highest, (isSigned ? value : Math.abs(value)) / norm);
    });
    for (let k = 0; k < angles; k++) {
      const c = curves.map((curve) => (isSigned ? Math.max(0, curve[k]!) : curve[k]!));
      const share = Math.min(0.999999, timesVector(inverse, c).reduce((sum, x, i) => sum + x * c[i]!, 0) / energy);
      score[k]! -= Math.log(1 - share);
      squares[k]! += share;
    }
  }
  return { score, correlation: squares.map((sum) => Math.sqrt(sum / Math.max(1, used))), highest };
}

type Spectra = { readonly re: Float64Array; readonly im: Float64Array };

/** Sum over all rings and angles of the product of two angular parts. */
function product(a: Spectra, b: Spectra, angles: number): number {
  let sum = 0;
  for (let i = 0; i < a.re.length; i++) sum += a.re[i]! * b.re[i]! + a.im[i]! * b.im[i]!;
  return sum / angles;
}

/** Sum over rings and angles of fixed(t) moving(t - angle), at every angle. */
function correlate(fixed: Spectra, moving: Spectra, angles: number): Float64Array {
  const re = new Float64Array(angles);
  const im = new Float64Array(angles);
  for (let i = 0; i < fixed.re.length; i++) {
    const k = i % angles;
    const [a, b, c, d] = [fixed.re[i]!, fixed.im[i]!, moving.re[i]!, moving.im[i]!];
    // conjugated, so that the forward transform undoes it
    re[k]! += a * c + b * d;
    im[k]! -= b * c - a * d;
  }
  transform(re, im);
  return re.map((value) => value / angles);
}

/** Rings and angles that hold what an image of this outline has, and no more than is needed to find a rotation. */
export function polarSize({ radiusMm }: Outline, voxelMm: number): { radii: number; angles: number } {
  const voxels = radiusMm / voxelMm;
  const angles = 2 ** Math.ceil(Math.log2(Math.PI * voxels));
  return { radii: Math.round(Math.max(16, Math.min(100, voxels))), angles: Math.max(256, Math.min(512, angles)) };
}
