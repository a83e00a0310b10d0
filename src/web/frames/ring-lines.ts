/** The calculated ring of a two-theta as lines on the image, in pixels of the frame. */
import { beamCentre, type Poni, ringPolylines, type Shape } from "../../geometry/index.ts";

export type PixelPoint = readonly [col: number, row: number];

/**
 * @param isHalf only left of the beam, so that the measured rings can be seen to go on where the calculated ones end
 * @returns pieces that lie on the detector
 */
export function ringLines(
  poni: Poni,
  shape: Shape,
  twoThetaDeg: number,
  stepDeg: number,
  isHalf: boolean,
): (readonly PixelPoint[])[] {
  const limit = isHalf ? beamCentre(poni, shape)[1] : Number.POSITIVE_INFINITY;
  return ringPolylines(poni, shape, (twoThetaDeg * Math.PI) / 180, stepDeg).flatMap((line) => {
    const pieces: PixelPoint[][] = [[]];
    for (let i = 0; i < line.length; i += 2) {
      const [row, col] = [line[i]!, line[i + 1]!];
      if (col <= limit) pieces.at(-1)!.push([col, row]);
      else if (pieces.at(-1)!.length > 0) pieces.push([]);
    }
    return pieces.filter((piece) => piece.length > 1);
  });
}

const UP_LEFT = (-3 * Math.PI) / 4;
const NEAR = 0.06;

/** Where a ring's name stands: up and to the left of the beam; undefined where the ring is not there. */
export function namePlace(
  lines: readonly (readonly PixelPoint[])[],
  [row, col]: readonly [number, number],
): PixelPoint | undefined {
  let best: PixelPoint | undefined;
  let least = NEAR;
  for (const point of lines.flat()) {
    const off = Math.abs(Math.atan2(point[1] - row, point[0] - col) - UP_LEFT);
    if (off < least) [best, least] = [point, off];
  }
  return best;
}
