/**
 * The two old compressions of TIFF. Both stop where the data end or the output is full; the caller sees by the length
 * whether something is missing.
 *
 * Source: TIFF 6.0, sections 9 (PackBits) and 13 (LZW).
 */

/** @param size bytes of the output at most */
export function unpackBits(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let at = 0;
  let end = 0;
  while (at < packed.length && end < size) {
    const count = packed[at++]!;
    if (count < 128) {
      const run = packed.subarray(at, Math.min(at + count + 1, at + size - end));
      out.set(run, end);
      end += run.length;
      at += count + 1;
    } else if (count > 128 && at < packed.length) {
      out.fill(packed[at++]!, end, end + 257 - count);
      end = Math.min(size, end + 257 - count);
    }
  }
  return out.subarray(0, end);
}

const CLEAR = 256;
const END = 257;

/** Codes of 9 to 12 bits, highest bit first, which grow one code earlier than they need to, as TIFF wants it. */
export function unpackLzw(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  // each code is a string that was already put out: where it starts in `out`, and its length
  const starts = new Uint32Array(4096);
  const lengths = new Uint16Array(4096);
  let end = 0;
  let next = 258;
  let width = 9;
  let previousStart = -1;
  let previousLength = 0;
  let bits = 0;
  let buffer = 0;
  for (let at = 0; end < size; ) {
    while (bits < width && at < packed.length) {
      buffer = ((buffer << 8) | packed[at++]!) & 0xffffff;
      bits += 8;
    }
    if (bits < width) break;
    const code = (buffer >> (bits - width)) & ((1 << width) - 1);
    bits -= width;
    if (code === END) break;
    if (code === CLEAR) {
      next = 258;
      width = 9;
      previousStart = -1;
      continue;
    }
    const start = end;
    if (code < 256) out[end++] = code;
    else if (code < next) {
      const from = starts[code]!;
      for (let i = 0; i < lengths[code]! && end < size; i++) out[end++] = out[from + i]!;
    } else if (code === next && previousStart >= 0) {
      // the one code that is not known yet: the string before, and its first byte again
      for (let i = 0; i <= previousLength && end < size; i++) out[end++] = out[previousStart + i]!;
    } else break;
    if (previousStart >= 0 && next < 4096) {
      starts[next] = previousStart;
      lengths[next] = previousLength + 1;
      next++;
    }
    previousStart = start;
    previousLength = end - start;
    width = next < 511 ? 9 : next < 1023 ? 10 : next < 2047 ? 11 : 12;
  }
  return out.subarray(0, end);
}
