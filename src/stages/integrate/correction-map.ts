import { type Poni, placement, type Shape } from "../../geometry/index.ts";
import type { IntegrateConfig } from "./config.ts";

/**
 * [row, col] what counts are divided by: solid angle x polarisation x flat, as asked for.
 *
 * The factors of geometry/poni.ts with their angles multiplied out, which sets a Pilatus 2M up ten times faster: with
 * R = |t|, cos 2theta = t3 / R and sin^2(2theta) cos(2chi) = (t2^2 - t1^2) / R^2.
 */
export function correctionMap(
  poni: Poni,
  shape: Shape,
  { solidAngle, polarization }: Pick<IntegrateConfig, "solidAngle" | "polarization">,
  flat?: ArrayLike<number>,
): Float32Array {
  const place = placement(poni, shape);
  const t = new Float64Array(3);
  const out = new Float32Array(shape.rows * shape.cols);
  for (let row = 0, at = 0; row < shape.rows; row++) {
    for (let col = 0; col < shape.cols; col++, at++) {
      place(row + 0.5, col + 0.5, t);
      const [a, b, c] = [t[0]! * t[0]!, t[1]! * t[1]!, t[2]! * t[2]!];
      const square = a + b + c;
      let factor = flat ? flat[at]! : 1;
      if (solidAngle) factor *= (poni.dist * poni.dist * poni.dist) / (square * Math.sqrt(square));
      if (polarization !== null) factor *= 0.5 * (1 + (c - polarization * (b - a)) / square);
      out[at] = factor;
    }
  }
  return out;
}
