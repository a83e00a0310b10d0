/**
 * The byte-offset compression of CBF files, undone: every pixel is the one before plus a difference, which takes
 * one byte; or 0x80 and two bytes; or 0x80, 0x8000 and four; or 0x80, 0x8000, 0x80000000 and eight (of which the
 * lower four matter, because pixels wrap at 32 bits). All little-endian.
 *
 * Source: International Tables for Crystallography G (2006), 5.6.3.1; CBFlib's description of CBF_BYTE_OFFSET.
 *
 * @param source [size] u8, the compressed block
 * @param out    [n] i32; what lies behind the returned count is undefined
 * @returns how many pixels the block holds, n at most; fewer than n means that it is truncated
 */
export function decodeByteOffset(source: Uint8Array, size: number, out: Int32Array, n: number): number {
  let at = 0;
  let value = 0;
  for (let i = 0; i < n; i++) {
    if (at >= size) return i;
    let delta = (source[at]! << 24) >> 24;
    at += 1;
    if (delta === -0x80) {
      if (at + 2 > size) return i;
      delta = ((source[at]! | (source[at + 1]! << 8)) << 16) >> 16;
      at += 2;
      if (delta === -0x8000) {
        if (at + 4 > size) return i;
        delta = word(source, at);
        at += 4;
        if (delta === -0x80000000) {
          if (at + 8 > size) return i;
          delta = word(source, at);
          at += 8;
        }
      }
    }
    value = (value + delta) | 0;
    out[i] = value;
  }
  return n;
}

const word = (source: Uint8Array, at: number): number =>
  source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16) | (source[at + 3]! << 24);
