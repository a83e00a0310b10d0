/**
 * Preconditioned conjugate gradients for a symmetric positive system, from x = 0.
 *
 * Source: Hestenes & Stiefel, J. Res. Natl. Bur. Stand. 49 (1952) 409-436.
 */
export interface ConjugateGradientsOptions {
  readonly maxIterations: number;
  /** ends when the preconditioned residual has fallen to this share of the first */
  readonly tolerance: number;
  readonly isCancelled?: () => boolean;
}

export interface LinearSystem {
  /** out = A x */
  apply(x: Float64Array, out: Float64Array): Promise<void>;
  /** out = M^-1 r */
  precondition(r: Float64Array, out: Float64Array): void;
}

export interface ConjugateGradientsResult {
  readonly x: Float64Array;
  readonly iterations: number;
  readonly status: "converged" | "iterations" | "not-positive" | "cancelled";
}

export async function conjugateGradients(
  { apply, precondition }: LinearSystem,
  rhs: Float64Array,
  { maxIterations, tolerance, isCancelled }: ConjugateGradientsOptions,
): Promise<ConjugateGradientsResult> {
  const n = rhs.length;
  const x = new Float64Array(n);
  const residual = rhs.slice();
  const z = new Float64Array(n);
  const product = new Float64Array(n);
  precondition(residual, z);
  const direction = z.slice();
  let rho = dot(residual, z);
  const goal = tolerance * tolerance * rho;
  let iterations = 0;
  while (rho > goal && rho > 0) {
    if (isCancelled?.()) return { x, iterations, status: "cancelled" };
    if (iterations === maxIterations) return { x, iterations, status: "iterations" };
    await apply(direction, product);
    const curvature = dot(direction, product);
    // below 0 only by the rounding of f32 products: what is known so far stands
    if (!(curvature > 0)) return { x, iterations, status: "not-positive" };
    const alpha = rho / curvature;
    for (let i = 0; i < n; i++) {
      x[i] = x[i]! + alpha * direction[i]!;
      residual[i] = residual[i]! - alpha * product[i]!;
    }
    precondition(residual, z);
    const next = dot(residual, z);
    for (let i = 0; i < n; i++) direction[i] = z[i]! + (next / rho) * direction[i]!;
    rho = next;
    iterations++;
  }
  return { x, iterations, status: "converged" };
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
