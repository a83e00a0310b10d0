import type { FrameArray, Mask } from "../../data/index.ts";
import { median, medianOfFew } from "../../fit/index.ts";
import { type Poni, type Shape, twoThetaMap } from "../../geometry/index.ts";

export interface BadPixelOptions {
  /** excluded already; neither judged nor used as a neighbour */
  readonly mask?: Mask;
  /** a pixel is hot where it stands above its neighbours by so many sigma, in every frame */
  readonly threshold?: number;
  /** and by this factor */
  readonly factor?: number;
  /** With it a pixel must also stand out from the others at its own radius: the crest of a sharp ring does not. */
  readonly poni?: Poni;
}

export interface BadPixels {
  /** [row, col] 1 = bad: hot, dead or missing in every frame */
  readonly mask: Mask;
  readonly hot: number;
  readonly dead: number;
  readonly missing: number;
}

/**
 * Pixels that are bad in all of the given frames. Hot: the lowest count over the frames stands out against the median
 * of its eight neighbours' lowest counts. Dead: always 0 where the neighbours always count. Missing: a gap in every
 * frame. Take frames from different places of the sample, eight or more: a grain's spot that is in all of them would be
 * taken for a hot pixel. What is bad in single frames is the statistic's business (trimmed mean, sigma clip).
 */
export function findBadPixels(frames: readonly FrameArray[], shape: Shape, options: BadPixelOptions = {}): BadPixels {
  const { mask, threshold = 8, factor = 3 } = options;
  const { rows, cols } = shape;
  const [lowest, highest] = extremes(frames, rows * cols);
  const data = new Uint8Array(rows * cols);
  let [hot, dead, missing] = [0, 0, 0];
  const around: number[] = [];
  const ring = options.poni && ringMedians(lowest, shape, mask, options.poni);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++, at++) {
      if (mask?.data[at]) continue;
      if (Number.isNaN(lowest[at]!)) {
        missing++;
        data[at] = 1;
        continue;
      }
      const neighbours = neighbourMedian(lowest, shape, row, col, mask, around);
      if (Number.isNaN(neighbours)) continue;
      const usual = Math.max(neighbours, ring?.[at] ?? 0);
      // Poisson, at least one count
      if (lowest[at]! > factor * usual && lowest[at]! - usual > threshold * Math.sqrt(Math.max(usual, 1))) {
        hot++;
        data[at] = 1;
      } else if (highest[at] === 0 && Math.min(neighbours, ring?.[at] ?? neighbours) > threshold) {
        dead++;
        data[at] = 1;
      }
    }
  }
  return { mask: { rows, cols, data }, hot, dead, missing };
}

/** Rings this narrow, in pixels, are flat enough across even where the powder rings are sharp. */
const RING_WIDTH_PX = 0.25;

/** [pixel] median of the valid pixels at the same radius. */
function ringMedians(map: Float32Array, shape: Shape, mask: Mask | undefined, poni: Poni): Float32Array {
  const perPixel = poni.dist / (RING_WIDTH_PX * Math.min(poni.pixel1, poni.pixel2));
  const ring = Int32Array.from(twoThetaMap(poni, shape), (twoTheta) =>
    Math.min(1e7, Math.abs(perPixel * Math.tan(twoTheta))),
  );
  const members = new Map<number, number[]>();
  for (let at = 0; at < map.length; at++) {
    if (mask?.data[at] || Number.isNaN(map[at]!)) continue;
    const list = members.get(ring[at]!);
    if (list) list.push(map[at]!);
    else members.set(ring[at]!, [map[at]!]);
  }
  const medians = new Map([...members].map(([k, list]) => [k, median(list)]));
  return Float32Array.from(ring, (k) => medians.get(k) ?? 0);
}

/** [pixel] lowest and highest valid count over the frames; NaN where there is none. */
function extremes(frames: readonly FrameArray[], pixels: number): [Float32Array, Float32Array] {
  const lowest = new Float32Array(pixels).fill(Number.NaN);
  const highest = new Float32Array(pixels).fill(Number.NaN);
  for (const frame of frames) {
    const isFloat = frame instanceof Float32Array || frame instanceof Float64Array;
    for (let at = 0; at < pixels; at++) {
      const v = frame[at]!;
      if (isFloat ? Number.isNaN(v) : v < 0 || v >= 2 ** 31) continue;
      if (!(lowest[at]! <= v)) lowest[at] = v;
      if (!(highest[at]! >= v)) highest[at] = v;
    }
  }
  return [lowest, highest];
}

function neighbourMedian(
  map: Float32Array,
  { rows, cols }: Shape,
  row: number,
  col: number,
  mask: Mask | undefined,
  around: number[],
): number {
  around.length = 0;
  for (let r = Math.max(0, row - 1); r <= Math.min(rows - 1, row + 1); r++) {
    for (let c = Math.max(0, col - 1); c <= Math.min(cols - 1, col + 1); c++) {
      const at = r * cols + c;
      if ((r === row && c === col) || mask?.data[at] || Number.isNaN(map[at]!)) continue;
      around.push(map[at]!);
    }
  }
  return around.length < 3 ? Number.NaN : medianOfFew(around, around.length);
}
