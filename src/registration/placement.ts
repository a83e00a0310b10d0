/**
 * Where one slice lies on another.
 *
 *   fixed = scale R(rotationDeg) M moving + shift        (mm from the middle of each grid, y up)
 *
 * M mirrors x where `isMirrored`; R turns counter-clockwise. So `scale` above 1 makes the moving slice larger.
 */
export interface Placement {
  readonly rotationDeg: number;
  readonly shiftMm: readonly [x: number, y: number];
  readonly scale: number;
  readonly isMirrored: boolean;
}

export const IDENTITY: Placement = { rotationDeg: 0, shiftMm: [0, 0], scale: 1, isMirrored: false };

/** x, y -> xx x + xy y + x0, yx x + yy y + y0 */
export interface Affine {
  readonly xx: number;
  readonly xy: number;
  readonly yx: number;
  readonly yy: number;
  readonly x0: number;
  readonly y0: number;
}

/** From a point of the moving slice to that of the fixed one. */
export function forward({ rotationDeg, shiftMm, scale, isMirrored }: Placement): Affine {
  const angle = (rotationDeg * Math.PI) / 180;
  const [c, s] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  const flip = isMirrored ? -1 : 1;
  return { xx: flip * c, xy: -s, yx: flip * s, yy: c, x0: shiftMm[0], y0: shiftMm[1] };
}

/** From a point of the fixed slice to that of the moving one. */
export function backward(placement: Placement): Affine {
  const { xx, xy, yx, yy, x0, y0 } = forward(placement);
  const determinant = xx * yy - xy * yx;
  const [a, b, c, d] = [yy / determinant, -xy / determinant, -yx / determinant, xx / determinant];
  return { xx: a, xy: b, yx: c, yy: d, x0: -(a * x0 + b * y0), y0: -(c * x0 + d * y0) };
}

/** The placement of the fixed slice on the moving one. */
export function inverse(placement: Placement): Placement {
  const { x0, y0 } = backward(placement);
  const { rotationDeg, scale, isMirrored } = placement;
  // M R(a) M = R(-a): a mirrored turn undone is the same turn, mirrored
  return { rotationDeg: isMirrored ? rotationDeg : -rotationDeg, shiftMm: [x0, y0], scale: 1 / scale, isMirrored };
}

export const apply = ({ xx, xy, yx, yy, x0, y0 }: Affine, x: number, y: number): [number, number] => [
  xx * x + xy * y + x0,
  yx * x + yy * y + y0,
];

/** In (-180, 180]. */
export const wrapDeg = (angle: number): number => {
  const turned = angle - 360 * Math.floor(angle / 360);
  return turned > 180 ? turned - 360 : turned;
};
