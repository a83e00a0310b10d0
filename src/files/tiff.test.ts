import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { expectOnlyInputErrors } from "../../tests/parser-fuzz.ts";
import { hasShared, shared } from "../../tests/shared.ts";
import type { Frame } from "../data/index.ts";
import { arraySource } from "./byte-source.ts";
import { PIXEL_ARRAYS, type PixelType } from "./frame-size.ts";
import { decodeTiff, encodeTiff, openTiff, readTiffPage } from "./tiff.ts";

const code = (wanted: string) => expect.objectContaining({ name: "InputError", code: wanted });

/** Files by Pillow (libtiff) and tifffile; tests/fixtures/make-tiff.py wrote them and says what is in them. */
const fixtures = JSON.parse(readFileSync(new URL("../../tests/fixtures/tiff.json", import.meta.url), "utf8")) as {
  rows: number;
  cols: number;
  scale: Record<PixelType, [factor: number, offset: number]>;
  files: Record<string, { type: PixelType; pages?: number; base64: string }>;
};
const bytesOf = (name: string) => Buffer.from(fixtures.files[name]!.base64, "base64");

function expected(type: PixelType): Frame["data"] {
  const [factor, offset] = fixtures.scale[type];
  const data = new PIXEL_ARRAYS[type](fixtures.rows * fixtures.cols);
  return data.map((_, at) => {
    const [i, j] = [Math.floor(at / fixtures.cols), at % fixtures.cols];
    const value = ((i * 31 + j * 7 + ((i * j) % 5)) % 251) * factor + offset;
    return type.startsWith("f") ? value : Math.trunc(value);
  }) as Frame["data"];
}

describe("TIFF files by libtiff and tifffile", () => {
  it.each(Object.entries(fixtures.files))("%s", (name, { type, pages }) => {
    const tiff = openTiff(arraySource(bytesOf(name), name));
    expect(tiff.pages.length).toBe(pages ?? 1);
    const frame = readTiffPage(tiff, tiff.pages.length - 1);
    expect([frame.rows, frame.cols]).toEqual([fixtures.rows, fixtures.cols]);
    expect(frame.data).toEqual(expected(type));
  });
});

describe("TIFF files", () => {
  it.each(Object.keys(PIXEL_ARRAYS) as PixelType[])("of %s come back as they were written", (type) => {
    const frame = { rows: fixtures.rows, cols: fixtures.cols, data: expected(type), header: { ImageDescription: "a" } };
    expect(decodeTiff(encodeTiff(frame), "a.tif")).toEqual(frame);
  });
  it("keep the Pilatus lines of the description as header fields", () => {
    const description = "# Pixel_size 172e-6 m x 172e-6 m\r\n# Exposure_time 3.0 s\r\n";
    const frame = { rows: 1, cols: 1, data: Int32Array.of(1), header: { ImageDescription: description } };
    expect(decodeTiff(encodeTiff(frame), "a.tif").header).toMatchObject({ Exposure_time: "3.0 s" });
  });
  it("that ImageJ wrote as a stack without directories have all their frames", () => {
    const header = { ImageDescription: "ImageJ=1.54p\nimages=3\nslices=3\n" };
    const first = encodeTiff({ rows: 1, cols: 2, data: Uint16Array.of(1, 2), header });
    const tiff = openTiff(arraySource(Buffer.concat([first, Buffer.of(3, 0, 4, 0, 5, 0, 6, 0)]), "stack.tif"));
    expect(tiff.pages.map((_, i) => [...readTiffPage(tiff, i).data])).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
  });
  const good = bytesOf("LZW u2, predictor 2");
  const withTag = (tag: number, value: number) => {
    const bytes = Buffer.from(bytesOf("plain u2"));
    const at = bytes.readUInt32LE(4);
    for (let i = 0; i < bytes.readUInt16LE(at); i++) {
      const entry = at + 2 + i * 12;
      if (bytes.readUInt16LE(entry) !== tag) continue;
      if (bytes.readUInt16LE(entry + 2) === 3) bytes.writeUInt16LE(value, entry + 8);
      else bytes.writeUInt32LE(value, entry + 8);
    }
    return bytes;
  };
  it.each([
    ["not TIFF", Buffer.from("hello, world"), "tiff-not-recognised"],
    ["cut off in the image", bytesOf("plain f8").subarray(0, 3000), "tiff-truncated"],
    ["cut off in the directory", withTag(257, 1).subarray(0, 20), "tiff-damaged"],
    ["of more pixels than the file can hold", withTag(257, 60000), "tiff-truncated"],
    ["with JPEG compression", withTag(259, 7), "tiff-unsupported"],
    ["with colours", withTag(277, 3), "tiff-unsupported"],
    ["with 12 bits", withTag(258, 12), "tiff-unsupported"],
  ])("%s are refused", (_, bytes, wanted) => expect(() => decodeTiff(bytes, "bad.tif")).toThrow(code(wanted)));

  it.each(["LZW u2, predictor 2", "deflate f4, predictor 3", "PackBits u1", "BigTIFF", "three pages"])(
    "damaged in any way give an InputError or a frame (%s)",
    (name) => expectOnlyInputErrors(bytesOf(name), (bytes) => decodeTiff(bytes, "fuzz.tif"), 150),
  );
  it("with a directory that points to itself do not hang", () => {
    const bytes = Buffer.from(good);
    const at = bytes.readUInt32LE(4);
    bytes.writeUInt32LE(at, at + 2 + bytes.readUInt16LE(at) * 12);
    expect(() => decodeTiff(bytes, "circle.tif")).toThrow(code("tiff-damaged"));
  });
});

describe.skipIf(!hasShared)("measured TIFF files (needs ../shared)", () => {
  // fabio 0.14.0: d.astype("f8").sum(), d.min(), d.max()
  it.each([
    ["detector/dioptas_ceo2_30keV/CeO2_Pilatus1M.tif", [1043, 981], 126770499, -2, 621698],
    ["microct/battery_21700/Battery_21700.tif", [1568, 1568], 116571571, 7, 249],
    ["microct/battery_21700/Battery_21700_labels.tif", [1568, 1568], 4240, 0, 6],
    ["microct/battery_21700/Battery_21700_segmented.tif", [1568, 1568], 6569457, 0, 6],
    ["xrdct/battery_nmc532_charged_sum_image/NMC532_charged_sum_image.tif", [629, 629], 10297441, 0, 255],
  ])("%s", (path, shape, sum, min, max) => {
    const frame = decodeTiff(readFileSync(shared(`data/${path}`)), path);
    let [total, least, most] = [0, Infinity, -Infinity];
    for (const value of frame.data) {
      total += value;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    expect([[frame.rows, frame.cols], total, least, most]).toEqual([shape, sum, min, max]);
  });
});
