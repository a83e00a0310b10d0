/**
 * Groups of voxels whose residuals look alike, whatever their size: agglomerative, by the mean cosine between members
 * of two groups.
 *
 * Source: nearest-neighbour chains, F. Murtagh, Comput. J. 26 (1983) 354-359; group average, P. H. A. Sneath & R. R.
 * Sokal, Numerical Taxonomy (1973).
 */
export interface Cluster {
  /** rows, ascending */
  readonly members: readonly number[];
  /** [column] mean of the members' residuals, each of unit length */
  readonly pattern: Float64Array;
}

/**
 * @param data [row, column]
 * @param rows those that are grouped; time and memory go with the square of their number
 * @param least mean cosine of groups that are still put together
 * @returns largest first; equal ones by their first member
 */
export function clusterRows(data: Float32Array, columns: number, rows: readonly number[], least: number): Cluster[] {
  const n = rows.length;
  const likeness = cosines(data, columns, rows);
  const size = new Int32Array(n).fill(1);
  const members = rows.map((row) => [row]);
  const isThere = new Uint8Array(n).fill(1);
  const chain: number[] = [];
  for (let left = n; left > 1; ) {
    if (chain.length === 0) chain.push(isThere.indexOf(1));
    const top = chain.at(-1)!;
    const before = chain.at(-2) ?? -1;
    let best = before;
    let closest = before < 0 ? -Infinity : likeness[top * n + before]!;
    for (let i = 0; i < n; i++) {
      if (isThere[i] && i !== top && likeness[top * n + i]! > closest) [best, closest] = [i, likeness[top * n + i]!];
    }
    if (best !== before) {
      chain.push(best);
      continue;
    }
    // the two at the end of the chain are each other's nearest
    chain.length -= 2;
    left--;
    const [keep, drop] = top < best ? [top, best] : [best, top];
    isThere[drop] = 0;
    if (closest < least) {
      // group averages only fall from here: neither will ever be close enough to anything
      isThere[keep] = 0;
      left--;
      continue;
    }
    for (let i = 0; i < n; i++) {
      if (!isThere[i] || i === keep) continue;
      const mean =
        (size[keep]! * likeness[keep * n + i]! + size[drop]! * likeness[drop * n + i]!) / (size[keep]! + size[drop]!);
      likeness[keep * n + i] = mean;
      likeness[i * n + keep] = mean;
    }
    size[keep]! += size[drop]!;
    members[keep]!.push(...members[drop]!);
    members[drop] = [];
  }
  return members
    .filter((group) => group.length > 0)
    .map((group) => group.sort((a, b) => a - b))
    .sort((a, b) => b.length - a.length || a[0]! - b[0]!)
    .map((group) => ({ members: group, pattern: meanDirection(data, columns, group) }));
}

function cosines(data: Float32Array, columns: number, rows: readonly number[]): Float32Array {
  const n = rows.length;
  const unit = new Float64Array(n * columns);
  rows.forEach((row, i) => {
    const pattern = data.subarray(row * columns, (row + 1) * columns);
    const length = Math.hypot(...pattern) || 1;
    for (let c = 0; c < columns; c++) unit[i * columns + c] = pattern[c]! / length;
  });
  const out = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += unit[i * columns + c]! * unit[j * columns + c]!;
      out[i * n + j] = sum;
      out[j * n + i] = sum;
    }
  }
  return out;
}

function meanDirection(data: Float32Array, columns: number, rows: readonly number[]): Float64Array {
  const mean = new Float64Array(columns);
  for (const row of rows) {
    const pattern = data.subarray(row * columns, (row + 1) * columns);
    const length = Math.hypot(...pattern) || 1;
    for (let c = 0; c < columns; c++) mean[c]! += pattern[c]! / length / rows.length;
  }
  return mean;
}
