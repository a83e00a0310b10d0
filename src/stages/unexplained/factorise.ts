/**
 * Non-negative factorisation of residuals: X = A B with A (how much, by voxel) and B (the pattern) not below 0. Residuals
 * of either sign go in, so that noise is not taken for signal.
 *
 * Components are begun one after the other from the voxel that is explained least, then improved together, one row and
 * column at a time. Nothing is drawn by lot: the same residuals give the same components.
 *
 * Source: A. Cichocki & A.-H. Phan, IEICE Trans. Fundamentals E92-A (2009) 708-721 (HALS); D. D. Lee & H. S. Seung,
 * Nature 401 (1999) 788-791.
 */
export interface Factors {
  readonly rank: number;
  /** [row, rank] */
  readonly amounts: Float64Array;
  /** [rank, column], unit length */
  readonly patterns: Float64Array;
  /** [rank] share of the sum of squares that the first so many components explain together */
  readonly explained: readonly number[];
}

export interface FactoriseOptions {
  readonly rank: number | "auto";
  readonly maxRank: number;
  /** of auto: what a component must explain more, in times what one explains of `shifted` */
  readonly leastGain: number;
  readonly iterations: number;
}

/** Steps that bring one component to its best by itself. */
const STEPS_ALONE = 12;

/**
 * @param data [row, column]
 * @param pause awaited between rounds, of which there are at most maxRank (or rank) + iterations: where it throws, so does this
 */
export async function factorise(
  data: Float32Array,
  columns: number,
  options: FactoriseOptions,
  pause: () => Promise<void> = () => Promise.resolve(),
): Promise<Factors> {
  const rows = data.length / columns;
  const rest = data.slice();
  const total = sumOfSquares(data);
  const most = Math.min(options.rank === "auto" ? options.maxRank : options.rank, rows, columns);
  const least = options.rank === "auto" ? options.leastGain * gainOfNoise(data, columns) : -Infinity;
  const found: { amount: Float64Array; pattern: Float64Array }[] = [];
  for (let k = 0; k < most; k++) {
    const one = strongestComponent(rest, rows, columns);
    if (!one || one.gain <= least) break;
    subtract(rest, columns, one.amount, one.pattern);
    found.push(one);
    await pause();
  }
  const rank = found.length;
  const amounts = new Float64Array(rows * rank);
  const patterns = new Float64Array(rank * columns);
  found.forEach(({ amount, pattern }, k) => {
    for (let r = 0; r < rows; r++) amounts[r * rank + k] = amount[r]!;
    patterns.set(pattern, k * columns);
  });
  for (let i = 0; i < options.iterations && rank > 0; i++) {
    improve(data, columns, rank, amounts, patterns);
    await pause();
  }
  const order = byStrength(rows, columns, rank, amounts, patterns);
  return { rank, ...order, explained: explainedBy(data, columns, rank, order.amounts, order.patterns, total) };
}

const sumOfSquares = (data: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]! * data[i]!;
  return sum;
};

/** One non-negative component of what is left, and by how much it makes its sum of squares less. */
function strongestComponent(rest: Float32Array, rows: number, columns: number) {
  let [first, largest] = [-1, 0];
  for (let r = 0; r < rows; r++) {
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += Math.max(0, rest[r * columns + c]!) ** 2;
    if (sum > largest) [first, largest] = [r, sum];
  }
  if (first < 0) return undefined;
  const pattern = Float64Array.from({ length: columns }, (_, c) => Math.max(0, rest[first * columns + c]!));
  const amount = new Float64Array(rows);
  for (let step = 0; step < STEPS_ALONE; step++) {
    normalise(pattern);
    const next = new Float64Array(columns);
    for (let r = 0; r < rows; r++) {
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += rest[r * columns + c]! * pattern[c]!;
      amount[r] = Math.max(0, sum);
      if (amount[r]! > 0) for (let c = 0; c < columns; c++) next[c]! += amount[r]! * rest[r * columns + c]!;
    }
    if (step + 1 < STEPS_ALONE) for (let c = 0; c < columns; c++) pattern[c] = Math.max(0, next[c]!);
  }
  return { amount, pattern, gain: sumOfSquares(amount) };
}

function normalise(pattern: Float64Array): void {
  const length = Math.sqrt(sumOfSquares(pattern)) || 1;
  for (let c = 0; c < pattern.length; c++) pattern[c]! /= length;
}

