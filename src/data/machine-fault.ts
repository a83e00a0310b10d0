import { InputError } from "./errors.ts";

/** Codes of what a disk, a system or another program did: the same input is read well another time. */
const CODES: ReadonlySet<string> = new Set([
  "disk-error",
  "disk-full",
  "files-too-many",
  "input-changed",
  "memory-exhausted",
  "memory-too-small",
  "not-writable",
  "run-in-progress",
  "work-lost",
  "worker-lost",
]);

/**
 * Whether an error says nothing of the data that were read. Where one bad file of many is flagged and left out, this
 * ends the work instead: what is left out for such a reason would be missing in the result for good.
 */
export const isMachineFault = (error: unknown): boolean => error instanceof InputError && CODES.has(error.code);
