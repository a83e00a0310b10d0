import { InputError } from "../data/index.ts";

const REFUSED = new Set(["EACCES", "EROFS", "EPERM", "ENOENT", "ENOTDIR", "EISDIR", "EEXIST", "ENAMETOOLONG"]);

/**
 * A full disk or a refused write is the user's to mend; everything else stays what it was.
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
      `Cannot write ${path}: ${(error as Error).message}. Give an output that you may write to with -o.`,
      {
        cause: error,
      },
    );
  }
  return error;
}
