import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { expectOnlyInputErrors } from "../../tests/parser-fuzz.ts";
import { hasShared, shared } from "../../tests/shared.ts";
import { decodeMar345 } from "./mar345.ts";

const code = (wanted: string) => expect.objectContaining({ name: "InputError", code: wanted });

/** A MAR345 file of 4 x 4 pixels that rise by one: 16 differences in runs of 8, four bits each, by hand. */
function tiny(differences: readonly number[], high: readonly [position: number, value: number][] = []): Uint8Array {
  const bits: number[] = [];
  const put = (value: number, count: number) => {
    for (let k = 0; k < count; k++) bits.push((value >> k) & 1);
  };
  for (let i = 0; i < 16; i += 8) {
    put(3, 3); // a run of 2^3
    put(1, 3); // of four bits each
    for (const difference of differences.slice(i, i + 8)) put(difference & 15, 4);
  }
  const packed = Buffer.alloc(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => {
    packed[i >> 3]! |= bit << (i & 7);
  });
  const head = Buffer.alloc(4096 + 64);
  head.writeInt32LE(1234, 0);
  head.writeInt32LE(4, 4);
  head.writeInt32LE(high.length, 8);
  head.write("mar research\nWAVELENGTH     1.54179\nEND OF HEADER\n", 128, "latin1");
  high.forEach(([position, value], k) => {
    head.writeInt32LE(position, 4096 + 8 * k);
    head.writeInt32LE(value, 4100 + 8 * k);
  });
  return Buffer.concat([head, Buffer.from("\nCCP4 packed image, X: 0004, Y: 0004\n", "latin1"), packed]);
}

describe("MAR345 files", () => {
  it("add differences to the mean of the known neighbours", () => {
    // the first row and the first pixel of the second: left neighbour alone; then four neighbours, rounded
    const { rows, cols, data, header } = decodeMar345(tiny([5, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1]), "t.mar");
    expect([rows, cols]).toEqual([4, 4]);
    expect([...data.slice(0, 5)]).toEqual([5, 6, 7, 8, 9]);
    expect(data[5]).toBe(Math.floor((9 + 7 + 6 + 5 + 2) / 4));
    expect(header["WAVELENGTH"]).toBe("1.54179");
  });
  it("take pixels above 65535 from their list", () => {
    expect(decodeMar345(tiny(Array(16).fill(0), [[6, 78246]]), "t.mar").data[5]).toBe(78246);
  });
  it.each([
    ["not MAR345", Buffer.from("hello"), "mar345-not-recognised"],
    ["without an image", tiny(Array(16).fill(0)).subarray(0, 4160), "mar345-damaged"],
    ["cut off", tiny(Array(16).fill(0)).subarray(0, -4), "mar345-damaged"],
  ])("%s are refused", (_, bytes, wanted) => expect(() => decodeMar345(bytes, "bad.mar")).toThrow(code(wanted)));
  it("damaged in any way give an InputError or an image", () => {
    expectOnlyInputErrors(tiny(Array(16).fill(1)), (bytes) => decodeMar345(bytes, "fuzz.mar2300"), 100);
  });
});

describe.skipIf(!hasShared)("the image plate of steel and CeO2 (needs ../shared)", () => {
  it("decodes to fabio's pixels", () => {
    const path = shared("data/detector/mar2300_steel_ceo2_100keV/nx09_strain_001.mar2300");
    const { rows, cols, data } = decodeMar345(readFileSync(path), path);
    expect([rows, cols]).toEqual([2300, 2300]);
    let [sum, weighted, most] = [0, 0, 0];
    data.forEach((value, i) => {
      sum += value;
      weighted += value * ((i % 997) + 1);
      most = Math.max(most, value);
    });
    // fabio 0.14.0: d.sum(), (d.astype("i8") * (np.arange(d.size) % 997 + 1)).sum(), d.max()
    expect([sum, weighted, most]).toEqual([485089695, 243251524955, 78246]);
  });
});
