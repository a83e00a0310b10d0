/**
 * Work of your own on all cores: the centre of mass of the strongest peak in every voxel of a result, row by row.
 *
 *   node examples/rows-on-workers.mjs cell.nxs
 */
import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import { openResult, runOnWorkers } from "xrdct";

/** @param {string} path @param {number} workers */
export async function centresOfMass(path, workers = availableParallelism()) {
  const result = await openResult(path);
  const [rows] = result.entry("reconstruct/data").shape;
  result.close();
  // a thread opens the file for itself; what goes to and fro is small
  const items = Array.from({ length: rows }, (_, row) => ({ path, row }));
  return runOnWorkers(new URL("./centre-of-row.mjs", import.meta.url), items, { workers });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const centres = await centresOfMass(process.argv[2]);
  centres.forEach((row, y) => {
    console.log(`row ${y}: ${[...row].map((value) => (Number.isNaN(value) ? "-" : value.toFixed(3))).join(" ")}`);
  });
}
