/** Takes out of a pattern what some other patterns can explain, by weighted least squares. */
export interface Projection {
  /** [point] pattern / sigma, less what the columns explain of it */
  remainder(pattern: ArrayLike<number>): Float64Array;
  /** sum (pattern / sigma)^2 */
  size(pattern: ArrayLike<number>): number;
  /** [point] pattern / sigma, into `out` */
  scale(pattern: ArrayLike<number>, out: Float64Array): Float64Array;
}

/** A column of which less than this share is new says nothing new. */
const NEW = 1e-10;

/**
 * @param columns [point] each
 * @param sigma [point] what a point counts for; where it is not above 0 the point counts for nothing
 */
export function createProjection(columns: Iterable<ArrayLike<number>>, sigma: ArrayLike<number>): Projection {
  const n = sigma.length;
  const basis: Float64Array[] = [];
  const scale = (pattern: ArrayLike<number>, out: Float64Array): Float64Array => {
    for (let k = 0; k < n; k++) out[k] = sigma[k]! > 0 ? pattern[k]! / sigma[k]! : 0;
    return out;
  };
  for (const column of columns) {
    const vector = scale(column, new Float64Array(n));
    const before = dot(vector, vector);
    // twice is enough to be orthogonal to rounding (W. Hoffmann, Computing 41 (1989) 335)
    takeOut(vector, basis);
    takeOut(vector, basis);
    const left = dot(vector, vector);
    if (!(left > NEW * before)) continue;
    const length = Math.sqrt(left);
    basis.push(vector.map((value) => value / length));
  }
  return {
    remainder(pattern) {
      const vector = scale(pattern, new Float64Array(n));
      takeOut(vector, basis);
      return vector;
    },
    size(pattern) {
      let sum = 0;
      for (let k = 0; k < n; k++) if (sigma[k]! > 0) sum += (pattern[k]! / sigma[k]!) ** 2;
      return sum;
    },
    scale,
  };
}

function takeOut(vector: Float64Array, basis: readonly Float64Array[]): void {
  for (const one of basis) {
    const share = dot(vector, one);
    for (let k = 0; k < vector.length; k++) vector[k]! -= share * one[k]!;
  }
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}
