/** How many voxels and bins go together, so that the residuals of a slice of any size fit into memory. */
export interface Pooling {
  /** voxels along each edge of a pool */
  readonly voxels: number;
  readonly points: number;
  readonly ny: number;
  readonly nx: number;
  readonly columns: number;
}

/** Held at once: the residuals, normalised, less the components so far, and shifted to see what noise gives. */
const COPIES = 4;
/** Bins are not pooled beyond this: a line must stay a line. */
const MOST_POINTS = 2;

/** The finest that fits; voxels go together before bins do. */
export function planPooling(ny: number, nx: number, points: number, bytes: number): Pooling {
  for (let voxels = 1; ; voxels++) {
    for (let merged = 1; merged <= (voxels > 1 ? MOST_POINTS : 1); merged++) {
      const pooled = {
        voxels,
        points: merged,
        ny: Math.ceil(ny / voxels),
        nx: Math.ceil(nx / voxels),
        columns: Math.ceil(points / merged),
      };
      const needed = 4 * COPIES * pooled.ny * pooled.nx * pooled.columns;
      if (needed <= bytes || pooled.ny * pooled.nx === 1) return pooled;
    }
  }
}

export interface PooledRows {
  /** [row, column] means over the pools; of pools that hold a voxel */
  readonly data: Float32Array;
  /** [row] index of the pool in [ny, nx] */
  readonly pool: Int32Array;
}

/**
 * Means over pools, of voxels that come a few rows of the slice at a time.
 *
 * @param readRow [x, point] of row y of the slice; NaN for voxels that were left out
 */
export function poolRows(
  plan: Pooling,
  { ny, nx, points }: { readonly ny: number; readonly nx: number; readonly points: number },
  readRow: (y: number) => Float32Array,
): PooledRows {
  const { voxels, points: merged, columns } = plan;
  const data = new Float32Array(plan.ny * plan.nx * columns);
  const pool = new Int32Array(plan.ny * plan.nx);
  const sum = new Float64Array(plan.nx * columns);
  const count = new Int32Array(plan.nx);
  let rows = 0;
  for (let py = 0; py < plan.ny; py++) {
    sum.fill(0);
    count.fill(0);
    for (let y = py * voxels; y < Math.min(ny, (py + 1) * voxels); y++) {
      const row = readRow(y);
      for (let x = 0; x < nx; x++) {
        if (!Number.isFinite(row[x * points]!)) continue;
        const px = Math.floor(x / voxels);
        count[px]!++;
        for (let k = 0; k < points; k++) sum[px * columns + Math.floor(k / merged)]! += row[x * points + k]!;
      }
    }
    for (let px = 0; px < plan.nx; px++) {
      if (count[px] === 0) continue;
      for (let c = 0; c < columns; c++) {
        const width = Math.min(merged, points - c * merged);
        data[rows * columns + c] = sum[px * columns + c]! / (count[px]! * width);
      }
      pool[rows++] = py * plan.nx + px;
    }
  }
  return { data: data.subarray(0, rows * columns), pool: pool.slice(0, rows) };
}
