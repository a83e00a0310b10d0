/**
 * The outline of a cylindrical sample: a circle through the outer edge of what is brightest in each direction.
 *
 * Along rays from the middle the outermost place where the image rises to half of its wall's level is found between the
 * voxels; a circle is fitted to these places by least squares (Kasa's algebraic form, then Gauss-Newton on distances),
 * leaving out places further off than three times the robust spread.
 */
import { median, quantile, robustSpread } from "../fit/index.ts";
import { toMm } from "./slice-image.ts";
import { solveSmall } from "./small-matrix.ts";

export interface Outline {
  readonly centreMm: readonly [x: number, y: number];
  readonly radiusMm: number;
  /** root mean square distance of the edge from the circle */
  readonly rmsMm: number;
  /** share of directions in which the edge lies on the circle */
  readonly coverage: number;
}

const RAYS = 720;
/** Less of a circle than this, or an edge further off, is none. */
const LEAST_COVERAGE = 0.25;
const MOST_RMS = 0.05;

/**
 * The circle around a sample; undefined where its edge is none.
 *
 * @param values [y, x] bright in the sample, brightest or as bright in its wall; NaN is dark
 */
export function fitOutline(values: ArrayLike<number>, ny: number, nx: number, voxelMm: number): Outline | undefined {
  const image = { values, ny, nx };
  const start = brightMiddle(image);
  if (!start) return undefined;
  let points = edgePoints(image, start);
  let circle = fitCircle(points);
  // once more from the middle that was found: rays then meet the wall at right angles
  if (circle) {
    points = edgePoints(image, [circle.x, circle.y]);
    circle = fitCircle(points);
  }
  if (!circle || circle.kept < LEAST_COVERAGE * RAYS || circle.rms > MOST_RMS * circle.radius) return undefined;
  return {
    centreMm: [toMm(circle.x, voxelMm, nx), toMm(circle.y, voxelMm, ny)],
    radiusMm: circle.radius * voxelMm,
    rmsMm: circle.rms * voxelMm,
    coverage: circle.kept / RAYS,
  };
}

interface Image {
  readonly values: ArrayLike<number>;
  readonly ny: number;
  readonly nx: number;
}

/** Middle of the box around voxels of at least a quarter of the brightest: a missing part does not draw it away. */
function brightMiddle({ values, ny, nx }: Image): [number, number] | undefined {
  const level = 0.25 * quantile(values, 0.995);
  if (!(level > 0)) return undefined;
  const inRow = new Uint32Array(ny);
  const inCol = new Uint32Array(nx);
  for (let i = 0; i < ny * nx; i++) {
    if (!(values[i]! >= level)) continue;
    inRow[Math.floor(i / nx)]!++;
    inCol[i % nx]!++;
  }
  // a few bright voxels far off are noise
  const ends = (counts: Uint32Array): [number, number] => [
    counts.findIndex((count) => count > 2),
    counts.findLastIndex((count) => count > 2),
  ];
  const [[left, right], [low, high]] = [ends(inCol), ends(inRow)];
  return left < 0 || low < 0 ? undefined : [(left + right) / 2, (low + high) / 2];
}

type Point = readonly [x: number, y: number];

/** In voxels. */
function edgePoints(image: Image, [cx, cy]: Point): Point[] {
  const { ny, nx } = image;
  const reach = Math.ceil(Math.hypot(ny, nx) * 2);
  const rays = Array.from({ length: RAYS }, (_, ray) => {
    const angle = (2 * Math.PI * ray) / RAYS;
    const [dx, dy] = [Math.cos(angle) / 2, Math.sin(angle) / 2];
    const profile: number[] = [];
    for (let step = 0; step < reach; step++) {
      const [x, y] = [cx + dx * step, cy + dy * step];
      if (x < 0 || y < 0 || x > nx - 1 || y > ny - 1) break;
      profile.push(sample(image, x, y));
    }
    return { dx, dy, profile };
  });
  const level = median(rays.map(({ profile }) => profile.reduce((most, value) => Math.max(most, value), 0))) / 2;
  const points: Point[] = [];
  for (const { dx, dy, profile } of rays) {
    let outer = profile.length - 1;
    while (outer >= 0 && profile[outer]! < level) outer--;
    // at the edge of the grid the sample is cut off: that is no edge of its own
    if (outer <= 0 || outer >= profile.length - 1) continue;
    const [inside, outside] = [profile[outer]!, profile[outer + 1]!];
    const step = outer + (inside - level) / (inside - outside);
    points.push([cx + dx * step, cy + dy * step]);
  }
  return points;
}

