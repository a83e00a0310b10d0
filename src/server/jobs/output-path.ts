import { InputError } from "../../data/index.ts";
import type { ServedFolder } from "../served-folder.ts";

/**
 * Where the result of a scan comes, absolute.
 *
 * @param scan as the page names it; `output` likewise, left out: the scan's name with .nxs
 * @throws InputError "bad-output" | "path-outside" | "path-not-found"
 */
export function outputOf(folder: ServedFolder, scan: string, output = `${scan.replace(/\.ya?ml$/i, "")}.nxs`): string {
  if (!/\.(nxs|h5|hdf5)$/i.test(output)) {
    throw new InputError("bad-output", `The result is ${output}; its name has to end in .nxs (or .h5, .hdf5).`);
  }
  return folder.target(output);
}
