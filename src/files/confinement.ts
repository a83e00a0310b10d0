/**
 * A folder that a process keeps to, whatever the files in it point at: links, virtual datasets and external data of
 * HDF5 files, lists of frames, paths in scan.yaml and model.yaml. `xrdct serve` sets it for itself; threads and child
 * processes have it from the environment. What comes with the program is read all the same.
 */
import { realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../data/index.ts";

const VARIABLE = "XRDCT_CONFINED_TO";
const PROGRAM = fileURLToPath(new URL("../../", import.meta.url));

/** From now on, for this process and what it starts. */
export function confineTo(folder: string): void {
  process.env[VARIABLE] = realpathSync(folder);
}

/** Links are followed; of a file that is not there, those of its folder. */
export function isReachable(path: string): boolean {
  const folder = process.env[VARIABLE];
  if (!folder) return true;
  const real = realPath(resolve(path));
  return isBelow(folder, real) || isBelow(realPath(PROGRAM), real);
}

/** @throws InputError "path-outside" | "path-special" */
export function assertReachable(path: string): void {
  if (isReachable(path)) {
    assertPlain(path);
    return;
  }
  throw new InputError(
    "path-outside",
    `${path} lies outside of the folder that is served. Start \`xrdct serve\` on a folder that holds all of your files.`,
  );
}

/**
 * Whoever opens a pipe that nobody writes to waits for ever.
 *
 * @throws InputError "path-special" for what is there and neither a file nor a folder
 */
export function assertPlain(path: string): void {
  const stat = statOf(path);
  if (!stat || stat.isFile() || stat.isDirectory()) return;
  throw new InputError(
    "path-special",
    `${path} is neither a file nor a folder but a pipe, a socket or a device. Name a file.`,
  );
}

/** What cannot be looked at cannot be opened either, and says why then. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

export function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/** With links followed, as far as there is something. */
export function realPath(absolute: string): string {
  try {
    return realpathSync(absolute);
  } catch {
    const folder = dirname(absolute);
    return folder === absolute ? absolute : join(realPath(folder), basename(absolute));
  }
}
