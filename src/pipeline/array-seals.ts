/**
 * Checksums of the arrays that a finished stage has left, so that one which a disk has damaged since, or which was
 * brought back from a damaged result, is made again and not calculated with.
 */
import { closeSync, existsSync, openSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { readFully } from "../files/byte-source.ts";
import { readSealed, writeSealed } from "./sealed-file.ts";

interface Seal {
  readonly bytes: number;
  readonly crc: number;
}

const NAME = "arrays.bin";
const AT_ONCE = 1 << 22;

/** Before the stage counts as finished. @throws InputError "disk-full" | "disk-error" */
export function sealArrays(folder: string): void {
  const arrays = readdirSync(folder).filter((name) => name.endsWith(".f32"));
  const seals = Object.fromEntries(arrays.map((name) => [name, sealOf(join(folder, name))]));
  writeSealed(join(folder, NAME), seals);
}

/** Whether an array is, to the bit, what its stage has left. @throws InputError "disk-error" */
export function isWholeArray(path: string, sealedAs = path): boolean {
  const seals = readSealed<Record<string, Seal>>(join(dirname(sealedAs), NAME));
  const seal = seals?.[basename(sealedAs)];
  if (!seal || !existsSync(path) || statSync(path).size !== seal.bytes) return false;
  return sealOf(path).crc === seal.crc;
}

function sealOf(path: string): Seal {
  const file = openSync(path, "r");
  try {
    const buffer = new Uint8Array(AT_ONCE);
    let [bytes, crc] = [0, 0];
    for (;;) {
      const got = readFully(file, bytes, buffer, path);
      if (got.length === 0) return { bytes, crc };
      crc = crc32(got, crc);
      bytes += got.length;
    }
  } finally {
    closeSync(file);
  }
}
