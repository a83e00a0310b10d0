/**
 * Values where there are none (voxels whose fit failed), from the mean of the neighbours that have one, again and again
 * until all of `wanted` do; 0 where nothing is near.
 *
 * @param values [y, x] changed in place
 * @param wanted [y, x] 1 where a value is needed; all else becomes 0 unless it has a value
 * @returns how many were filled
 */
export function fillGaps(values: Float64Array, wanted: Uint8Array, nx: number): number {
  const ny = values.length / nx;
  let open = [...values.keys()].filter((i) => !Number.isFinite(values[i]!) && wanted[i]);
  let filled = 0;
  while (open.length > 0) {
    const found: [number, number][] = [];
    for (const i of open) {
      const mean = meanOfNeighbours(values, i, nx, ny);
      if (mean !== undefined) found.push([i, mean]);
    }
    if (found.length === 0) break;
    for (const [i, mean] of found) values[i] = mean;
    filled += found.length;
    open = open.filter((i) => !Number.isFinite(values[i]!));
  }
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i]!)) values[i] = 0;
  return filled;
}

function meanOfNeighbours(values: Float64Array, i: number, nx: number, ny: number): number | undefined {
  const [x, y] = [i % nx, Math.floor(i / nx)];
  let [sum, count] = [0, 0];
  for (let row = Math.max(0, y - 1); row <= Math.min(ny - 1, y + 1); row++) {
    for (let col = Math.max(0, x - 1); col <= Math.min(nx - 1, x + 1); col++) {
      const value = values[row * nx + col]!;
      if (!Number.isFinite(value)) continue;
      sum += value;
      count++;
    }
  }
  return count > 0 ? sum / count : undefined;
}
