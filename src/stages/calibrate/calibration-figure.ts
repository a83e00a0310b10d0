import { ringPolylines, type Shape } from "../../geometry/index.ts";
import type { CalibrationResult } from "./calibration-result.ts";

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
