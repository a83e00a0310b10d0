/** h5py as the independent reader and writer of HDF5; tests that need it are skipped, by name, where it is absent. */
import { execFileSync } from "node:child_process";

export const PYTHON = process.env["XRDCT_PYTHON"] ?? "/usr/bin/python3";

export const hasH5py = canImport("h5py");
/** silx decides by itself what is a valid NXdata and what a file's default plot is. */
export const hasSilx = canImport("silx.io.nxdata");
/** pyFAI makes diffraction maps. */
export const hasPyfai = canImport("pyFAI.diffmap, fabio");

function canImport(module: string): boolean {
  try {
    execFileSync(PYTHON, ["-c", `import ${module}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Runs a script with `h5py` and `np` imported and the arguments in `args`; its standard output. */
export function h5py(script: string, ...args: string[]): string {
  const head = "import sys, json, h5py, numpy as np\nargs = sys.argv[1:]\n";
  return execFileSync(PYTHON, ["-c", head + script, ...args], { encoding: "utf8" });
}
