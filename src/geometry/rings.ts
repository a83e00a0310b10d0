/** The inverse of placement(): where on the detector a direction arrives, and so where a powder ring lies. */
import type { Poni, Shape } from "./poni.ts";

/** The detector's axes in the laboratory, and their derivatives by rot1 and rot2; each [3]. */
export interface DetectorAxes {
  readonly e1: Float64Array;
  readonly e2: Float64Array;
  readonly e3: Float64Array;
  readonly byRot1: readonly [Float64Array, Float64Array, Float64Array];
  readonly byRot2: readonly [Float64Array, Float64Array, Float64Array];
}

/** The axes of a detector turned by rot1, rot2, rot3 (radians, as in a .poni), and how they move with each. */
export function detectorAxes(rot1: number, rot2: number, rot3: number): DetectorAxes {
  const [c1, s1] = [Math.cos(rot1), Math.sin(rot1)];
  const [c2, s2] = [Math.cos(rot2), Math.sin(rot2)];
  const [c3, s3] = [Math.cos(rot3), Math.sin(rot3)];
  return {
    e1: Float64Array.of(c2 * c3, c2 * s3, s2),
    e2: Float64Array.of(c3 * s1 * s2 - c1 * s3, c1 * c3 + s1 * s2 * s3, -c2 * s1),
    e3: Float64Array.of(-(c1 * c3 * s2 + s1 * s3), c3 * s1 - c1 * s2 * s3, c1 * c2),
    byRot1: [
      Float64Array.of(0, 0, 0),
      Float64Array.of(c3 * c1 * s2 + s1 * s3, -s1 * c3 + c1 * s2 * s3, -c2 * c1),
      Float64Array.of(s1 * c3 * s2 - c1 * s3, c3 * c1 + s1 * s2 * s3, -s1 * c2),
    ],
    byRot2: [
      Float64Array.of(-s2 * c3, -s2 * s3, c2),
      Float64Array.of(c3 * s1 * c2, s1 * c2 * s3, s2 * s1),
      Float64Array.of(-c1 * c3 * c2, -c1 * c2 * s3, -c1 * s2),
    ],
  };
}

/**
 * Where on the detector the direction (two-theta, chi) arrives, in pixels with 0 at the outer corner of the first
 * pixel; without regard to the orientation of the .poni.
 *
 * @returns [row, col]; NaN where the direction leads away from the detector's plane
 */
export function detectorPosition(poni: Poni, axes: DetectorAxes, twoTheta: number, chi: number): [number, number] {
  const u0 = Math.sin(twoTheta) * Math.sin(chi);
  const u1 = Math.sin(twoTheta) * Math.cos(chi);
  const u2 = Math.cos(twoTheta);
  const dot = (e: Float64Array): number => e[0]! * u0 + e[1]! * u1 + e[2]! * u2;
  const towards = dot(axes.e3);
  if (!(towards > 1e-6)) return [Number.NaN, Number.NaN];
  return [
    ((poni.dist * dot(axes.e1)) / towards + poni.poni1) / poni.pixel1,
    ((poni.dist * dot(axes.e2)) / towards + poni.poni2) / poni.pixel2,
  ];
}

/** Where the direct beam would hit: [row, col] in pixels of the file, 0 at the first pixel's outer corner. */
export function beamCentre(poni: Poni, shape: Shape): [row: number, col: number] {
  return turned(poni, shape)(detectorPosition(poni, detectorAxes(poni.rot1, poni.rot2, poni.rot3), 0, 0));
}

/** From the corner that the .poni counts from to that of the file: see Poni.orientation. */
function turned({ orientation }: Poni, { rows, cols }: Shape): (at: [number, number]) => [number, number] {
  const flip1 = orientation === 1 || orientation === 2;
  const flip2 = orientation === 1 || orientation === 4;
  return ([row, col]) => [flip1 ? rows - row : row, flip2 ? cols - col : col];
}

/**
 * A ring cut to the detector, one piece for each stretch on it; a whole ring ends where it began.
 *
 * @param twoTheta radians
 * @returns pieces of row, col, row, col, ... in pixels of the file, 0 at the first pixel's outer corner
 */
export function ringPolylines(poni: Poni, shape: Shape, twoTheta: number, stepDeg: number): Float64Array[] {
  const axes = detectorAxes(poni.rot1, poni.rot2, poni.rot3);
  const toFile = turned(poni, shape);
  const steps = Math.ceil(360 / stepDeg);
  const pieces: number[][] = [];
  let piece: number[] = [];
  for (let i = 0; i <= steps; i++) {
    const [row, col] = toFile(detectorPosition(poni, axes, twoTheta, -Math.PI + (2 * Math.PI * i) / steps));
    const isInside = row >= 0 && col >= 0 && row <= shape.rows && col <= shape.cols;
    if (isInside) piece.push(row, col);
    if ((!isInside || i === steps) && piece.length > 0) {
      if (piece.length > 2) pieces.push(piece);
      piece = [];
    }
  }
  return pieces.map((numbers) => Float64Array.from(numbers));
}
