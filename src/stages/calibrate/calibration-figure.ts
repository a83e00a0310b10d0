import type { Poni, Shape } from "../../geometry/index.ts";
import type { CalibrationResult } from "./calibration-result.ts";
import { detectorAxes, detectorPosition } from "./ring-geometry.ts";

/** A calculated ring in detector pixels, to be drawn over the image. */
export interface RingOverlay {
  readonly dA: number;
  readonly twoThetaDeg: number;
  readonly used: boolean;
  /** pieces of the ring that lie on the detector: row, col, row, col, ...; 0 at the first pixel's outer corner */
  readonly polylines: readonly Float64Array[];
}

export interface CalibrationFigureData {
  readonly shape: Shape;
  readonly rings: readonly RingOverlay[];
  readonly points: CalibrationResult["points"];
  readonly beamCentrePx: CalibrationResult["beamCentrePx"];
}

/** Rings as polylines, the fitted points with their residuals, and the beam centre. */
export function calibrationFigureData(result: CalibrationResult, shape: Shape, stepDeg = 1): CalibrationFigureData {
  return {
    shape,
    rings: result.rings.map(({ dA, twoThetaDeg, used }) => ({
      dA,
      twoThetaDeg,
      used,
      polylines: ringPolylines(result.poni, shape, (twoThetaDeg * Math.PI) / 180, stepDeg),
    })),
    points: result.points,
    beamCentrePx: result.beamCentrePx,
  };
}

/** A ring cut to the detector, one piece for each stretch on it; a whole ring ends where it began. */
export function ringPolylines(poni: Poni, shape: Shape, twoTheta: number, stepDeg: number): Float64Array[] {
  const axes = detectorAxes(poni.rot1, poni.rot2, poni.rot3);
  const steps = Math.ceil(360 / stepDeg);
  const pieces: number[][] = [];
  let piece: number[] = [];
  for (let i = 0; i <= steps; i++) {
    const [row, col] = detectorPosition(poni, axes, twoTheta, -Math.PI + (2 * Math.PI * i) / steps);
    const isInside = row >= 0 && col >= 0 && row <= shape.rows && col <= shape.cols;
    if (isInside) piece.push(row, col);
    if ((!isInside || i === steps) && piece.length > 0) {
      if (piece.length > 2) pieces.push(piece);
      piece = [];
    }
  }
  return pieces.map((numbers) => Float64Array.from(numbers));
}
