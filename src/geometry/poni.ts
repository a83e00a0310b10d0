/**
 * Detector geometry in pyFAI's convention: the point of normal incidence (PONI) and three rotations.
 *
 *        axis 1 (slow, rows, up)
 *          ^
 *          |   axis 3: along the beam, away from the sample
 *          |  /
 *          | /
 *          +--------> axis 2 (fast, columns)
 *
 * A pixel centre (row i, column j) lies at p1 = (i + 1/2) pixel1 - poni1, p2 = (j + 1/2) pixel2 - poni2 on the
 * detector and, rotated about the sample, at (t1, t2, t3) metres.
 *
 * Source: Kieffer & Wright, Powder Diffr. 28 (2013) S339; pyFAI's documentation of the geometry.
 */

/** What a .poni file holds. Lengths in metres, rotations in radians, wavelength in metres, as in that file. */
export interface Poni {
  readonly dist: number;
  readonly poni1: number;
  readonly poni2: number;
  readonly rot1: number;
  readonly rot2: number;
  readonly rot3: number;
  readonly wavelength?: number;
  readonly pixel1: number;
  readonly pixel2: number;
  /** pyFAI's detector name, kept for writing */
  readonly detector?: string;
  /** 1 to 4 as in .poni version 2.1: which corner the first pixel of the file is. 3 changes nothing. */
  readonly orientation?: 1 | 2 | 3 | 4;
}

export interface Shape {
  readonly rows: number;
  readonly cols: number;
}

/** Maps a position on the detector (in pixels, 0 at the first pixel's outer corner) to metres around the sample. */
export type Placement = (row: number, col: number, out: Float64Array) => void;

/**
 * Where the pixels of a detector lie around the sample, in metres.
 *
 * @param shape needed where the orientation is not 3, because a flip turns about the far edge
 * @returns a function that writes [t1, t2, t3] in metres; (i + 0.5, j + 0.5) is the centre of pixel (i, j)
 */
export function placement(poni: Poni, shape: Shape): Placement {
  const { dist: L, poni1, poni2, pixel1, pixel2 } = poni;
  const [c1, s1] = [Math.cos(poni.rot1), Math.sin(poni.rot1)];
  const [c2, s2] = [Math.cos(poni.rot2), Math.sin(poni.rot2)];
  const [c3, s3] = [Math.cos(poni.rot3), Math.sin(poni.rot3)];
  const flip1 = poni.orientation === 1 || poni.orientation === 2;
  const flip2 = poni.orientation === 1 || poni.orientation === 4;
  return (row, col, out) => {
    const p1 = (flip1 ? shape.rows - row : row) * pixel1 - poni1;
    const p2 = (flip2 ? shape.cols - col : col) * pixel2 - poni2;
    out[0] = p1 * c2 * c3 + p2 * (c3 * s1 * s2 - c1 * s3) - L * (c1 * c3 * s2 + s1 * s3);
    out[1] = p1 * c2 * s3 + p2 * (c1 * c3 + s1 * s2 * s3) - L * (-c3 * s1 + c1 * s2 * s3);
    out[2] = p1 * s2 - p2 * c2 * s1 + L * c1 * c2;
  };
}

/** Radians; chi as atan2(t1, t2), so 0 points along +axis 2. */
export const twoThetaRad = (t: Float64Array): number => Math.atan2(Math.hypot(t[0]!, t[1]!), t[2]!);
/** Azimuth of a direction t [3], radians, -pi to pi; 0 along +axis 2. */
export const chiRad = (t: Float64Array): number => Math.atan2(t[0]!, t[1]!);

/** [row, col] two-theta of each pixel centre, radians. */
export function twoThetaMap(poni: Poni, shape: Shape): Float64Array {
  return pixelMap(poni, shape, twoThetaRad);
}

/** [row, col] azimuth of each pixel centre, radians, -pi to pi. */
export function chiMap(poni: Poni, shape: Shape): Float64Array {
  return pixelMap(poni, shape, chiRad);
}

/** [row, col] solid angle of each pixel relative to one at the PONI: cos^3 of the incidence angle. */
export function solidAngleMap(poni: Poni, shape: Shape): Float64Array {
  // |t| is invariant under the rotations, so this is (L / sqrt(L^2 + p1^2 + p2^2))^3
  return pixelMap(poni, shape, (t) => (poni.dist / Math.hypot(t[0]!, t[1]!, t[2]!)) ** 3);
}

/**
 * [row, col] polarisation factor, by which the intensity is divided: (1 + cos^2 2theta - P cos 2chi sin^2 2theta) / 2.
 *
 * @param polarization P, -1 to 1; +1 is horizontal (electric field along axis 2)
 */
export function polarizationMap(poni: Poni, shape: Shape, polarization: number): Float64Array {
  return pixelMap(poni, shape, (t) => polarizationFactor(twoThetaRad(t), chiRad(t), polarization));
}

/** Of one direction, as polarizationMap; angles in radians. */
export function polarizationFactor(twoTheta: number, chi: number, polarization: number): number {
  const c2 = Math.cos(twoTheta) ** 2;
  return 0.5 * (1 + c2 - polarization * Math.cos(2 * chi) * (1 - c2));
}

/** A coordinate of a place around the sample, [t1, t2, t3] in metres. */
export type Coordinate = (t: Float64Array) => number;

/** [row, col] a coordinate at the centre of each pixel. */
export function pixelMap(poni: Poni, shape: Shape, coordinate: Coordinate): Float64Array {
  return gridMap(placement(poni, shape), shape.rows, shape.cols, 0.5, coordinate);
}

/** [row, col] of (rows + 1) x (cols + 1): a coordinate at each corner; node (i, j) is the first corner of pixel (i, j). */
export function cornerMap(poni: Poni, shape: Shape, coordinate: Coordinate): Float64Array {
  // a detector is a grid without gaps, so four neighbouring pixels share a corner
  return gridMap(placement(poni, shape), shape.rows + 1, shape.cols + 1, 0, coordinate);
}

function gridMap(place: Placement, rows: number, cols: number, shift: number, coordinate: Coordinate): Float64Array {
  const t = new Float64Array(3);
  const out = new Float64Array(rows * cols);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      place(row + shift, col + shift, t);
      out[at++] = coordinate(t);
    }
  }
  return out;
}
