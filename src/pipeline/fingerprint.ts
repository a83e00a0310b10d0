/** What tells whether an input file is still the one that a result was made from. */
import { createHash } from "node:crypto";
import { closeSync, readSync, type Stats, statSync } from "node:fs";
import { InputError } from "../data/index.ts";
import { notReadable, openFile } from "../files/byte-source.ts";

export interface Fingerprint {
  readonly path: string;
  readonly bytes: number;
  /** of the whole file up to 64 MiB; beyond that of its first and last MiB and its time of change, so that a 2 TB scan starts at once */
  readonly sha256: string;
}

const WHOLE = 64 << 20;
const END = 1 << 20;

export function fingerprint(path: string): Fingerprint {
  const { size: bytes, mtimeMs } = statOf(path);
  const hash = createHash("sha256");
  const fd = openFile(path);
  try {
    const buffer = Buffer.alloc(Math.min(bytes, END) || 1);
    const add = (from: number, to: number) => {
      for (let at = from; at < to; ) {
        const got = readSync(fd, buffer, 0, Math.min(buffer.length, to - at), at);
        if (got === 0) throw shrunk(path, bytes, at);
        hash.update(buffer.subarray(0, got));
        at += got;
      }
    };
    if (bytes <= WHOLE) add(0, bytes);
    else {
      add(0, END);
      add(bytes - END, bytes);
      // what changed in between shows in nothing else
      hash.update(String(mtimeMs));
    }
  } catch (error) {
    throw error instanceof InputError ? error : notReadable(path, error);
  } finally {
    closeSync(fd);
  }
  return { path, bytes, sha256: hash.digest("hex") };
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw notReadable(path, error);
    throw new InputError(
      "input-changed",
      `${path} was there a moment ago, and is gone. Run the same command again once nobody moves the files of the scan.`,
    );
  }
}

const shrunk = (path: string, bytes: number, found: number): InputError =>
  new InputError(
    "input-changed",
    `${path} changed while it was read: it had ${bytes} bytes, and ends after ${found}. Run the same command again once nobody writes it.`,
  );

/** Above this the files themselves are not read: a 2 TB scan has to start at once. */
const READ_AT_MOST = 1e9;

/** One fingerprint for each file; for a scan of many large files one for all, of their names, sizes and times. */
export function fingerprintAll(paths: readonly string[]): Fingerprint[] {
  const stats = paths.map(statOf);
  const total = stats.reduce((sum, { size }) => sum + size, 0);
  if (total <= READ_AT_MOST) return paths.map(fingerprint);
  const hash = createHash("sha256");
  paths.forEach((path, i) => {
    hash.update(`${path}\0${stats[i]!.size}\0${stats[i]!.mtimeMs}\n`);
  });
  return [
    {
      path: `${paths[0]}${paths.length > 1 ? ` and ${paths.length - 1} more` : ""} (names, sizes, times)`,
      bytes: total,
      sha256: hash.digest("hex"),
    },
  ];
}

/** Of numbers that were read already, to the bit. */
export function digestOf(...arrays: readonly (Float64Array | undefined)[]): string {
  const hash = createHash("sha256");
  for (const array of arrays) {
    hash.update(`${array?.length ?? "none"}\n`);
    if (array) hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest("hex");
}
