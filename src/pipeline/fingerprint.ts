/** What tells whether an input file is still the one that a result was made from. */
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, statSync } from "node:fs";

export interface Fingerprint {
  readonly path: string;
  readonly bytes: number;
  /** of the whole file up to 64 MiB; beyond that of its first and last MiB, so that a 2 TB scan starts at once */
  readonly sha256: string;
}

const WHOLE = 64 << 20;
const END = 1 << 20;

export function fingerprint(path: string): Fingerprint {
  const bytes = statSync(path).size;
  const hash = createHash("sha256");
  const fd = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(Math.min(bytes, END) || 1);
    const add = (from: number, to: number) => {
      for (let at = from; at < to; ) {
        const got = readSync(fd, buffer, 0, Math.min(buffer.length, to - at), at);
        if (got === 0) break;
        hash.update(buffer.subarray(0, got));
        at += got;
      }
    };
    if (bytes <= WHOLE) add(0, bytes);
    else {
      add(0, END);
      add(bytes - END, bytes);
    }
  } finally {
    closeSync(fd);
  }
  return { path, bytes, sha256: hash.digest("hex") };
}

/** Above this the files themselves are not read: a 2 TB scan has to start at once. */
const READ_AT_MOST = 1e9;

/** One fingerprint for each file; for a scan of many large files one for all, of their names, sizes and times. */
export function fingerprintAll(paths: readonly string[]): Fingerprint[] {
  const stats = paths.map((path) => statSync(path));
  const total = stats.reduce((sum, { size }) => sum + size, 0);
  if (total <= READ_AT_MOST) return paths.map(fingerprint);
  const hash = createHash("sha256");
  paths.forEach((path, i) => {
    hash.update(`${path}\0${stats[i]!.size}\0${stats[i]!.mtimeMs}\n`);
  });
  return [
    {
      path: `${paths[0]} and ${paths.length - 1} more (names, sizes, times)`,
      bytes: total,
      sha256: hash.digest("hex"),
    },
  ];
}
