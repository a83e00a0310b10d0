/** Images out of a stack: the mean over a range of bins. */
import { InputError } from "../../data/index.ts";
import { blocksOf } from "../../files/hdf5-blocks.ts";
import type { Result } from "../../files/result-reader.ts";
import { stackShape } from "./region-pattern.ts";

/** Sums over bins that have a value, and how many these are; [row, col]. */
export interface BinSums {
  readonly sum: Float64Array;
  readonly count: Float64Array;
}

const AT_ONCE = 4 << 20;

/** @param goOn called between blocks; throws where nobody waits any more */
export function addBins(
  result: Result,
  name: string,
  [from, to]: readonly [number, number],
  goOn: () => void,
  into: BinSums,
): void {
  const [rows, cols] = stackShape(result, name);
  const { sum, count } = into;
  for (const { offset, shape } of blocksOf(
    [0, 0, from],
    [rows, cols, to - from],
    result.chunks(name) ?? null,
    AT_ONCE,
  )) {
    goOn();
    const values = result.readArray(name, offset, shape);
    const [height, width, bins] = shape as [number, number, number];
    let i = 0;
    for (let row = 0; row < height; row++) {
      for (let col = 0; col < width; col++) {
        const at = (offset[0]! + row) * cols + offset[1]! + col;
        for (let bin = 0; bin < bins; bin++) {
          const value = values[i++]!;
          if (!Number.isFinite(value)) continue;
          sum[at] = sum[at]! + value;
          count[at] = count[at]! + 1;
        }
      }
    }
  }
}

/**
 * [row, col] mean over the bins [from, to) that have a value, less the mean of the `side` bins on either side.
 *
 * @throws InputError "bins-outside"
 */
export function binImage(
  result: Result,
  name: string,
  { from, to, side }: { readonly from: number; readonly to: number; readonly side: number },
  goOn: () => void,
): Float32Array {
  const [rows, cols, bins] = stackShape(result, name);
  if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && to <= bins && from < to && side >= 0)) {
    throw new InputError(
      "bins-outside",
      `Bins ${from}:${to} of ${name}: it has ${bins} bins, so a range within 0:${bins} is needed.`,
    );
  }
  const meanOf = (ranges: readonly (readonly [number, number])[]): Float64Array => {
    const sums = { sum: new Float64Array(rows * cols), count: new Float64Array(rows * cols) };
    for (const range of ranges) if (range[0] < range[1]) addBins(result, name, range, goOn, sums);
    return sums.sum.map((value, i) => value / sums.count[i]!);
  };
  const image = meanOf([[from, to]]);
  if (side === 0) return Float32Array.from(image);
  const beside = meanOf([
    [Math.max(0, from - side), from],
    [to, Math.min(bins, to + side)],
  ]);
  return Float32Array.from(image, (value, i) => value - beside[i]!);
}
