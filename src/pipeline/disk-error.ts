import { InputError } from "../data/index.ts";

/** A full disk or a refused write is the user's to mend; everything else stays what it was. */
export function diskError(error: unknown, path: string, bytesNeeded: number): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new InputError(
      "disk-full",
      `The disk is full: ${path} needs ${(bytesNeeded / 1e9).toFixed(2)} GB in all. Nothing that was finished is lost: ` +
        "free some space, or give an output on another disk with -o, and run the same command again.",
      { cause: error },
    );
  }
  if (code === "EACCES" || code === "EROFS" || code === "EPERM") {
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
