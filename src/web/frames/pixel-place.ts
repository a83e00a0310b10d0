/** Where a place on the detector lies in reciprocal space: what stands beside the pointer. */
import { chiRad, type Poni, placement, type Shape, twoThetaRad } from "../../geometry/index.ts";

export interface PixelPlace {
  readonly twoThetaDeg: number;
  /** 0 along the columns, 90 along the rows, as pyFAI has it; -180 to 180 */
  readonly chiDeg: number;
  /** without a wavelength in the .poni there are none */
  readonly qInvA?: number;
  readonly dA?: number;
}

const DEG = 180 / Math.PI;

/** @returns for row and column in pixels: (i + 0.5, j + 0.5) is the middle of pixel (i, j) */
export function createPixelPlace(poni: Poni, shape: Shape): (row: number, col: number) => PixelPlace {
  const place = placement(poni, shape);
  const t = new Float64Array(3);
  const wavelengthA = poni.wavelength === undefined ? undefined : poni.wavelength * 1e10;
  return (row, col) => {
    place(row, col, t);
    const twoTheta = twoThetaRad(t);
    const angles = { twoThetaDeg: twoTheta * DEG, chiDeg: chiRad(t) * DEG };
    if (wavelengthA === undefined) return angles;
    const qInvA = (4 * Math.PI * Math.sin(twoTheta / 2)) / wavelengthA;
    return { ...angles, qInvA, dA: (2 * Math.PI) / qInvA };
  };
}
