/** What we write, read by the programs of the field. Skipped by name where they are not installed. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Frame, FrameArray } from "../data/index.ts";
import { encodeCbf } from "./cbf.ts";
import { encodeEdf } from "./edf.ts";
import { PIXEL_ARRAYS } from "./frame-size.ts";
import { encodeNpy } from "./npy.ts";
import { formatXye } from "./pattern-text.ts";
import { formatPoni } from "./poni.ts";
import { encodeTiff } from "./tiff.ts";

const PYTHON = "/usr/bin/python3";
const python = (script: string, ...args: string[]): unknown =>
  JSON.parse(execFileSync(PYTHON, ["-W", "ignore", "-c", script, ...args], { encoding: "utf8", stdio: "pipe" }));
const has = (modules: string): boolean => {
  try {
    execFileSync(PYTHON, ["-c", `import ${modules}`], { stdio: "pipe" });
    return true;
  } catch {
    return false;
  }
};

const folder = mkdtempSync(join(tmpdir(), "xrdct-peers-"));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, content: Uint8Array | string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const pixels = (PixelArray: (typeof PIXEL_ARRAYS)[keyof typeof PIXEL_ARRAYS]): Frame => {
  const data = new PixelArray(7 * 11).map((_, i) => (i * 37) % 120) as FrameArray;
  return { rows: 7, cols: 11, data, header: { Exposure_time: "0.5" } };
};

describe.skipIf(!has("fabio, tifffile, numpy"))("files we write (needs fabio, tifffile and numpy)", () => {
  const READ = `
import fabio, json, numpy, sys, tifffile
out = {}
for path in sys.argv[1:]:
    a = numpy.load(path) if path.endswith("npy") else tifffile.imread(path) if path.endswith("tif") else fabio.open(path).data
    out[path] = [list(a.shape), a.dtype.kind + str(a.dtype.itemsize), a.ravel().tolist()]
print(json.dumps(out))`;
  it("are what fabio, tifffile and numpy read", () => {
    const wanted: Record<string, [number[], string, number[]]> = {};
    for (const [type, PixelArray] of Object.entries(PIXEL_ARRAYS)) {
      const frame = pixels(PixelArray);
      const files: Record<string, Uint8Array> = {
        [`${type}.edf`]: encodeEdf(frame),
        [`${type}.tif`]: encodeTiff(frame),
        [`${type}.npy`]: encodeNpy({ shape: [7, 11], data: frame.data }),
      };
      for (const [name, bytes] of Object.entries(files)) wanted[write(name, bytes)] = [[7, 11], type, [...frame.data]];
    }
    // fabio 0.14.0 does not decode differences of 64 bits, which only pixels more than 2^31 apart need
    const jumps = Int32Array.from(
      { length: 77 },
      (_, i) => [0, 1, -2, 127, -128, 129, 40000, -40000, 1e9, -1e9, 5][i % 11]!,
    );
    const cbf = encodeCbf({ rows: 7, cols: 11, data: jumps, header: {} });
    wanted[write("jumps.cbf", cbf)] = [[7, 11], "i4", [...jumps]];
    wanted[write("header.cbf", encodeCbf(pixels(Int32Array)))] = [[7, 11], "i4", [...pixels(Int32Array).data]];
    expect(python(READ, ...Object.keys(wanted))).toEqual(wanted);
  });
});

describe.skipIf(!has("pyFAI, numpy"))(".poni and .xye we write (needs pyFAI)", () => {
  it("are what pyFAI and numpy read", () => {
    const geometry = { dist: 0.5438, poni1: 0.1447, poni2: 0.1274, rot1: -0.0002, rot2: 0.0006, rot3: 0.001 };
    const poni = { ...geometry, wavelength: 1.746e-11, pixel1: 172e-6, pixel2: 172e-6, orientation: 3 as const };
    const pattern = {
      axis: { unit: "q" as const, values: Float64Array.of(1, 1.5, 2) },
      intensity: Float64Array.of(5, 7, 6),
    };
    const script = `
import json, numpy, sys
from pyFAI.io.ponifile import PoniFile
found = []
for path in sys.argv[1:3]:
    p = PoniFile(path)
    found.append([p.dist, p.poni1, p.poni2, p.rot1, p.rot2, p.rot3, p.wavelength, p.detector.pixel1, p.detector.pixel2])
print(json.dumps([found, numpy.loadtxt(sys.argv[3]).tolist()]))`;
    const paths = [
      write("a.poni", formatPoni({ ...poni, detector: "Pilatus2M" })),
      write("b.poni", formatPoni({ ...poni, pixel2: 86e-6 })),
    ];
    const numbers = [...Object.values(geometry), 1.746e-11, 172e-6];
    expect(python(script, ...paths, write("a.xye", formatXye(pattern)))).toEqual([
      [
        [...numbers, 172e-6],
        [...numbers, 86e-6],
      ],
      [
        [1, 5],
        [1.5, 7],
        [2, 6],
      ],
    ]);
  });
});
