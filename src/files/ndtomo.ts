/**
 * nDTomo volumes: `/data` with `/q` (1/angstrom) or `/tth` (degrees), [y, x, bin] or [bin, y, x]; which of the two is
 * told by the axis length. Rows are kept in the file's order: nDTomo draws row 0 at the top, xrdct at the bottom.
 * Its window saves the axis as `/xaxis`, without a unit, which the reader of the file then has to say (axisUnit).
 *
 * Layout as nDTomo 2026.7 reads and writes it (GUI/nDTomoGUI.py: loadchemvol, savechemvol, check_and_transpose).
 */
import { InputError, type Volume } from "../data/index.ts";
import { openPatternArray, type PatternArray, type PatternArrayOptions } from "./hdf5-patterns.ts";
import { createHdf5 } from "./hdf5-writer.ts";

/**
 * A volume to be read by rows; `shape` is [y, x]. The same as openPatternArray with nDTomo's names.
 *
 * @throws InputError as openPatternArray; "patterns-ambiguous-bins" where both dimensions fit the axis
 */
export function openNdtomoVolume(path: string, options: PatternArrayOptions = {}): Promise<PatternArray> {
  return openPatternArray(path, { dataset: "data", ...options });
}

/** A whole volume in memory, [y, x, bin]. @param options.voxelMm mm; the format does not keep it */
export async function readNdtomoVolume(
  path: string,
  options: PatternArrayOptions & { readonly voxelMm: number },
): Promise<Volume> {
  const { voxelMm, ...rest } = options;
  const source = await openNdtomoVolume(path, rest);
  try {
    const [ny, nx] = source.shape;
    return { ny, nx, axis: source.axis, data: source.read(0, ny), voxelMm };
  } finally {
    source.close();
  }
}

/**
 * Writes `/data` [y, x, bin] and `/q` or `/tth`, as nDTomo opens them; row by row where the source is a file, so that a
 * volume may be larger than memory.
 *
 * @throws InputError "ndtomo-axis" where the axis is neither q nor two-theta; "ndtomo-shape" where nDTomo would take
 *   another dimension for the bins; and those of createHdf5
 */
export async function writeNdtomoVolume(path: string, volume: Volume | PatternArray): Promise<void> {
  const source = "read" in volume ? volume : rowsOf(volume);
  const { axis, shape } = source;
  const [ny, nx] = shape;
  const bins = axis.values.length;
  const name = { q: "q", "two-theta": "tth", radius: undefined, "log-tan": undefined, channel: undefined }[axis.unit];
  if (!name) {
    throw new InputError(
      "ndtomo-axis",
      `nDTomo's files have a q or a two-theta axis, and this volume has ${axis.unit}. Convert the axis first.`,
    );
  }
  // nDTomo moves dimensions about where two of an oblong volume are equally long
  if (ny !== nx && (ny === bins || nx === bins)) {
    throw new InputError(
      "ndtomo-shape",
      `nDTomo would mistake a dimension of ${ny} x ${nx} voxels for the ${bins} bins, which are as many. Integrate to another number of bins (integrate: {bins: ${bins + 1}}), or export .npy.`,
    );
  }
  const file = await createHdf5(path);
  try {
    const rows = Math.max(1, Math.floor(BLOCK_BYTES / (4 * nx * bins)));
    const data = file.slabs("data", [ny, nx, bins], "float32", { chunks: [1, nx, bins] });
    for (let first = 0; first < ny; first += rows) {
      const count = Math.min(rows, ny - first);
      data.writeSlab([first, 0, 0], [count, nx, bins], source.read(first, count));
    }
    file.dataset(name, [bins], axis.values);
    file.attribute(name, "units", axis.unit === "q" ? "1/angstrom" : "degree");
    file.finish();
  } catch (error) {
    file.abort();
    throw error;
  }
}

/** Bytes of patterns held at once. */
const BLOCK_BYTES = 64e6;

const rowsOf = ({ ny, nx, axis, data }: Volume): Pick<PatternArray, "shape" | "axis" | "read"> => {
  const row = nx * axis.values.length;
  return { shape: [ny, nx], axis, read: (first, count = 1) => data.subarray(first * row, (first + count) * row) };
};
