import { InputError } from "../data/index.ts";
import { diskFault } from "../files/disk-fault.ts";

const REFUSED = new Set(["EACCES", "EROFS", "EPERM", "ENOENT", "ENOTDIR", "EISDIR", "EEXIST", "ENAMETOOLONG"]);

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "its folder does not exist",
  ENOTDIR: "a part of its path is a file, not a folder",
  EISDIR: "it is a folder",
  EEXIST: "a file of that name is in the way",
  EACCES: "you may not write there",
  EPERM: "you may not write there",
  EROFS: "the disk is read-only",
};

/**
 * A full disk, a refused write, a disk or a memory that fails are the user's to mend; everything else stays what it was.
 *
 * @param bytesNeeded in all, where that is known
 */
export function diskError(error: unknown, path: string, bytesNeeded?: number): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ENOSPC" || code === "EDQUOT") {
    const needs = bytesNeeded === undefined ? "" : ` (${(bytesNeeded / 1e9).toFixed(2)} GB in all)`;
    return new InputError(
      "disk-full",
      `The disk is full: ${path}${needs} cannot be written. Nothing that was finished is lost: ` +
        "free some space, or give an output on another disk with -o, and run the same command again.",
      { cause: error },
    );
  }
  if (code !== undefined && REFUSED.has(code)) {
    return new InputError(
      "not-writable",
      `Cannot write ${path}: ${REASONS[code] ?? (error as Error).message}. Give an output that you may write to with -o.`,
      {
        cause: error,
      },
    );
  }
  return diskFault(path, error) ?? memoryError(error);
}

/** How V8 and WebAssembly say that there is no memory. */
const NO_MEMORY =
  /could not allocate memory|allocation failed|out of memory|reaching memory limit|Invalid typed array length/i;

/** Memory that cannot be had is the user's to mend; everything else stays what it was. */
function memoryError(error: unknown): unknown {
  const { code, message = "" } = (error ?? {}) as NodeJS.ErrnoException;
  const isExhausted =
    code === "ERR_WORKER_OUT_OF_MEMORY" || (!(error instanceof InputError) && NO_MEMORY.test(message));
  if (!isExhausted) return error;
  return new InputError(
    "memory-exhausted",
    `The memory ran out (${message}). Nothing that was finished is lost: take fewer --workers or less --memory-gb, or lift the limit of this shell (ulimit -v), and run the same command again.`,
    { cause: error },
  );
}
