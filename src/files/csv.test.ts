import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { expectOnlyInputErrors } from "../../tests/parser-fuzz.ts";
import { formatMapCsv, formatMapEsdCsv, parseNumberList } from "./csv.ts";
import { encodeNpy } from "./npy.ts";
import { readPattern } from "./pattern-file.ts";

const code = (wanted: string) => expect.objectContaining({ name: "InputError", code: wanted });

describe("maps as .csv", () => {
  const map = {
    name: "map/NMC532/a",
    ny: 2,
    nx: 3,
    unit: "angstrom",
    values: Float32Array.of(1, 2, 3, 2.875, Number.NaN, 6),
    esd: Float64Array.of(0.1, 0.2, 0.3, 0.4, Number.NaN, 0.6),
  };
  it("are grids with the highest y first, NaN empty", () => {
    expect(formatMapCsv(map, 0.02)).toBe(
      "# map/NMC532/a [angstrom], 2 x 3 (y, x), voxel 0.02 mm, first line is the highest y\n2.875,,6\n1,2,3\n",
    );
  });
  it("have their uncertainties beside them", () => {
    expect(formatMapEsdCsv(map)?.split("\n").slice(1)).toEqual(["0.4,,0.6", "0.1,0.2,0.3", ""]);
    const { esd: _, ...without } = map;
    expect(formatMapEsdCsv(without)).toBeUndefined();
  });
});

describe("lists of numbers", () => {
  it.each([
    ["one a line", "0\n0.5\n-1e1\n"],
    ["with a header and comments", "omega 1 (degrees)\n# none\n0 # start\n0.5\n-10"],
    ["in one line", "0, 0.5; -10"],
  ])("%s", (_, text) => expect([...parseNumberList(text, "a.txt")]).toEqual([0, 0.5, -10]));
  it("name the line that is not a number", () => {
    expect(() => parseNumberList("0\n1\nx\n", "a.txt")).toThrow(/a\.txt, line 3: "x" is not a number/);
    expect(() => parseNumberList("angle\n", "a.txt")).toThrow(code("list-empty"));
  });
  it("damaged in any way give an InputError or numbers", () => {
    expectOnlyInputErrors(Buffer.from("0\n0.5\n1\n"), (b) =>
      parseNumberList(Buffer.from(b).toString("latin1"), "f.txt"),
    );
  });
});

describe("readPattern", () => {
  const folder = mkdtempSync(join(tmpdir(), "xrdct-pattern-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, bytes: Uint8Array | string): string => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  it.each([
    ["a.xye", "# Ångström\n1 2\n2 3\n"],
    ["a.xye.gz", gzipSync("1 2\n2 3\n")],
    ["latin1.xye", Buffer.from("# \u00c5\n1 2\n2 3\n", "latin1")],
    ["marked.xye", "\ufeff1 2\n2 3\n"],
  ])("reads %s", (name, bytes) => {
    expect([...readPattern(write(name, bytes)).intensity]).toEqual([2, 3]);
  });
  it("reads columns from .npy", () => {
    const path = write("a.npy", encodeNpy({ shape: [2, 3], data: Float64Array.of(1, 2, 0.5, 2, 3, 0.25) }));
    expect(() => readPattern(path)).toThrow(code("pattern-axis-unknown"));
    const pattern = readPattern(path, { axis: "q" });
    expect(pattern).toEqual({
      axis: { unit: "q", values: Float64Array.of(1, 2) },
      intensity: Float64Array.of(2, 3),
      sigma: Float64Array.of(0.5, 0.25),
    });
  });
  it.each([
    ["absent.xye", undefined, "file-not-readable"],
    ["empty.xye", "", "pattern-empty"],
    ["flat.npy", encodeNpy({ shape: [4], data: new Float64Array(4) }), "pattern-empty"],
  ])("refuses %s", (name, bytes, wanted) => {
    const path = bytes === undefined ? join(folder, name) : write(name, bytes);
    expect(() => readPattern(path)).toThrow(code(wanted));
  });
});
