/** Values along a line across an image. */

export interface ProfileImage {
  readonly rows: number;
  readonly cols: number;
  /** [row, col]; NaN: no value */
  readonly values: ArrayLike<number>;
  /** [row, col] */
  readonly esd?: ArrayLike<number>;
}

export interface ProfileLine {
  /** in elements, element (0, 0) reaching from 0 to 1 */
  readonly from: readonly [x: number, y: number];
  readonly to: readonly [x: number, y: number];
  /** elements across the line over which the mean is taken */
  readonly width: number;
}

export interface Profile {
  /** [point] distance from the start, in elements */
  readonly distance: Float64Array;
  /** [point] NaN where no element has a value */
  readonly values: Float64Array;
  /** [point] of the mean, taking the elements' uncertainties to be independent */
  readonly esd?: Float64Array;
  /** [point] elements that took part */
  readonly count: Uint16Array;
}

/**
 * The profile of an image along a line: at each point, about one element apart, the mean over `width` elements across
 * the line, interpolated between the four nearest middles. Elements without a value do not take part.
 */
export function profile(image: ProfileImage, { from, to, width }: ProfileLine): Profile {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const points = Math.max(2, Math.round(length) + 1);
  const along = length > 0 ? [(to[0] - from[0]) / length, (to[1] - from[1]) / length] : [1, 0];
  const out = {
    distance: new Float64Array(points),
    values: new Float64Array(points).fill(Number.NaN),
    count: new Uint16Array(points),
    ...(image.esd && { esd: new Float64Array(points).fill(Number.NaN) }),
  };
  const across = Math.max(1, Math.round(width));
  for (let point = 0; point < points; point++) {
    const at = (length * point) / (points - 1);
    out.distance[point] = at;
    const weights = new Map<number, number>();
    for (let i = 0; i < across; i++) {
      const aside = i - (across - 1) / 2;
      addWeights(
        image,
        from[0] + along[0]! * at - along[1]! * aside,
        from[1] + along[1]! * at + along[0]! * aside,
        weights,
      );
    }
    let [total, sum, variance] = [0, 0, 0];
    for (const [i, weight] of weights) {
      total += weight;
      sum += weight * image.values[i]!;
      variance += image.esd ? (weight * image.esd[i]!) ** 2 : 0;
    }
    if (!(total > 0)) continue;
    out.values[point] = sum / total;
    if (out.esd) out.esd[point] = Math.sqrt(variance) / total;
    out.count[point] = weights.size;
  }
  return out;
}

/** Shares of the four elements around a point, of those that have a value. */
function addWeights({ rows, cols, values }: ProfileImage, x: number, y: number, weights: Map<number, number>): void {
  const [left, low] = [Math.floor(x - 0.5), Math.floor(y - 0.5)];
  const [u, v] = [x - 0.5 - left, y - 0.5 - low];
  for (const [dx, dy, weight] of [
    [0, 0, (1 - u) * (1 - v)],
    [1, 0, u * (1 - v)],
    [0, 1, (1 - u) * v],
    [1, 1, u * v],
  ] as const) {
    const [col, row] = [left + dx, low + dy];
    if (weight < 1e-9 || col < 0 || row < 0 || col >= cols || row >= rows) continue;
    const i = row * cols + col;
    if (Number.isFinite(values[i]!)) weights.set(i, (weights.get(i) ?? 0) + weight);
  }
}
