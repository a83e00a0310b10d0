/** Detector frames by the path that a page gives: a file, a folder, a pattern, or a list in a text file. */
import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import { notReadable, readText } from "../../files/byte-source.ts";
import type { ServedFolder } from "../served-folder.ts";

/**
 * The absolute path, after a look that nothing of it leads out of the served folder.
 *
 * @throws InputError "path-outside" | "path-not-found" | "file-not-readable"
 */
export async function framesInside(folder: ServedFolder, given: string): Promise<string> {
  const isPattern = /[*?]/.test(basename(given));
  const absolute = folder.existing(isPattern ? dirname(given) : given);
  if (isPattern) await checkLinks(folder, absolute);
  else if (/\.(txt|lst|list)$/i.test(absolute)) await checkList(folder, absolute);
  else await checkLinks(folder, absolute);
  return isPattern ? join(absolute, basename(given)) : absolute;
}

/** Entries of a folder that are links; a plain file has none. */
async function checkLinks(folder: ServedFolder, absolute: string): Promise<void> {
  let entries: Dirent[];
  try {
    entries = await readdir(absolute, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return;
    throw notReadable(basename(absolute), error);
  }
  for (const entry of entries) if (entry.isSymbolicLink()) folder.existing(folder.nameOf(join(absolute, entry.name)));
}

async function checkList(folder: ServedFolder, absolute: string): Promise<void> {
  let count = 0;
  for (const line of readText(absolute).split(/\r\n|\r|\n/)) {
    const path = line.trim();
    if (path === "" || path.startsWith("#")) continue;
    const meant = isAbsolute(path) ? path : join(dirname(absolute), path);
    folder.assertInside(meant);
    folder.existing(folder.nameOf(meant));
    // each is looked up on the disk, and others ask meanwhile
    if (++count % 100 === 0) await new Promise(setImmediate);
  }
}
