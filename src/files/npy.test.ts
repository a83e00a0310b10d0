import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { expectOnlyInputErrors } from "../../tests/parser-fuzz.ts";
import { hasShared, shared } from "../../tests/shared.ts";
import type { FrameArray } from "../data/index.ts";
import { arraySource } from "./byte-source.ts";
import { PIXEL_ARRAYS } from "./frame-size.ts";
import { decodeNpy, encodeNpy, openNpy, readNpyNumbers } from "./npy.ts";

const code = (wanted: string) => expect.objectContaining({ name: "InputError", code: wanted });
/** A header as NumPy writes it, in front of these bytes. */
function npy(version: number, dict: string, numbers: Uint8Array): Uint8Array {
  const text = Buffer.from(`${dict}\n`, "latin1");
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  return Buffer.concat([Buffer.from(`\x93NUMPY${String.fromCharCode(version, 0)}`, "latin1"), length, text, numbers]);
}
const numbers = (hex: string) => Buffer.from(hex, "hex");

describe(".npy files", () => {
  it.each(Object.entries(PIXEL_ARRAYS))("of %s come back as they were written", (_, PixelArray) => {
    const array = { shape: [2, 3], data: PixelArray.from([0, 1, 2, 127, 4, 5]) as FrameArray };
    expect(decodeNpy(encodeNpy(array), "a.npy")).toEqual(array);
  });
  it("begin their numbers at a multiple of 64", () => {
    expect(openNpy(arraySource(encodeNpy({ shape: [3], data: Float64Array.of(1, 2, 3) }), "a.npy")).start % 64).toBe(0);
  });
  it.each([1, 2, 3])("of version %i are read", (version) => {
    const bytes = npy(version, "{'descr': '<u2', 'fortran_order': False, 'shape': (2,), }", numbers("01000200"));
    expect(decodeNpy(bytes, "a.npy")).toEqual({ shape: [2], data: Uint16Array.of(1, 2) });
  });
  it.each([
    [">i4", "0000000affffffff", Int32Array.of(10, -1)],
    [">f8", "3ff0000000000000c000000000000000", Float64Array.of(1, -2)],
    ["<i8", "feffffffffffffff0100000001000000", Float64Array.of(-2, 4294967297)],
    ["|b1", "0001", Uint8Array.of(0, 1)],
  ])("of type %s are read", (descr, hex, data) => {
    const bytes = npy(1, `{'descr': '${descr}', 'fortran_order': False, 'shape': (2,), }`, numbers(hex));
    expect(decodeNpy(bytes, "a.npy").data).toEqual(data);
  });
  it("are read in parts, so that a stack of frames need not be in memory", () => {
    const file = openNpy(
      arraySource(encodeNpy({ shape: [4, 2], data: Int16Array.of(1, 2, 3, 4, 5, 6, 7, 8) }), "a.npy"),
    );
    expect(readNpyNumbers(file, 4, 2)).toEqual(Int16Array.of(5, 6));
  });
  const dict = "{'descr': '<u2', 'fortran_order': False, 'shape': (2,), }";
  it.each([
    ["not .npy", Buffer.from("hello"), "npy-not-recognised"],
    ["of complex numbers", npy(1, dict.replace("<u2", "<c8"), numbers("00".repeat(16))), "npy-unsupported"],
    [
      "in Fortran order",
      npy(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2), }", numbers("00000000")),
      "npy-unsupported",
    ],
    ["without a shape", npy(1, "{'descr': '<u2'}", numbers("0000")), "npy-damaged"],
    ["of a later version", npy(9, dict, numbers("0000")), "npy-damaged"],
    ["cut off", npy(1, dict, numbers("010002")), "npy-truncated"],
  ])("%s are refused", (_, bytes, wanted) => expect(() => decodeNpy(bytes, "bad.npy")).toThrow(code(wanted)));
  it("damaged in any way give an InputError or an array", () => {
    expectOnlyInputErrors(npy(1, dict, numbers("01000200")), (bytes) => decodeNpy(bytes, "fuzz.npy"));
  });
});

describe.skipIf(!hasShared)("a measured pattern (needs ../shared)", () => {
  const path = shared("data/powder/hexrd_ceo2_ge_80.725keV/expt_spectrum.npy");
  it.skipIf(!existsSync(path))("is 2800 points of two-theta and intensity", () => {
    const { shape, data } = decodeNpy(readFileSync(path), path);
    expect(shape).toEqual([2800, 2]);
    expect(data).toBeInstanceOf(Float64Array);
    // the two-theta of the first and last point, ../shared/data/powder/PROVENANCE.md
    expect(data[0]).toBeCloseTo(1.2, 2);
    expect(data[2 * 2799]).toBeCloseTo(15.2, 2);
  });
});