/** Linear between voxels; NaN counts as 0. */
function sample({ values, nx, ny }: Image, x: number, y: number): number {
  const [col, row] = [Math.min(Math.floor(x), nx - 2), Math.min(Math.floor(y), ny - 2)];
  const [u, v] = [x - col, y - row];
  const at = row * nx + col;
  // NaN is the only value that is not itself, and 0 counts as much: `||` does for both
  const below = (1 - u) * (values[at]! || 0) + u * (values[at + 1]! || 0);
  const above = (1 - u) * (values[at + nx]! || 0) + u * (values[at + nx + 1]! || 0);
  return (1 - v) * below + v * above;
}

interface Circle {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly rms: number;
  readonly kept: number;
}

function fitCircle(points: readonly Point[]): Circle | undefined {
  if (points.length < 8) return undefined;
  let kept = points;
  let circle = algebraicCircle(kept);
  for (let pass = 0; pass < 6 && circle; pass++) {
    circle = geometricCircle(kept, circle);
    const { x, y, radius } = circle;
    const distances = Float64Array.from(points, ([px, py]) => Math.hypot(px - x, py - y) - radius);
    const spread = Math.max(robustSpread(distances), 0.05);
    const next = points.filter((_, i) => Math.abs(distances[i]!) <= 3 * spread);
    if (next.length === kept.length && pass > 0) break;
    kept = next;
    if (kept.length < 8) return undefined;
  }
  if (!circle) return undefined;
  const { x, y, radius } = circle;
  const squares = kept.reduce((sum, [px, py]) => sum + (Math.hypot(px - x, py - y) - radius) ** 2, 0);
  return { x, y, radius, rms: Math.sqrt(squares / kept.length), kept: kept.length };
}

type Round = Pick<Circle, "x" | "y" | "radius">;

/** x^2 + y^2 = 2 a x + 2 b y + c, linear in a, b, c. */
function algebraicCircle(points: readonly Point[]): Round | undefined {
  const rows = points.map(([x, y]) => [[2 * x, 2 * y, 1], x * x + y * y] as const);
  const solution = normalEquations(rows);
  if (!solution) return undefined;
  const [a, b, c] = solution as [number, number, number];
  const squared = c + a * a + b * b;
  return squared > 0 ? { x: a, y: b, radius: Math.sqrt(squared) } : undefined;
}

function geometricCircle(points: readonly Point[], { x, y, radius }: Round): Round {
  for (let pass = 0; pass < 3; pass++) {
    const rows = points.map(([px, py]) => {
      const r = Math.hypot(px - x, py - y);
      return [[(px - x) / r, (py - y) / r, 1], r - radius] as const;
    });
    const step = normalEquations(rows);
    if (!step) break;
    [x, y, radius] = [x + step[0]!, y + step[1]!, radius + step[2]!];
  }
  return { x, y, radius };
}

/** Least squares of rows . p = value. */
function normalEquations(rows: readonly (readonly [readonly number[], number])[]): number[] | undefined {
  const n = rows[0]![0].length;
  const matrix = new Float64Array(n * n);
  const right = new Float64Array(n);
  for (const [row, value] of rows)
    for (let i = 0; i < n; i++) {
      right[i]! += row[i]! * value;
      for (let j = 0; j < n; j++) matrix[i * n + j]! += row[i]! * row[j]!;
    }
  const solution = solveSmall(matrix, right);
  return solution && [...solution];
}
