/**
 * How much of some patterns every voxel holds, of either sign: least squares with what the model can do taken out of
 * patterns and residuals. Without bias, so that amounts add up over the slice; noise comes out about 0.
 */
import { invertNormalMatrix } from "../../fit/normal-matrix.ts";
import { dot, type Projection } from "./projection.ts";

/**
 * @param residual [point] of a voxel
 * @param noise the voxel's, over what sigma stands for
 * @param amounts, esds [pattern]
 */
export type AmountsOf = (residual: ArrayLike<number>, noise: number, amounts: Float64Array, esds: Float64Array) => void;

/**
 * @param patterns [point] each, none a combination of the others
 * @param beside [point] each: what may be in a residual too and is not asked for, as lines that are slightly off
 */
export function createAmounts(
  patterns: readonly ArrayLike<number>[],
  projection: Projection,
  beside: readonly ArrayLike<number>[] = [],
): AmountsOf {
  const own = [...patterns, ...beside].map((pattern) => projection.remainder(pattern));
  const count = own.length;
  const normal = new Float64Array(count * count);
  own.forEach((a, i) => {
    own.forEach((b, j) => {
      normal[i * count + j] = dot(a, b);
    });
  });
  const { matrix } = invertNormalMatrix(normal, new Uint8Array(count).fill(1), 1e-9);
  // own patterns have no share in the basis any more, so a residual need not be cleaned of it
  const weighted = new Float64Array(own[0]?.length ?? 0);
  return (residual, noise, amounts, esds) => {
    const scaled = projection.scale(residual, weighted);
    const right = own.map((pattern) => dot(pattern, scaled));
    for (let i = 0; i < patterns.length; i++) {
      let value = 0;
      for (let j = 0; j < count; j++) value += matrix[i * count + j]! * right[j]!;
      amounts[i] = value;
      esds[i] = noise * Math.sqrt(matrix[i * count + i]!);
    }
  };
}
