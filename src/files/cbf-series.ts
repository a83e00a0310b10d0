/** CBF files from disk into the kernel arena, without allocating outside it. */
import { closeSync, fstatSync } from "node:fs";
import { InputError } from "../data/index.ts";
import type { Kernels } from "../kernels/index.ts";
import { openFile, readFully, tooLarge } from "./byte-source.ts";
import { decodeCbfInto, decodeCbfsInto } from "./cbf.ts";

/** @throws as decodeCbfInto, and InputError "file-not-readable" | "file-too-large" */
export function readCbfInto(path: string, out: Int32Array, kernels: Kernels, verify: boolean): void {
  const mark = kernels.arena.mark();
  try {
    decodeCbfInto(readIntoArena(path, kernels), path, out, kernels, verify);
  } finally {
    kernels.arena.release(mark);
  }
}

/**
 * Up to four files, their checksums verified side by side.
 *
 * @param outs one for each path
 * @returns for each file what is wrong with it, or undefined
 */
export function readCbfsInto(
  paths: readonly string[],
  outs: readonly Int32Array[],
  kernels: Kernels,
): (InputError | undefined)[] {
  const mark = kernels.arena.mark();
  try {
    const problems: (InputError | undefined)[] = [];
    const files = paths.map((name, i) => {
      try {
        return { name, bytes: readIntoArena(name, kernels), at: i };
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        problems[i] = error;
        return undefined;
      }
    });
    const read = files.filter((file) => file !== undefined);
    const decoded = decodeCbfsInto(
      read,
      read.map(({ at }) => outs[at]!),
      kernels,
    );
    read.forEach(({ at }, k) => {
      problems[at] = decoded[k];
    });
    return paths.map((_, i) => problems[i]);
  } finally {
    kernels.arena.release(mark);
  }
}

function readIntoArena(path: string, kernels: Kernels): Uint8Array {
  const file = openFile(path);
  try {
    const { size } = fstatSync(file);
    // blocks are planned for frames as they are: one with room for many of them is none
    if (size > kernels.arena.free) throw tooLarge(path, size, kernels.arena.free);
    return readFully(file, 0, kernels.arena.u8(size), path);
  } finally {
    closeSync(file);
  }
}
