import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { expectOnlyInputErrors } from "../../tests/parser-fuzz.ts";
import { hasShared, shared } from "../../tests/shared.ts";
import type { Frame } from "../data/index.ts";
import { arraySource } from "./byte-source.ts";
import { decodeEdf, encodeEdf, openEdf, readEdfFrame } from "./edf.ts";
import { PIXEL_ARRAYS } from "./frame-size.ts";

const code = (wanted: string) => expect.objectContaining({ name: "InputError", code: wanted });
const frame = (data: Frame["data"], header: Record<string, string> = {}): Frame => ({ rows: 2, cols: 3, data, header });

describe("EDF files", () => {
  it.each(Object.entries(PIXEL_ARRAYS))("give back pixels of type %s", (_, PixelArray) => {
    const data = PixelArray.from([0, 1, 2, 127, 4, 5]) as Frame["data"];
    const read = decodeEdf(encodeEdf(frame(data, { count_time: "0.1" })), "a.edf");
    expect(read.data).toEqual(data);
    expect([read.rows, read.cols, read.header["count_time"]]).toEqual([2, 3, "0.1"]);
  });
  it("hold several frames, gzipped or not", () => {
    const bytes = encodeEdf(frame(Float32Array.of(1, 2, 3, 4, 5, 6)), frame(Uint16Array.of(9, 8, 7, 6, 5, 4)));
    for (const file of [bytes, gzipSync(bytes)]) {
      const edf = openEdf(arraySource(file, "two.edf"));
      expect(edf.blocks.length).toBe(2);
      expect(readEdfFrame(edf, 1).data).toEqual(Uint16Array.of(9, 8, 7, 6, 5, 4));
    }
  });
  it("are read in either byte order", () => {
    const header = "{\nByteOrder = HighByteFirst ;\nDataType = SignedInteger ;\nDim_1 = 2 ;\nDim_2 = 1 ;\n}\n";
    const bytes = Buffer.concat([Buffer.from(header), Buffer.of(0, 0, 1, 2, 0xff, 0xff, 0xff, 0xfe)]);
    expect(decodeEdf(bytes, "big.edf").data).toEqual(Int32Array.of(258, -2));
  });
  it("skip a general block, which has a header and no image", () => {
    const general = Buffer.from(
      "{\nEDF_DataFormatVersion = 2.40 ;\nEDF_HeaderSize = 512 ;\nEDF_BinarySize = 0 ;\n".padEnd(510),
    );
    const bytes = Buffer.concat([general, Buffer.from("}\n"), encodeEdf(frame(Uint8Array.of(1, 2, 3, 4, 5, 6)))]);
    expect(decodeEdf(bytes, "general.edf").data).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6));
  });
  const good = Buffer.from(encodeEdf(frame(Int32Array.of(1, 2, 3, 4, 5, 6))));
  const changed = (from: string, to: string) => Buffer.from(good.toString("latin1").replace(from, to), "latin1");
  it.each([
    ["not EDF", Buffer.from("hello"), "edf-not-recognised"],
    ["cut in the header", good.subarray(0, 60), "edf-truncated"],
    ["cut in the image", good.subarray(0, good.length - 1), "edf-truncated"],
    ["with unknown numbers", changed("SignedInteger", "ComplexFloat "), "edf-unsupported"],
    ["with a size of zero", changed("Dim_1 = 3", "Dim_1 = 0"), "frame-size-not-valid"],
    ["with a size beyond all detectors", changed("Dim_1 = 3 ", "Dim_1 = 3e8"), "frame-too-large"],
    ["without frames", Buffer.from("{\nTitle = x ;\n}\n"), "edf-header"],
    ["gzipped and cut off", gzipSync(good).subarray(0, 90), "gzip-damaged"],
  ])("%s are refused", (_, bytes, wanted) => expect(() => decodeEdf(bytes, "bad.edf")).toThrow(code(wanted)));

  it("damaged in any way give an InputError or a frame", () => {
    expectOnlyInputErrors(good, (bytes) => decodeEdf(bytes, "fuzz.edf"));
    expectOnlyInputErrors(gzipSync(good), (bytes) => decodeEdf(bytes, "fuzz.edf.gz"));
  });
});

describe.skipIf(!hasShared)("the CeO2 mask (needs ../shared)", () => {
  it("has the pixels that fabio 0.14.0 reads", () => {
    const mask = decodeEdf(readFileSync(shared("data/detector/ndtomo_ceo2_71keV/mask.edf")), "mask.edf");
    expect([mask.rows, mask.cols]).toEqual([1679, 1475]);
    const data = mask.data as Uint8Array;
    // fabio: d.sum(); (d * (np.arange(d.size) % 997 + 1)).sum()
    expect(data.reduce((sum, value) => sum + value, 0)).toBe(261152);
    expect(data.reduce((sum, value, i) => sum + value * ((i % 997) + 1), 0)).toBe(130293827);
  });
});
