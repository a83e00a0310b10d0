/** What each thread of rows-on-workers.mjs does with one row: [x] centre of mass around the strongest bin, NaN in air. */
import { openResult } from "xrdct";

/** Each thread opens the file once; it is closed when the thread ends. */
const opened = new Map();

/** @param {{ path: string, row: number }} item */
export default async function centreOfRow({ path, row }) {
  if (!opened.has(path)) opened.set(path, await openResult(path));
  const result = opened.get(path);
  const [, nx, bins] = result.entry("reconstruct/data").shape;
  const axis = result.axes("reconstruct/data")[2].values;
  const patterns = result.readArray("reconstruct/data", [row, 0, 0], [1, nx, bins]);
  return Float64Array.from({ length: nx }, (_, x) => {
    const pattern = patterns.subarray(x * bins, (x + 1) * bins);
    const top = pattern.indexOf(pattern.reduce((most, value) => Math.max(most, value), 0));
    let [weight, moment] = [0, 0];
    for (let bin = Math.max(0, top - 5); bin <= Math.min(bins - 1, top + 5); bin++) {
      weight += pattern[bin];
      moment += pattern[bin] * axis[bin];
    }
    return weight > 0 ? moment / weight : Number.NaN;
  });
}
