import { openHdf5 } from "./hdf5.ts";

/**
 * The files that HDF5 files take their data from, as an EIGER master from its data files: they belong to the input as
 * the file that is named does. Files of other kinds have none.
 *
 * @throws InputError of openHdf5
 */
export async function linkedFiles(paths: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const path of paths.filter((one) => /\.(h5|hdf5?|nxs|nx5|cxs)$/i.test(one))) {
    const file = await openHdf5(path);
    try {
      for (const linked of file.linkedFiles()) if (!paths.includes(linked)) found.add(linked);
    } finally {
      file.close();
    }
  }
  return [...found];
}
