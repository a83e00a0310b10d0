/**
 * A guard against one damage that HDF5 does not survive in WebAssembly: in a global heap, where texts of variable
 * length lie, its reader steps from object to object by their sizes, and with addresses of 32 bits a size of 0 or of
 * 2 GiB and more makes it step back and go round for ever. The walk here is the reader's own, and stops.
 *
 * Source: HDF5 File Format Specification 3.0, III.E "Disk Format: Level 1E - Global Heap".
 */
import { readFileSync, statSync } from "node:fs";

/** Larger files are not looked through: the time would exceed the risk. */
const MAX_BYTES = 1 << 25;
const HEADER = 16;

/** The byte at which a global heap would never end, or undefined. */
export function findEndlessHeap(path: string): number | undefined {
  if (statSync(path).size > MAX_BYTES) return undefined;
  const bytes = readFileSync(path);
  for (let at = bytes.indexOf("GCOL"); at >= 0; at = bytes.indexOf("GCOL", at + 4)) {
    if (at + HEADER > bytes.length) return undefined;
    const isHeap = bytes.readUInt32LE(at + 4) === 1; // version 1 and three bytes of zero
    const end = at + Number(bytes.readBigUInt64LE(at + 8));
    if (isHeap && isEndless(bytes, at + HEADER, Math.min(end, bytes.length))) return at;
  }
  return undefined;
}

function isEndless(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at + HEADER <= end; ) {
    const index = bytes.readUInt16LE(at);
    const size = bytes.readInt32LE(at + 8); // what a 32-bit reader keeps of it
    const step = index === 0 ? size : (HEADER + size + 7) & ~7;
    if (step <= 0) return true;
    at += step;
  }
  return false;
}
