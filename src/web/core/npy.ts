/** .npy files of version 1, which every NumPy reads: what the page saves of an array. */
import type { WireArray } from "./api.ts";

const KINDS = [
  [Uint8Array, "|u1"],
  [Int8Array, "|i1"],
  [Uint16Array, "<u2"],
  [Int16Array, "<i2"],
  [Uint32Array, "<u4"],
  [Int32Array, "<i4"],
  [Float32Array, "<f4"],
  [Float64Array, "<f8"],
] as const;

/**
 * @param shape C order, the last axis fastest
 * @returns the bytes of the file; the numbers begin at a multiple of 64
 */
export function encodeNpy(shape: readonly number[], data: WireArray): Uint8Array {
  if (shape.reduce((product, n) => product * n, 1) !== data.length)
    throw new RangeError(`shape ${shape} of ${data.length} numbers`);
  const descr = KINDS.find(([Kind]) => data instanceof Kind)![1];
  const extent = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${extent}, }`;
  const start = Math.ceil((10 + text.length + 1) / 64) * 64;
  const out = new Uint8Array(start + data.byteLength).fill(0x20, 10, start);
  out.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, (start - 10) & 255, (start - 10) >> 8]);
  out.set(new TextEncoder().encode(text), 10);
  out[start - 1] = 0x0a;
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  return out;
}
