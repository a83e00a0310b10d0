/** Hyperslabs cut into blocks that follow a dataset's chunks, so that no copy in the library's heap is large. */

/** One block of a hyperslab, in the dataset's coordinates. */
export interface Block {
  readonly offset: number[];
  readonly shape: number[];
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/**
 * The blocks of a hyperslab in storage order; each ends on a chunk boundary wherever it is not the last, so no chunk
 * is decoded twice unless one chunk alone exceeds the limit of elements.
 */
export function blocksOf(
  offset: readonly number[],
  shape: readonly number[],
  chunks: readonly number[] | null,
  limit: number,
): Block[] {
  if (shape.length === 0) return [{ offset: [], shape: [] }];
  if (sizeOf(shape) === 0) return [];
  const step = blockShape(shape, chunks, limit);
  let blocks: Block[] = [{ offset: [], shape: [] }];
  for (let axis = 0; axis < shape.length; axis++) {
    const next: Block[] = [];
    const end = offset[axis]! + shape[axis]!;
    for (const block of blocks) {
      for (let from = offset[axis]!; from < end; ) {
        const to = Math.min(end, (Math.floor(from / step[axis]!) + 1) * step[axis]!);
        next.push({ offset: [...block.offset, from], shape: [...block.shape, to - from] });
        from = to;
      }
    }
    blocks = next;
  }
  return blocks;
}

/** Grows a chunk along the last axes first, to at most `limit` elements; Infinity means the whole axis at once. */
function blockShape(shape: readonly number[], chunks: readonly number[] | null, limit: number): number[] {
  const step = shape.map((_, axis) => Math.max(1, chunks?.[axis] ?? 1));
  const extent = step.map((n, axis) => Math.min(n, shape[axis]!));
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const others = sizeOf(extent) / extent[axis]!;
    if (others * shape[axis]! > limit) {
      step[axis] = step[axis]! * Math.max(1, Math.floor(limit / (others * step[axis]!)));
      break;
    }
    step[axis] = Number.POSITIVE_INFINITY;
    extent[axis] = shape[axis]!;
  }
  return step;
}

type Elements = {
  [index: number]: number | bigint;
  set(from: Elements, at?: number): void;
  subarray(from: number, to: number): Elements;
};
/** Below this many elements a loop is faster than a view and `set`. */
const SHORT_RUN = 128;

/**
 * Copies one box of elements between two C-ordered arrays of the same element type.
 *
 * @param from [fromShape], read from fromOffset on
 * @param to [toShape], written from toOffset on
 * @param shape of the box
 */
export function copyBox(
  from: Elements,
  fromShape: readonly number[],
  fromOffset: readonly number[],
  to: Elements,
  toShape: readonly number[],
  toOffset: readonly number[],
  shape: readonly number[],
): void {
  // Trailing axes that are whole in both arrays are one contiguous run.
  let axis = shape.length - 1;
  let run = 1;
  while (axis >= 0 && shape[axis] === fromShape[axis] && shape[axis] === toShape[axis]) run *= shape[axis--]!;
  if (axis >= 0) run *= shape[axis--]!;
  const outer = shape.slice(0, axis + 1);
  const index = outer.map(() => 0);
  for (let left = sizeOf(outer); left > 0; left--) {
    const source = flatIndex(fromShape, fromOffset, index);
    const target = flatIndex(toShape, toOffset, index);
    if (run > SHORT_RUN) to.set(from.subarray(source, source + run), target);
    else for (let i = 0; i < run; i++) to[target + i] = from[source + i]!;
    for (let k = outer.length - 1; k >= 0 && ++index[k]! === outer[k]; k--) index[k] = 0;
  }
}

function flatIndex(shape: readonly number[], offset: readonly number[], index: readonly number[]): number {
  let flat = 0;
  for (let axis = 0; axis < shape.length; axis++) flat = flat * shape[axis]! + offset[axis]! + (index[axis] ?? 0);
  return flat;
}
