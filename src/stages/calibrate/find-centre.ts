/**
 * The beam centre from the rings alone.
 *
 * 1. Every edge of a ring points at the centre: each strong gradient votes along its line, on the detector and far
 *    around it (a Hough transform for concentric circles).
 * 2. The best few places are scored by how much of the image's contrast depends on the radius only, and climb to the
 *    best score in ever smaller steps. Works with part of a ring, gaps, spots, and a centre off the detector.
 */
import { type ContrastImage, contrastPoints, type Points } from "./contrast-image.ts";
import { createRadialShare, type RadialShare } from "./radial-share.ts";

/** Row and column in detector pixels, 0 at the first pixel's outer corner. */
export interface Centre {
  readonly row: number;
  readonly col: number;
  /** share of the contrast that depends on the radius only, chance taken off: 0 none, 1 perfect rings */
  readonly score: number;
}

/** How far outside the detector the centre is looked for, in detector sides. */
const REACH = 1;
const CANDIDATES = 8;

/**
 * @param aspect width of a pixel over its height
 * @param near   a rough centre [row, col] in detector pixels, to be improved instead of looking everywhere
 */
export function findCentre(image: ContrastImage, aspect: number, near?: readonly [number, number]): Centre {
  // From here on columns are in units of the pixel's height, so that rings are circles.
  const points = contrastPoints(image);
  points.col.forEach((col, i) => {
    points.col[i] = col * aspect;
  });
  // From afar a fifth of the pixels shows the way.
  const climbFar = createClimber(everyNth(points, 5));
  const climb = createClimber(points);
  const starts = near
    ? [{ row: near[0] / image.binning, col: (near[1] / image.binning) * aspect }]
    : [...voteForCentre(image, aspect), { row: image.rows / 2, col: (image.cols / 2) * aspect }];
  let best: Centre = { row: 0, col: 0, score: -Infinity };
  for (const start of starts) {
    const found = climbFar(start.row, start.col, 8, 1);
    if (found.score > best.score) best = found;
  }
  best = climb(best.row, best.col, 1, 1 / 8);
  return { row: best.row * image.binning, col: (best.col / aspect) * image.binning, score: best.score };
}

const COMPASS: readonly (readonly [number, number])[] = [
  [0, 1],
  [1, 0],
  [0, -1],
  [-1, 0],
  [1, 1],
  [1, -1],
  [-1, -1],
  [-1, 1],
];

function everyNth(points: Points, n: number): Points {
  const pick = (values: Float32Array): Float32Array => values.filter((_, i) => i % n === 0);
  return { row: pick(points.row), col: pick(points.col), value: pick(points.value) };
}

type Climb = (row: number, col: number, firstStep: number, lastStep: number) => Centre;

/** Compass search: the best of the eight neighbours one step away, then half the step. */
function createClimber(points: Points): Climb {
  const share: RadialShare = createRadialShare();
  const radius = new Float32Array(points.value.length);
  const score = (row: number, col: number, width: number): number => {
    for (let i = 0; i < radius.length; i++) {
      const dr = points.row[i]! - row;
      const dc = points.col[i]! - col;
      radius[i] = Math.sqrt(dr * dr + dc * dc);
    }
    return share(radius, points.value, width);
  };
  return (row, col, firstStep, lastStep) => {
    let best: Centre = { row, col, score: -Infinity };
    for (let step = firstStep; step >= lastStep; step /= 2) {
      // Wide bins see rings from afar, narrow ones tell where exactly; each width has its own scale of scores.
      const width = Math.max(step / 2, 0.5);
      best = { ...best, score: score(best.row, best.col, width) };
      for (let isMoving = true, moves = 0; isMoving && moves < 40; moves++) {
        const from = best;
        for (const [dr, dc] of COMPASS) {
          const [r, c] = [from.row + dr * step, from.col + dc * step];
          const here = score(r, c, width);
          if (here > best.score) best = { row: r, col: c, score: here };
        }
        isMoving = best !== from;
      }
    }
    return best;
  };
}

/** At this distance, in small-image pixels, a line is trusted half as exactly as nearby. */
const FAR = 100;
/** Side of a cell of the vote, in small-image pixels. */
const CELL = 3;

/** Places where many gradients meet, the best first; small-image pixels, columns times aspect. */
function voteForCentre(image: ContrastImage, aspect: number): { row: number; col: number }[] {
  const [rows, cols] = [image.rows, image.cols * aspect];
  const [top, left] = [-REACH * rows, -REACH * cols];
  const [height, width] = [Math.ceil(((1 + 2 * REACH) * rows) / CELL), Math.ceil(((1 + 2 * REACH) * cols) / CELL)];
  const votes = new Float64Array(height * width);
  const edges = strongEdges(blurred(image), aspect);
  for (const { row, col, dr, dc, weight } of edges) {
    // One vote for each cell that the line crosses along its steeper axis.
    const scale = CELL / Math.max(Math.abs(dr), Math.abs(dc));
    for (const sense of [1, -1]) {
      for (let k = sense < 0 ? 1 : 0; ; k++) {
        const r = Math.floor((row + sense * k * scale * dr - top) / CELL);
        const c = Math.floor((col + sense * k * scale * dc - left) / CELL);
        if (r < 0 || c < 0 || r >= height || c >= width) break;
        votes[r * width + c]! += weight;
      }
    }
  }
  return highest(sumOfNeighbours(votes, height, width), height, width).map(([r, c]) =>
    meetingPoint(edges, top + (r + 0.5) * CELL, left + (c + 0.5) * CELL),
  );
}

