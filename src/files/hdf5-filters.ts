/** Which compressions of HDF5 this installation reads and writes, found by doing so. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { loadHdf5Library } from "./hdf5-library.ts";

/** Those that detectors and beamlines write: number as The HDF Group registered it, and options of the filter. */
const FILTERS: Readonly<Record<string, { readonly id: number; readonly options: number[] }>> = {
  gzip: { id: 1, options: [4] },
  "bitshuffle-LZ4": { id: 32008, options: [0, 2] },
  LZ4: { id: 32004, options: [] },
  blosc: { id: 32001, options: [] },
  blosc2: { id: 32026, options: [0, 0, 0, 0, 5, 1, 0] },
  Zstandard: { id: 32015, options: [] },
  LZF: { id: 32000, options: [] },
};

/**
 * Writes 4096 numbers with each filter and reads them again.
 *
 * @param within folder that it may write to, and leaves as it was
 * @returns names of the filters that gave the numbers back, and of those that did not
 */
export async function tryHdf5Filters(
  within: string,
): Promise<{ readonly working: string[]; readonly failing: string[] }> {
  const library = await loadHdf5Library();
  const folder = mkdtempSync(join(within, ".xrdct-filters-"));
  const numbers = Int32Array.from({ length: 4096 }, (_, i) => (i * i) % 977);
  const [working, failing]: [string[], string[]] = [[], []];
  try {
    for (const [name, { id, options }] of Object.entries(FILTERS)) {
      const path = join(folder, `${id}.h5`);
      const { value: isSame } = library.attempt(() => {
        const written = new library.File(path, "w");
        written.create_dataset({
          ...{ name: "data", data: numbers, shape: [4096], chunks: [1024] },
          ...{ compression: id, compression_opts: options },
        });
        written.close();
        const read = new library.File(path, "r");
        const found = (read.get("data") as unknown as { value: Int32Array }).value;
        read.close();
        return found.length === 4096 && found.every((value, i) => value === numbers[i]);
      });
      (isSame ? working : failing).push(name);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { working, failing };
}
