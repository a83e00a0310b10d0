/**
 * MAR345 image plates (.mar1200 to .mar3450): a header of 4096 bytes, a list of pixels above 65535, and the image in
 * the "PCK" packing.
 *
 * Sources: marresearch's description of the mar345 format; Abrahams' packed images as described in
 * International Tables for Crystallography G (2006), 5.6.3.2 ("CCP4 packed").
 */
import { type Frame, InputError } from "../data/index.ts";
import { checkFrameSize } from "./frame-size.ts";

export const isMar345 = (head: Uint8Array): boolean =>
  head.length >= 128 && (magic(head) === 1234 || magic(head) === 0xd2040000);

const magic = (head: Uint8Array): number => new DataView(head.buffer, head.byteOffset).getUint32(0, true);

/** Bits of each difference, by the three bits that say so. */
const BITS = [0, 4, 5, 6, 7, 8, 16, 32] as const;

/**
 * The image of a MAR345 file.
 *
 * @param name what to call the file in messages
 * @throws InputError "mar345-not-recognised" | "mar345-damaged" | "frame-size-not-valid" | "frame-too-large"
 */
export function decodeMar345(bytes: Uint8Array, name: string): Frame {
  if (!isMar345(bytes)) throw new InputError("mar345-not-recognised", `${name}: not a MAR345 file.`);
  const little = magic(bytes) === 1234;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(4096, bytes.length)).toString("latin1");
  // the size is a scanner's size in pixels; the packed image repeats it
  const size = view.getInt32(4, little);
  const highPixels = view.getInt32(8, little);
  checkFrameSize(size, size, 4, name);
  // "CCP4 packed image, X: 2300, Y: 2300" in the older and "V2" in the newer packing
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const at = all.indexOf("CCP4 packed image", 4096, "latin1");
  if (at < 0) throw damaged(name, "no packed image in it");
  const line = all.toString("latin1", at, at + 80);
  const found = /^CCP4 packed image(?: V2)?, X:\s*(\d+), Y:\s*(\d+)\s/.exec(line);
  if (!found || line.includes(" V2")) throw damaged(name, "a packed image of another kind than CCP4's first");
  const [cols, rows] = [Number(found[1]), Number(found[2])];
  checkFrameSize(rows, cols, 4, name);
  // a run of 128 equal differences takes 6 bits
  if (rows * cols > bytes.length * 171) throw damaged(name, `${rows} x ${cols} pixels in ${bytes.length} bytes`);
  const data = unpack(bytes.subarray(at + found[0].length), rows, cols, name);
  const end = Math.min(4096 + 64 * Math.ceil(Math.max(0, highPixels) / 8), at);
  for (let k = 0, entry = 4096; k < highPixels && entry + 8 <= end; k++, entry += 8) {
    const position = view.getInt32(entry, little);
    if (position > 0 && position <= data.length) data[position - 1] = view.getInt32(entry + 4, little);
  }
  return { rows, cols, data, header: readHeader(text) };
}

/**
 * Each pixel is the mean of its four neighbours that are known (left; above left, above, above right) plus a
 * difference; the first row and the first pixel of the second have only the left one.
 */
function unpack(packed: Uint8Array, rows: number, cols: number, name: string): Int32Array {
  const out = new Int32Array(rows * cols);
  let at = 0;
  let bits = 0;
  let buffer = 0;
  const take = (count: number): number => {
    let value = 0;
    for (let got = 0; got < count; ) {
      if (bits === 0) {
        if (at >= packed.length) throw damaged(name, `the packed image ends after ${at} bytes`);
        buffer = packed[at++]!;
        bits = 8;
      }
      const part = Math.min(bits, count - got);
      value |= (buffer & ((1 << part) - 1)) << got;
      buffer >>= part;
      bits -= part;
      got += part;
    }
    return value;
  };
  for (let i = 0; i < out.length; ) {
    const run = 1 << take(3);
    const width = BITS[take(3)]!;
    const end = Math.min(out.length, i + run);
    for (; i < end; i++) {
      const delta = width === 0 ? 0 : width === 32 ? take(32) : (take(width) << (32 - width)) >> (32 - width);
      let known = 0;
      if (i > cols) {
        known = Math.trunc(
          (u16(out[i - 1]!) + u16(out[i - cols + 1]!) + u16(out[i - cols]!) + u16(out[i - cols - 1]!) + 2) / 4,
        );
      } else if (i > 0) known = out[i - 1]!;
      out[i] = (delta + known) & 0xffff;
    }
  }
  return out;
}

const u16 = (value: number): number => (value << 16) >> 16;

/** "WAVELENGTH     1.54179" as key and value */
function readHeader(text: string): Record<string, string> {
  const header: Record<string, string> = {};
  for (const [, key, value] of text.slice(128).matchAll(/^([A-Z]{2,}) +(.*)$/gm)) {
    const trimmed = value!.trim();
    if (trimmed && key !== "END") header[key!] = key! in header ? `${header[key!]}; ${trimmed}` : trimmed;
  }
  return header;
}

const damaged = (name: string, what: string): InputError =>
  new InputError("mar345-damaged", `${name}: damaged MAR345 file: ${what}. Copy the file again, or leave it out.`);
