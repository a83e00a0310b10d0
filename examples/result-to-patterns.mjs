/**
 * A step of a pipeline in plain JavaScript: from a result of xrdct, the mean pattern of all voxels that hold a phase as
 * .xye for another program, on standard output.
 *
 *   node examples/result-to-patterns.mjs cell.nxs NMC532 0.5 > cathode.xye       weight fraction of 0.5 or more
 */
import { stdout } from "node:process";
import { pathToFileURL } from "node:url";
import { formatXye, openResult } from "xrdct";

/** @param {string} path @param {string} phase @param {number} least weight fraction, 0 to 1 */
export async function meanPatternOf(path, phase, least) {
  const result = await openResult(path);
  try {
    const { values, status, ny, nx } = result.readMap(`map/${phase}/weight_fraction`);
    const radial = result.axes("reconstruct/data")[2];
    const bins = radial.values.length;
    const sum = new Float64Array(bins);
    const variance = new Float64Array(bins);
    let voxels = 0;
    for (let y = 0; y < ny; y++) {
      // one row of patterns in memory at a time
      const patterns = result.readArray("reconstruct/data", [y, 0, 0], [1, nx, bins]);
      const sigmas = result.readArray("reconstruct/data_esd", [y, 0, 0], [1, nx, bins]);
      for (let x = 0; x < nx; x++) {
        if (status[y * nx + x] !== 0 || !(values[y * nx + x] >= least)) continue;
        voxels++;
        for (let bin = 0; bin < bins; bin++) {
          sum[bin] += patterns[x * bins + bin];
          variance[bin] += sigmas[x * bins + bin] ** 2;
        }
      }
    }
    const axis = { unit: radial.name === "two_theta" ? "two-theta" : radial.name, values: radial.values };
    const sigma = variance.map((value) => Math.sqrt(value) / voxels);
    return { voxels, pattern: { axis, intensity: sum.map((value) => value / voxels), sigma } };
  } finally {
    result.close();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [path, phase, least = "0.5"] = process.argv.slice(2);
  const { voxels, pattern } = await meanPatternOf(path, phase, Number(least));
  stdout.write(formatXye(pattern, [`${phase} in ${voxels} voxels of ${path}`]));
}
