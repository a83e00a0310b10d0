/**
 * March-Dollase texture: the factor of a reflection is the mean over its equivalents of
 *
 *   (r^2 cos^2 a + sin^2 a / r)^(-3/2),   a the angle between the equivalent's normal and the texture axis
 *
 * r < 1: plates lying flat (the axis along the scattering vector), r > 1: needles, r = 1: none.
 *
 * Source: Dollase, J. Appl. Cryst. 19 (1986) 267-272.
 */
import { type Cell, parseOperation, reciprocalMetric, rotateIndex, uniqueRotations } from "../crystal/index.ts";

type Hkl = readonly [number, number, number];

/** cos^2 of the angles of a reflection's equivalents to the axis; those of Friedel mates are the same. */
export function texturePlaneCosines(
  cell: Cell,
  operations: readonly string[],
  { h, k, l }: { h: number; k: number; l: number },
  axis: Hkl,
): Float64Array {
  const g = reciprocalMetric(cell);
  const dot = (p: Hkl, q: Hkl): number => {
    let sum = 0;
    for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) sum += p[i]! * metricAt(g, i, j) * q[j]!;
    return sum;
  };
  const length2 = dot(axis, axis);
  return Float64Array.from(uniqueRotations(operations.map(parseOperation)), (rotation) => {
    const image = rotateIndex(rotation, h, k, l);
    return Math.min(1, dot(image, axis) ** 2 / (length2 * dot(image, image)));
  });
}

/** reciprocalMetric lists a*^2 b*^2 c*^2, then the products that stand in the off-diagonal. */
const metricAt = (g: ReturnType<typeof reciprocalMetric>, i: number, j: number): number => {
  if (i === j) return g[i]!;
  return g[6 - i - j]! / 2;
};

/** cos^2 of the angle between a plane normal and the axis. */
export function planeCosine2(cell: Cell, { h, k, l }: { h: number; k: number; l: number }, axis: Hkl): number {
  return texturePlaneCosines(cell, ["x,y,z"], { h, k, l }, axis)[0]!;
}

/** The factor, and its derivative by r into out[1]. */
export function marchDollase(cosines2: Float64Array, r: number, out: Float64Array): void {
  let value = 0;
  let slope = 0;
  for (let i = 0; i < cosines2.length; i++) {
    const c2 = cosines2[i]!;
    const base = r * r * c2 + (1 - c2) / r;
    const power = base ** -1.5;
    value += power;
    slope += -1.5 * (power / base) * (2 * r * c2 - (1 - c2) / (r * r));
  }
  out[0] = value / cosines2.length;
  out[1] = slope / cosines2.length;
}
