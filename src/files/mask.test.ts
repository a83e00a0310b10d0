import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { hasShared, shared } from "../../tests/shared.ts";
import { encodeCbf } from "./cbf.ts";
import { encodeEdf } from "./edf.ts";
import { readMask } from "./mask.ts";
import { encodeNpy } from "./npy.ts";
import { encodeTiff } from "./tiff.ts";

const code = (wanted: string) => expect.objectContaining({ name: "InputError", code: wanted });
const folder = mkdtempSync(join(tmpdir(), "xrdct-mask-"));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};
const [rows, cols] = [5, 37];
const pixels = Int32Array.from({ length: rows * cols }, (_, i) => (i % 7 === 0 ? 3 : 0));
const wanted = Uint8Array.from(pixels, (value) => (value === 0 ? 0 : 1));
const frame = { rows, cols, data: pixels, header: {} };

/** As Fit2D packs it: a bit for each pixel, rows filled up to 32. */
function fit2d(): Uint8Array {
  const bytes = Buffer.alloc(1024 + rows * 8);
  [..."MASK"].forEach((letter, i) => bytes.write(letter, 4 * i));
  bytes.writeInt32LE(cols, 16);
  bytes.writeInt32LE(rows, 20);
  wanted.forEach((bad, i) => {
    const [row, col] = [Math.floor(i / cols), i % cols];
    bytes[1024 + row * 8 + (col >> 3)]! |= bad << (col & 7);
  });
  return bytes;
}

describe("readMask", () => {
  it.each([
    ["m.edf", encodeEdf({ ...frame, data: Uint8Array.from(pixels) })],
    ["m.tif", encodeTiff({ ...frame, data: Float32Array.from(pixels) })],
    ["m.cbf", encodeCbf(frame)],
    ["m.npy", encodeNpy({ shape: [rows, cols], data: wanted })],
    ["m.msk", fit2d()],
  ])("excludes the pixels of %s that are not 0", async (name, bytes) => {
    expect((await readMask(write(name, bytes), { rows, cols })).data).toEqual(wanted);
  });
  it("names both shapes where they differ, and says where it looks transposed", async () => {
    const path = write("m.edf", encodeEdf(frame));
    await expect(readMask(path, { rows: 6, cols: 37 })).rejects.toThrow(code("mask-shape"));
    await expect(readMask(path, { rows: 6, cols: 37 })).rejects.toThrow(/found 5 x 37 .* needed 6 x 37/);
    await expect(readMask(path, { rows: 37, cols: 5 })).rejects.toThrow(/transposed/);
  });
  it("does not take a mask that excludes nearly everything, unless it is said to be inverted", async () => {
    const inverted = Uint8Array.from(wanted, (_, i) => (i % 20 === 0 ? 0 : 1));
    const path = write("inverted.npy", encodeNpy({ shape: [rows, cols], data: inverted }));
    await expect(readMask(path, { rows, cols })).rejects.toThrow(code("mask-excludes-nearly-all"));
    const { data } = await readMask(path, { rows, cols }, { inverted: true });
    expect(data).toEqual(inverted.map((value) => 1 - value));
  });
  it("names a cut Fit2D mask", async () => {
    const path = write("cut.msk", fit2d().subarray(0, 1040));
    await expect(readMask(path, { rows, cols })).rejects.toThrow(code("mask-truncated"));
  });
});

describe.skipIf(!hasShared)("the CeO2 mask (needs ../shared)", () => {
  it("fits the frame", async () => {
    const mask = await readMask(shared("data/detector/ndtomo_ceo2_71keV/mask.edf"), { rows: 1679, cols: 1475 });
    expect(mask.data.reduce((a, b) => a + b, 0)).toBe(261152); // fabio 0.14.0
  });
});
