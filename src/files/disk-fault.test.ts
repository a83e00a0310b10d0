import { describe, expect, it } from "vitest";
import { InputError } from "../data/index.ts";
import { isMachineFault } from "../data/machine-fault.ts";
import { notReadable } from "./byte-source.ts";
import { diskFault, diskFaultInWords } from "./disk-fault.ts";

const error = (code: string): Error => Object.assign(new Error(`${code}: said by the system`), { code });

describe("what a disk says", () => {
  it.each([
    ["EIO", "disk-error"],
    ["ESTALE", "disk-error"],
    ["ETIMEDOUT", "disk-error"],
    ["EXDEV", "disk-error"],
    ["EMFILE", "files-too-many"],
    ["ENFILE", "files-too-many"],
    ["ENOMEM", "memory-exhausted"],
  ])("%s is %s, and no fault of the file", (code, needed) => {
    const fault = diskFault("scan/a.h5", error(code));
    expect(fault).toMatchObject({ code: needed });
    expect(fault!.message).toMatch(/^scan\/a\.h5: .*run the same command again/);
    expect(isMachineFault(fault)).toBe(true);
    expect(notReadable("scan/a.h5", error(code)).code).toBe(needed);
  });

  it("a file that is not there, or not allowed, says something of the file", () => {
    for (const code of ["ENOENT", "EACCES", "EISDIR"]) {
      expect(diskFault("a", error(code))).toBeUndefined();
      expect(isMachineFault(notReadable("a", error(code)))).toBe(false);
    }
    expect(isMachineFault(new Error("anything"))).toBe(false);
    expect(isMachineFault(new InputError("cbf-truncated", "a frame is cut"))).toBe(false);
  });

  // as HDF5 1.14 with musl writes them
  it.each([
    [
      "file read failed: time = x, filename = 'a.h5', file descriptor = 5, errno = 29, error message = 'I/O error', buf = 0",
      "disk-error",
    ],
    [
      "unable to open file: name = 'a.h5', errno = 33, error message = 'No file descriptors available', flags = 0",
      "files-too-many",
    ],
    [
      "unable to open file: name = 'a.h5', errno = 41, error message = 'Too many open files in system', flags = 0",
      "files-too-many",
    ],
    ["truncated file: eof = 600, sblock->base_addr = 0, stored_eof = 27968", undefined],
    ["unable to open file: name = 'a.h5', errno = 44, error message = 'No such file or directory'", undefined],
  ])("in the words of HDF5: %s", (words, needed) => {
    expect(diskFaultInWords("a.h5", words)?.code).toBe(needed);
  });
});
