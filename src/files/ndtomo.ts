/**
 * nDTomo volumes: `/data` with `/q` (1/angstrom) or `/tth` (degrees), [y, x, bin] or [bin, y, x]; which of the two is
 * told by the axis length. Rows are kept in the file's order: nDTomo draws row 0 at the top, xrdct at the bottom.
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

/** A whole volume in memory. @param options.voxelMm the format does not keep it */
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
 * Writes `/data` [y, x, bin] and `/q` or `/tth`, as nDTomo opens them.
 *
 * @throws InputError "ndtomo-axis" where the axis is neither q nor two-theta; and those of createHdf5
 */
export async function writeNdtomoVolume(path: string, volume: Volume): Promise<void> {
  const { ny, nx, axis, data } = volume;
  const name = { q: "q", "two-theta": "tth", radius: undefined, "log-tan": undefined, channel: undefined }[axis.unit];
  if (!name) {
    throw new InputError(
      "ndtomo-axis",
      `nDTomo's files have a q or a two-theta axis, and this volume has ${axis.unit}. Convert the axis first.`,
    );
  }
  const file = await createHdf5(path);
  try {
    file.dataset("data", [ny, nx, axis.values.length], data, { chunks: [1, nx, axis.values.length] });
    file.dataset(name, [axis.values.length], axis.values);
    file.attribute(name, "units", axis.unit === "q" ? "1/angstrom" : "degree");
    file.finish();
  } catch (error) {
    file.abort();
    throw error;
  }
}
