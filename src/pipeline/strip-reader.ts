/**
 * Rows of a stack in a result file, one after the other. The file keeps some rows together in a chunk, and reads all of
 * it to give one: so a strip of rows is read at once and kept.
 */
import type { Result } from "../files/result-reader.ts";

/** About as many as the result writer puts into a chunk of a slice of full size. */
const STRIP_ROWS = 16;

/** @returns [x, bin] of row y; to be read only, and until another row is asked for */
export function createStripReader(
  result: Result,
  name: string,
  { ny, nx, bins }: { readonly ny: number; readonly nx: number; readonly bins: number },
): (y: number) => Float32Array {
  let first = -1;
  let strip: Float32Array = new Float32Array();
  return (y) => {
    const start = y - (y % STRIP_ROWS);
    if (start !== first) {
      strip = result.readArray(name, [start, 0, 0], [Math.min(STRIP_ROWS, ny - start), nx, bins]) as Float32Array;
      first = start;
    }
    return strip.subarray((y - start) * nx * bins, (y - start + 1) * nx * bins);
  };
}
