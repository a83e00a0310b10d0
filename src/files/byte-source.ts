/**
 * Bytes that need not be in memory: a file of any size, or an array. Reads are synchronous, because workers read
 * frames in a loop and have nothing else to do meanwhile.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { InputError } from "../data/index.ts";
import { assertReachable } from "./confinement.ts";
import { diskFault } from "./disk-fault.ts";

export interface ByteSource {
  /** what to call it in messages */
  readonly name: string;
  readonly size: number;
  /** Bytes from `at` on: `length` of them, or fewer where the source ends. Not to be written to. */
  read(at: number, length: number): Uint8Array;
  close(): void;
}

/** Bytes in memory. */
export function arraySource(bytes: Uint8Array, name: string): ByteSource {
  return {
    name,
    size: bytes.length,
    read: (at, length) => bytes.subarray(Math.min(at, bytes.length), Math.min(at + length, bytes.length)),
    close: () => {},
  };
}

/** More is no frame, no pattern and no list: frames of larger files are read one by one. */
export const MAX_READ_BYTES = 2 ** 30;

/** Headers are read a few bytes at a time; one window of this size answers most of them. */
const WINDOW = 1 << 16;

/**
 * Bytes of a file, which stays open until `close`.
 *
 * @throws InputError "file-not-readable" | "path-special"; its `read` "file-too-large"
 */
export function fileSource(path: string): ByteSource {
  const file = openFile(path);
  const size = sizeOf(file, path);
  let window = new Uint8Array(0);
  let windowAt = 0;
  let isOpen = true;
  return {
    name: path,
    size,
    read(at, length) {
      const wanted = Math.max(0, Math.min(length, size - at));
      // a damaged header may point anywhere
      if (wanted === 0) return new Uint8Array(0);
      if (wanted > MAX_READ_BYTES) throw tooLarge(path, size, MAX_READ_BYTES);
      if (wanted > WINDOW / 2) return readFully(file, at, new Uint8Array(wanted), path);
      if (at < windowAt || at + wanted > windowAt + window.length) {
        windowAt = at;
        window = readFully(file, at, new Uint8Array(Math.min(WINDOW, size - at)), path);
      }
      return window.slice(at - windowAt, at - windowAt + wanted);
    },
    close() {
      if (isOpen) closeSync(file);
      isOpen = false;
    },
  };
}

/** @param most bytes that are read at a time */
export const tooLarge = (path: string, bytes: number, most: number): InputError =>
  new InputError(
    "file-too-large",
    `${path}: ${Math.round(bytes / 2 ** 20)} MiB, of which at most ${Math.round(most / 2 ** 20)} MiB are read at a time. Is this the right file? One frame, pattern or list has less; give frames one a file, or as HDF5.`,
  );

function sizeOf(file: number, path: string): number {
  try {
    return fstatSync(file).size;
  } catch (error) {
    closeSync(file);
    throw notReadable(path, error);
  }
}

/** @throws InputError "file-not-readable" | "path-outside" | "path-special" | "disk-error" */
export function openFile(path: string): number {
  assertReachable(path);
  try {
    return openSync(path, "r");
  } catch (error) {
    throw notReadable(path, error);
  }
}

/** Fill `out` from the file; what comes back is shorter where the file ends. */
export function readFully(file: number, at: number, out: Uint8Array, path: string): Uint8Array<ArrayBuffer> {
  let done = 0;
  try {
    while (done < out.length) {
      const read = readSync(file, out, done, out.length - done, at + done);
      if (read === 0) break;
      done += read;
    }
  } catch (error) {
    throw notReadable(path, error);
  }
  return out.subarray(0, done) as Uint8Array<ArrayBuffer>;
}

/**
 * A text file as a whole: UTF-8 where it is, with or without its mark; else Latin-1, which takes any byte.
 *
 * @throws InputError "file-not-readable" | "file-too-large"
 */
export function readText(path: string): string {
  const source = fileSource(path);
  try {
    if (source.size > MAX_TEXT_BYTES) {
      throw new InputError(
        "file-too-large",
        `${path}: ${Math.round(source.size / 2 ** 20)} MiB, where a text file of at most ${MAX_TEXT_BYTES / 2 ** 20} MiB is needed. Is this the right file?`,
      );
    }
    return decodeText(source.read(0, source.size));
  } finally {
    source.close();
  }
}

const MAX_TEXT_BYTES = 64 * 2 ** 20;

export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("latin1").decode(bytes);
  }
}

const REASONS: Record<string, string> = {
  ENOENT: "there is no such file; check the path",
  EACCES: "you are not allowed to read it; check its permissions",
  EISDIR: "it is a folder, where a file is needed",
};

/** The InputError for what the operating system said: "file-not-readable", or that of the disk (diskFault). */
export function notReadable(path: string, error: unknown): InputError {
  const fault = diskFault(path, error);
  if (fault) return fault;
  const { code, message } = error as NodeJS.ErrnoException;
  return new InputError(
    "file-not-readable",
    `${path}: cannot be read: ${(code && REASONS[code]) ?? `${message}. Check the path and the disk.`}`,
    {
      cause: error,
    },
  );
}