/**
 * The point nearest to the lines of most edges: least squares of the distances, reweighted so that lines which pass
 * far off lose their pull, ever more strictly.
 */
function meetingPoint(edges: readonly Edge[], row: number, col: number): { row: number; col: number } {
  for (const width of [16, 16, 12, 8, 6, 4, 3, 3]) {
    let [a, b, d, u, v] = [0, 0, 0, 0, 0];
    for (const edge of edges) {
      const [er, ec] = [edge.row - row, edge.col - col];
      // Across the line: (-dc, dr). Directions are known to an angle, so far lines pass less exactly.
      const off = -edge.dc * er + edge.dr * ec;
      const reach = width * (1 + Math.hypot(er, ec) / FAR);
      const w = edge.weight / (reach * reach + off * off) ** 2;
      a += w * edge.dc * edge.dc;
      b -= w * edge.dc * edge.dr;
      d += w * edge.dr * edge.dr;
      u -= w * edge.dc * off;
      v += w * edge.dr * off;
    }
    const determinant = a * d - b * b;
    if (!(determinant > 1e-6 * (a + d) ** 2)) break;
    row += (d * u - b * v) / determinant;
    col += (a * v - b * u) / determinant;
  }
  return { row, col };
}

interface Edge {
  readonly row: number;
  readonly col: number;
  /** unit vector along the gradient */
  readonly dr: number;
  readonly dc: number;
  readonly weight: number;
}

/** The steepest tenth of the pixels, by a 3 x 3 Sobel gradient; none beside a gap, where a neighbour is NaN. */
function strongEdges({ rows, cols, data }: ContrastImage, aspect: number): Edge[] {
  const all: Edge[] = [];
  for (let row = 1; row < rows - 1; row++) {
    for (let col = 1; col < cols - 1; col++) {
      const at = row * cols + col;
      const [n, s] = [at - cols, at + cols];
      const gr = data[s - 1]! + 2 * data[s]! + data[s + 1]! - data[n - 1]! - 2 * data[n]! - data[n + 1]!;
      const gc =
        (data[n + 1]! + 2 * data[at + 1]! + data[s + 1]! - data[n - 1]! - 2 * data[at - 1]! - data[s - 1]!) / aspect;
      const size = Math.hypot(gr, gc);
      if (size > 0) all.push({ row: row + 0.5, col: (col + 0.5) * aspect, dr: gr / size, dc: gc / size, weight: size });
    }
  }
  const sizes = Float64Array.from(all, (edge) => edge.weight).sort();
  const limit = sizes[Math.floor(0.9 * sizes.length)] ?? 0;
  return all.filter((edge) => edge.weight >= limit);
}

/** Mean of 5 x 5: the direction of a gradient is only as good as the noise is low. NaN spreads. */
function blurred({ rows, cols, binning, data }: ContrastImage): ContrastImage {
  const out = new Float32Array(data.length).fill(Number.NaN);
  for (let row = 2; row < rows - 2; row++) {
    for (let col = 2; col < cols - 2; col++) {
      let sum = 0;
      for (let r = row - 2; r <= row + 2; r++) for (let c = col - 2; c <= col + 2; c++) sum += data[r * cols + c]!;
      out[row * cols + col] = sum / 25;
    }
  }
  return { rows, cols, binning, data: out };
}

function sumOfNeighbours(votes: Float64Array, height: number, width: number): Float64Array {
  const out = new Float64Array(votes.length);
  for (let r = 1; r < height - 1; r++) {
    for (let c = 1; c < width - 1; c++) {
      let near = 0;
      for (let dr = -1; dr <= 1; dr++) for (let dc = -1; dc <= 1; dc++) near += votes[(r + dr) * width + c + dc]!;
      out[r * width + c] = near;
    }
  }
  return out;
}

function highest(votes: Float64Array, height: number, width: number): [number, number][] {
  const left = votes.slice();
  const found: [number, number][] = [];
  const apart = Math.round(Math.max(height, width) / 24);
  while (found.length < CANDIDATES) {
    let best = 0;
    for (let i = 0; i < left.length; i++) if (left[i]! > left[best]!) best = i;
    if (!(left[best]! > 0)) break;
    const [row, col] = [Math.floor(best / width), best % width];
    found.push([row, col]);
    for (let r = Math.max(row - apart, 0); r <= Math.min(row + apart, height - 1); r++) {
      for (let c = Math.max(col - apart, 0); c <= Math.min(col + apart, width - 1); c++) left[r * width + c] = 0;
    }
  }
  return found;
}
