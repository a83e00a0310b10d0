/**
 * Distances to the nearest of many points, exactly: a balanced k-d tree, walked with the best distance so far as bound.
 * Edges are then points between the voxels, so that a distance is as fine as the edge is known. Source: Bentley,
 * Communications of the ACM 18 (1975) 509.
 */

/** Points as x0, y0, x1, y1 ... */
export type Points = Float64Array;

const LEAF = 8;

/**
 * Distance from each voxel's centre to the nearest point, in the unit of the points; voxel (row, col) lies at
 * (col, row). NaN everywhere where there is no point, and where nobody asks.
 *
 * @param isAsked of a voxel's index; all where left out
 * @returns [y, x]
 */
export function distanceToPoints(
  points: Points,
  ny: number,
  nx: number,
  isAsked: (index: number) => boolean = () => true,
): Float32Array {
  const out = new Float32Array(ny * nx).fill(Number.NaN);
  const count = points.length / 2;
  if (count === 0) return out;
  const tree = buildTree(points);
  for (let row = 0; row < ny; row++) {
    let last = Number.POSITIVE_INFINITY;
    for (let col = 0; col < nx; col++) {
      // a neighbour is one step away, so its nearest point is at most one step farther
      last += 1;
      if (!isAsked(row * nx + col)) continue;
      last = Math.sqrt(nearestSquared(tree, col, row, last * last * (1 + 1e-12), 0, count, 0));
      out[row * nx + col] = last;
    }
  }
  return out;
}

/** Points in the order of the tree: the middle of each range splits it, along x and y by turns. */
function buildTree(points: Points): Points {
  const tree = points.slice();
  const split = (from: number, to: number, axis: 0 | 1): void => {
    if (to - from <= LEAF) return;
    const middle = (from + to) >> 1;
    select(tree, from, to - 1, middle, axis);
    split(from, middle, axis === 0 ? 1 : 0);
    split(middle + 1, to, axis === 0 ? 1 : 0);
  };
  split(0, tree.length / 2, 0);
  return tree;
}

/** Hoare's quickselect: afterwards nothing before `k` is larger, and nothing behind it smaller. */
function select(points: Points, from: number, to: number, k: number, axis: 0 | 1): void {
  let [left, right] = [from, to];
  while (left < right) {
    const pivot = points[2 * ((left + right) >> 1) + axis]!;
    let [i, j] = [left, right];
    while (i <= j) {
      while (points[2 * i + axis]! < pivot) i++;
      while (points[2 * j + axis]! > pivot) j--;
      if (i > j) break;
      swap(points, i++, j--);
    }
    if (k <= j) right = j;
    else if (k >= i) left = i;
    else return;
  }
}

function swap(points: Points, i: number, j: number): void {
  for (const axis of [0, 1]) {
    const kept = points[2 * i + axis]!;
    points[2 * i + axis] = points[2 * j + axis]!;
    points[2 * j + axis] = kept;
  }
}

/** The smallest squared distance to points `from` to `to` of the tree, or `best` where none is nearer. */
function nearestSquared(
  tree: Points,
  x: number,
  y: number,
  best: number,
  from: number,
  to: number,
  axis: 0 | 1,
): number {
  let least = best;
  if (to - from <= LEAF) {
    for (let i = from; i < to; i++) {
      const [dx, dy] = [tree[2 * i]! - x, tree[2 * i + 1]! - y];
      least = Math.min(least, dx * dx + dy * dy);
    }
    return least;
  }
  const middle = (from + to) >> 1;
  const [dx, dy] = [tree[2 * middle]! - x, tree[2 * middle + 1]! - y];
  least = Math.min(least, dx * dx + dy * dy);
  const gap = axis === 0 ? dx : dy;
  const next = axis === 0 ? 1 : 0;
  const isBelow = gap > 0;
  least = nearestSquared(tree, x, y, least, isBelow ? from : middle + 1, isBelow ? middle : to, next);
  if (gap * gap >= least) return least;
  return nearestSquared(tree, x, y, least, isBelow ? middle + 1 : from, isBelow ? to : middle, next);
}
