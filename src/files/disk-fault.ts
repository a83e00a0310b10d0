import { InputError } from "../data/index.ts";

/** What disks and file servers say, by the system's codes (POSIX errno; the words are those of the C library in HDF5). */
const DISK: Readonly<Record<string, readonly [words: RegExp, reason: string]>> = {
  EIO: [/I\/O error|Input\/output error/, "it could not read or write there"],
  ESTALE: [/Stale file handle/, "the file server has another file there now"],
  ETIMEDOUT: [/Operation timed out|Connection timed out/, "the file server does not answer"],
  ENXIO: [/No such device or address/, "the device is gone"],
  ENODEV: [/No such device(?! or)/, "the device is gone"],
  ENOTCONN: [/Socket not connected|not connected/, "the file server is not connected"],
  EREMOTEIO: [/Remote I\/O error/, "the file server could not read or write there"],
  EBUSY: [/Resource busy|resource busy/, "it is in use"],
  EXDEV: [/Cross-device link/, "a file cannot be given its name across two file systems"],
  EFBIG: [/File too large/, "its file system, or ulimit -f, allows no file of that size"],
};
const TOO_MANY: Readonly<Record<string, RegExp>> = {
  EMFILE: /No file descriptors available|Too many open files(?! in)/,
  ENFILE: /Too many open files in system/,
};

/**
 * What a disk or the system did, in the user's words; undefined for anything that says something of the file itself.
 *
 * @returns InputError "disk-error" | "files-too-many" | "memory-exhausted"
 */
export function diskFault(path: string, error: unknown): InputError | undefined {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return code === undefined ? undefined : faultOf(path, code, error);
}

/** The same from what HDF5 complains of. */
export function diskFaultInWords(path: string, words: string): InputError | undefined {
  const [code] =
    Object.entries(DISK).find(([, [pattern]]) => pattern.test(words)) ??
    Object.entries(TOO_MANY).find(([, pattern]) => pattern.test(words)) ??
    [];
  return code === undefined ? undefined : faultOf(path, code, new Error(words));
}

function faultOf(path: string, code: string, cause: unknown): InputError | undefined {
  if (code in TOO_MANY) {
    return new InputError(
      "files-too-many",
      `${path}: the system lets xrdct open no more files (${code}). Raise its limit (ulimit -n 4096), or take fewer --workers, and run the same command again: nothing that was finished is lost.`,
      { cause },
    );
  }
  if (code === "ENOMEM") {
    return new InputError(
      "memory-exhausted",
      `${path}: the system has no memory left (ENOMEM). Take fewer --workers or less --memory-gb, and run the same command again: nothing that was finished is lost.`,
      { cause },
    );
  }
  const reason = DISK[code]?.[1];
  if (reason === undefined) return undefined;
  return new InputError(
    "disk-error",
    `${path}: the disk gave an error: ${reason} (${code}). Nothing that was finished is lost: look after the disk and run the same command again. ` +
      "An input file that can never be read again is to be copied anew, or moved away: what it held is then flagged as missing.",
    { cause },
  );
}
