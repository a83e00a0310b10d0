/**
 * Where the corners of the pixels lie, for pixel splitting: the detector is a grid without gaps, so four
 * neighbouring pixels share a corner and one grid of (rows + 1) x (cols + 1) nodes holds them all.
 */
import { type Placement, type Poni, placement, type Shape } from "./poni.ts";

/** Radial and azimuthal coordinate of a place around the sample, [t1, t2, t3] in metres. */
export type Coordinate = (t: Float64Array) => number;

/** [row, col] a coordinate at the centre of each pixel. */
export function centreMap(poni: Poni, shape: Shape, coordinate: Coordinate): Float64Array {
  return sample(placement(poni, shape), shape.rows, shape.cols, 0.5, coordinate);
}

/** [row, col] of (rows + 1) x (cols + 1): a coordinate at each corner; node (i, j) is the first corner of pixel (i, j). */
export function cornerMap(poni: Poni, shape: Shape, coordinate: Coordinate): Float64Array {
  return sample(placement(poni, shape), shape.rows + 1, shape.cols + 1, 0, coordinate);
}

function sample(place: Placement, rows: number, cols: number, shift: number, coordinate: Coordinate): Float64Array {
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
