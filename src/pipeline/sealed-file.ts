/** Values in files with their checksum: what a disk has damaged counts as not there. */
import { closeSync, existsSync, fstatSync, openSync } from "node:fs";
import { deserialize, serialize } from "node:v8";
import { crc32 } from "node:zlib";
import { readFully } from "../files/byte-source.ts";
import { writeWhole } from "./write-whole.ts";

/**
 * In v8's format and not JSON: it keeps typed arrays, NaN and infinity as they are.
 *
 * @throws InputError "disk-full" | "not-writable" | "disk-error"
 */
export function writeSealed(path: string, value: unknown): void {
  const bytes = serialize(value);
  writeWhole(path, serialize({ crc: crc32(bytes), value: bytes }));
}

/** @returns undefined where it is absent or damaged @throws InputError "disk-error" | "file-not-readable" */
export function readSealed<T>(path: string): T | undefined {
  if (!existsSync(path)) return undefined;
  const bytes = readBytes(path);
  try {
    const { crc, value } = deserialize(bytes) as { crc: number; value: Uint8Array };
    return crc32(value) === crc ? (deserialize(value) as T) : undefined;
  } catch {
    return undefined;
  }
}

/** A file of the work folder as a whole. @throws InputError "disk-error" | "file-not-readable" */
function readBytes(path: string): Uint8Array {
  const file = openSync(path, "r");
  try {
    return readFully(file, 0, new Uint8Array(fstatSync(file).size), path);
  } finally {
    closeSync(file);
  }
}
