import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { InputError } from "../data/index.ts";
import { diskError } from "./disk-error.ts";

/**
 * A file has its name only when it is whole: who is killed, or runs out of disk or of power, keeps what lay there before.
 *
 * @throws InputError "disk-full" | "not-writable" | "disk-error"
 */
export function writeWhole(path: string, content: string | Uint8Array): void {
  try {
    if (existsSync(path) && !statSync(path).isFile()) {
      writeFileSync(path, content); // a pipe or /dev/stdout, which must not be replaced
      return;
    }
    const target = existsSync(path) ? realpathSync(path) : path; // a link stays a link
    const unfinished = `${target}.unfinished`;
    try {
      writeSynced(unfinished, content);
      renameSync(unfinished, target);
    } catch (error) {
      rmSync(unfinished, { force: true });
      throw error;
    }
  } catch (error) {
    throw error instanceof InputError ? error : diskError(error, path);
  }
}

/** A name that reaches the disk before its content would be an empty file after a power cut. */
function writeSynced(path: string, content: string | Uint8Array): void {
  const file = openSync(path, "w");
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