function subtract(rest: Float32Array, columns: number, amount: Float64Array, pattern: Float64Array): void {
  amount.forEach((much, r) => {
    if (much > 0) for (let c = 0; c < columns; c++) rest[r * columns + c]! -= much * pattern[c]!;
  });
}

/**
 * What a component explains where there is none: each bin's image is shifted by itself, which keeps its noise, and how
 * that goes together over voxels, and takes apart what several bins have in common.
 */
export function gainOfNoise(data: Float32Array, columns: number): number {
  const rows = data.length / columns;
  const shifted = new Float32Array(data.length);
  for (let c = 0; c < columns; c++) {
    const shift = Math.floor(rows * ((c * GOLDEN) % 1));
    for (let r = 0; r < rows; r++) shifted[((r + shift) % rows) * columns + c] = data[r * columns + c]!;
  }
  return strongestComponent(shifted, rows, columns)?.gain ?? 0;
}
/** Multiples of it are spread evenly over a circle: no two bins have nearly the same shift. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** One round of hierarchical alternating least squares: patterns, then amounts. */
function improve(
  data: Float32Array,
  columns: number,
  rank: number,
  amounts: Float64Array,
  patterns: Float64Array,
): void {
  const rows = data.length / columns;
  const cross = new Float64Array(rank * columns);
  const gram = new Float64Array(rank * rank);
  for (let r = 0; r < rows; r++) {
    for (let k = 0; k < rank; k++) {
      const much = amounts[r * rank + k]!;
      if (much === 0) continue;
      for (let j = 0; j < rank; j++) gram[k * rank + j]! += much * amounts[r * rank + j]!;
      for (let c = 0; c < columns; c++) cross[k * columns + c]! += much * data[r * columns + c]!;
    }
  }
  for (let k = 0; k < rank; k++) {
    const own = gram[k * rank + k]!;
    if (!(own > 0)) continue;
    for (let c = 0; c < columns; c++) {
      let value = cross[k * columns + c]!;
      for (let j = 0; j < rank; j++) if (j !== k) value -= gram[k * rank + j]! * patterns[j * columns + c]!;
      patterns[k * columns + c] = Math.max(0, value / own);
    }
    normalise(patterns.subarray(k * columns, (k + 1) * columns));
  }
  const overlap = new Float64Array(rank * rank);
  for (let k = 0; k < rank; k++) {
    for (let j = 0; j < rank; j++) {
      for (let c = 0; c < columns; c++) {
        overlap[k * rank + j]! += patterns[k * columns + c]! * patterns[j * columns + c]!;
      }
    }
  }
  for (let r = 0; r < rows; r++) {
    for (let k = 0; k < rank; k++) {
      let value = 0;
      for (let c = 0; c < columns; c++) value += data[r * columns + c]! * patterns[k * columns + c]!;
      for (let j = 0; j < rank; j++) if (j !== k) value -= overlap[k * rank + j]! * amounts[r * rank + j]!;
      amounts[r * rank + k] = Math.max(0, value / (overlap[k * rank + k]! || 1));
    }
  }
}

/** The strongest first. */
function byStrength(rows: number, columns: number, rank: number, amounts: Float64Array, patterns: Float64Array) {
  const strength = Array.from({ length: rank }, (_, k) => {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += amounts[r * rank + k]! ** 2;
    return sum;
  });
  const order = [...strength.keys()].sort((a, b) => strength[b]! - strength[a]!);
  const sorted = { amounts: new Float64Array(amounts.length), patterns: new Float64Array(patterns.length) };
  order.forEach((from, to) => {
    for (let r = 0; r < rows; r++) sorted.amounts[r * rank + to] = amounts[r * rank + from]!;
    sorted.patterns.set(patterns.subarray(from * columns, (from + 1) * columns), to * columns);
  });
  return sorted;
}

function explainedBy(
  data: Float32Array,
  columns: number,
  rank: number,
  amounts: Float64Array,
  patterns: Float64Array,
  total: number,
): number[] {
  const rest = data.slice();
  return Array.from({ length: rank }, (_, k) => {
    const amount = Float64Array.from({ length: data.length / columns }, (_, r) => amounts[r * rank + k]!);
    subtract(rest, columns, amount, patterns.subarray(k * columns, (k + 1) * columns));
    return 1 - sumOfSquares(rest) / total;
  });
}
