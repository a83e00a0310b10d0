/**
 * What the HDF5 filter bitshuffle with LZ4 (32008, as EIGER and other detectors write) makes of a chunk, undone. Blocks
 * of `blockBytes`, each compressed on its own behind its length (4 bytes, big-endian); the last one is what is left of
 * whole groups of eight elements; up to seven elements follow as they are. In a block, bit k of byte b of all elements
 * comes together as row 8 b + k, the first element in the lowest bit.
 *
 * Sources: K. Masui et al., Astron. Comput. 12 (2015) 181-190; bitshuffle's README and HDF5 filter notes; LZ4 Block
 * Format Description (Y. Collet).
 *
 * @param source     [size + 32] u8, the chunk without its header of 12 bytes; the last 32 are room for reading ahead
 * @param blockBytes of a block before compression, a multiple of 8 elements
 * @param out        [n itemBytes] u8; what lies behind the returned count is undefined
 * @param n          elements
 * @param itemBytes  1, 2 or 4
 * @param room       [blockBytes + 1088] u8, of the caller, since threads may share a module's own memory
 * @returns how many elements the chunk holds in good order; fewer than n means that it is damaged from there on
 */
export function decodeBitshuffleLz4(
  source: Uint8Array,
  size: number,
  blockBytes: number,
  out: Uint8Array,
  n: number,
  itemBytes: number,
  room: Uint8Array,
): number {
  const whole = 8 * itemBytes * Math.floor(n / 8);
  let at = 0;
  let done = 0;
  while (done < whole) {
    const bytes = Math.min(blockBytes, whole - done);
    if (size - at < 4) break;
    const packed = new DataView(source.buffer, source.byteOffset + at, 4).getUint32(0);
    at += 4;
    if (packed > size - at || !decodeLz4(source, at, at + packed, room, bytes)) break;
    at += packed;
    bitsToElements(room, bytes, itemBytes, out.subarray(done));
    done += bytes;
  }
  const rest = n * itemBytes - whole;
  if (done < whole || size - at !== rest) return done / itemBytes;
  out.set(source.subarray(at, at + rest), whole);
  return n;
}

/** One LZ4 block; false where it does not give exactly `bytes` bytes, or points before its start. */
function decodeLz4(source: Uint8Array, from: number, end: number, out: Uint8Array, bytes: number): boolean {
  let at = from;
  let done = 0;
  const lengthFrom = (nibble: number): number => {
    let length = nibble;
    for (let next = nibble === 15 ? 255 : 0; next === 255; length += next) {
      if (at >= end || length > bytes) return Number.POSITIVE_INFINITY;
      next = source[at++]!;
    }
    return length;
  };
  while (at < end) {
    const token = source[at++]!;
    const literals = lengthFrom(token >> 4);
    if (literals > end - at || literals > bytes - done) return false;
    for (let i = 0; i < literals; i++) out[done++] = source[at++]!;
    if (at === end) return done === bytes;
    if (end - at < 2) return false;
    const back = source[at]! | (source[at + 1]! << 8);
    at += 2;
    const copied = 4 + lengthFrom(token & 15);
    if (back === 0 || back > done || copied > bytes - done) return false;
    for (let i = 0; i < copied; i++, done++) out[done] = out[done - back]!;
  }
  return false;
}

function bitsToElements(rows: Uint8Array, bytes: number, itemBytes: number, out: Uint8Array): void {
  const rowBytes = bytes / itemBytes / 8;
  for (let i = 0; i < bytes; i++) {
    const element = Math.floor(i / itemBytes);
    const first = 8 * (i % itemBytes) * rowBytes + (element >> 3);
    let value = 0;
    for (let k = 0; k < 8; k++) value |= ((rows[first + k * rowBytes]! >> (element & 7)) & 1) << k;
    out[i] = value;
  }
}
