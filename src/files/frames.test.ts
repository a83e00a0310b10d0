import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { hasShared, shared } from "../../tests/shared.ts";
import type { Frame } from "../data/index.ts";
import { loadKernels } from "../pipeline/load-kernels.ts";
import { encodeCbf } from "./cbf.ts";
import { encodeEdf } from "./edf.ts";
import { openFrames } from "./frames.ts";
import { encodeNpy } from "./npy.ts";
import { encodeTiff } from "./tiff.ts";

const code = (wanted: string) => expect.objectContaining({ name: "InputError", code: wanted });
const folders: string[] = [];
/** A folder with these files in it. */
function folder(files: Record<string, Uint8Array | string>): string {
  const path = mkdtempSync(join(tmpdir(), "xrdct-frames-"));
  folders.push(path);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(path, name), bytes);
  return path;
}
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true });
});
const frame = (k: number, rows = 6, cols = 9): Frame => ({
  rows,
  cols,
  header: {},
  data: Int32Array.from({ length: rows * cols }, (_, i) => 100 * k + i),
});
const cbf = (k: number) => encodeCbf(frame(k));

describe("openFrames", () => {
  it.each([
    ["CBF", "a.cbf", cbf(1), 1],
    ["TIFF", "a.tif", encodeTiff(frame(1)), 1],
    ["EDF", "a.edf", encodeEdf(frame(0), frame(1)), 2],
    ["gzipped EDF", "a.edf.gz", gzipSync(encodeEdf(frame(0), frame(1))), 2],
    ["gzipped CBF", "a.cbf.gz", gzipSync(cbf(1)), 1],
    ["gzipped TIFF", "a.tif.gz", gzipSync(encodeTiff(frame(1))), 1],
    ["one .npy frame", "a.npy", encodeNpy({ shape: [6, 9], data: frame(1).data }), 1],
    [
      "a stack in .npy",
      "a.npy",
      encodeNpy({ shape: [2, 6, 9], data: Int32Array.of(...frame(0).data, ...frame(1).data) }),
      2,
    ],
    ["CBF under a wrong name", "a.tif", cbf(1), 1],
  ])("reads %s", async (_, name, bytes, count) => {
    const source = await openFrames(join(folder({ [name]: bytes }), name));
    expect([source.rows, source.cols, source.count]).toEqual([6, 9, count]);
    expect(source.readFrame(count - 1).data).toEqual(frame(1).data);
    expect(() => source.readFrame(count)).toThrow(RangeError);
    source.close();
  });

  const series = { "f_1.cbf": cbf(1), "f_2.cbf": cbf(2), "f_10.cbf": cbf(10), "f_3.cbf": cbf(3) };
  it("gives the files of a folder in natural order, as frames and into the arena", async () => {
    const path = folder({ ...series, "notes.log": "not a frame" });
    const source = await openFrames(path, { missing: "flag" });
    expect(source.count).toBe(10);
    expect(source.readFrame(9).data).toEqual(frame(10).data);
    const kernels = loadKernels({ build: "simd" });
    const out = kernels.arena.i32(54);
    const free = kernels.arena.free;
    source.readInto!(1, out, kernels);
    expect(Int32Array.from(out)).toEqual(frame(2).data);
    expect(kernels.arena.free).toBe(free);
  });
  it("refuses a series with missing numbers, or flags them where asked to", async () => {
    const path = folder(series);
    await expect(openFrames(path)).rejects.toThrow(code("frames-missing"));
    await expect(openFrames(path)).rejects.toThrow(/6 of 10 numbered files are missing.*f_3\.cbf and f_10\.cbf/);
    const source = await openFrames(path, { missing: "flag" });
    expect(source.missing).toEqual([{ first: 3, count: 6, reason: expect.stringContaining("f_3.cbf") }]);
    expect(() => source.readFrame(5)).toThrow(code("frame-missing"));
  });
  it.each([
    ["several runs of digits differ", ["a1_b1.cbf", "a1_b3.cbf", "a2_b1.cbf"]],
    ["numbers go up by a fixed step", ["f_0010.cbf", "f_0020.cbf", "f_0030.cbf"]],
    ["names have no numbers", ["one.cbf", "two.cbf"]],
  ])("takes the files as they are where %s", async (_, names) => {
    const source = await openFrames(folder(Object.fromEntries(names.map((name) => [name, cbf(1)]))));
    expect(source.count).toBe(names.length);
  });
  it("takes patterns, lists of paths, and text files that list them", async () => {
    const path = folder({ ...series, "g_1.cbf": cbf(7), "scan.txt": "# two frames\nf_2.cbf\n\nf_10.cbf\n" });
    expect((await openFrames(join(path, "f_?.cbf"))).count).toBe(3);
    const given = await openFrames([join(path, "g_1.cbf"), join(path, "f_1.cbf")]);
    expect(given.readFrame(0).data).toEqual(frame(7).data);
    expect((await openFrames(join(path, "scan.txt"))).readFrame(0).data).toEqual(frame(2).data);
  });
  it("joins files of several frames each", async () => {
    const path = folder({ "a1.edf": encodeEdf(frame(1), frame(2)), "a2.edf": encodeEdf(frame(3), frame(4), frame(5)) });
    const source = await openFrames(path);
    expect([0, 1, 2, 3, 4].map((i) => source.readFrame(i).data[0])).toEqual([100, 200, 300, 400, 500]);
  });
  it("has no way into integers for frames with fractions", async () => {
    const half = { ...frame(1), data: new Float32Array(54).fill(0.5) };
    expect((await openFrames(join(folder({ "a.tif": encodeTiff(half) }), "a.tif"))).readInto).toBeUndefined();
  });

  it.each([
    ["an empty folder", {}, "", "frames-none"],
    ["a folder of other files", { "readme.md": "x" }, "", "frames-none"],
    ["a folder of two kinds", { "a.cbf": cbf(1), "a.tif": "x" }, "", "frames-mixed"],
    ["no such file", {}, "nothing.cbf", "file-not-readable"],
    ["a pattern without a match", {}, "*.cbf", "frames-none"],
    ["an empty file", { "a.cbf": "" }, "a.cbf", "frame-format-unknown"],
    ["a text file", { "a.cbf": "hello" }, "a.cbf", "frame-format-unknown"],
    ["a truncated CBF", { "a.cbf": cbf(1).subarray(0, -70) }, "a.cbf", "cbf-truncated"],
    ["an .npy with one axis", { "a.npy": encodeNpy({ shape: [4], data: new Int32Array(4) }) }, "a.npy", "frame-shape"],
  ])("refuses %s by name", async (_, files, name, wanted) => {
    const path = join(folder(files as Record<string, string>), name);
    await expect(openFrames(path)).rejects.toThrow(code(wanted));
    await expect(openFrames(path)).rejects.toThrow(path.slice(0, -1));
  });
  it("refuses a frame of another shape by name", async () => {
    const path = folder({
      "a_1.cbf": cbf(1),
      "a_2.cbf": encodeCbf(frame(2, 9, 6)),
      "a_3.cbf": encodeCbf(frame(2, 5, 6)),
    });
    const source = await openFrames(path);
    expect(() => source.readFrame(1)).toThrow(/a_2\.cbf: the frame has 9 x 6 pixels .* first one 6 x 9/);
    const kernels = loadKernels({ build: "simd" });
    expect(() => source.readInto!(2, kernels.arena.i32(54), kernels)).toThrow(code("frame-shape"));
  });
});

describe.skipIf(!hasShared)("measured frames (needs ../shared)", () => {
  // fabio 0.14.0 (h5py for the HDF5 file): d.astype("i8").sum(), (d * (np.arange(d.size) % 997 + 1)).sum()
  it.each([
    ["ndtomo_ceo2_71keV/CeO2.cbf", [1679, 1475, 1], 1692833047, 845439906892],
    ["mar2300_steel_ceo2_100keV/nx09_strain_001.mar2300", [2300, 2300, 1], 485089695, 243251524955],
    ["dioptas_ceo2_30keV", [1043, 981, 1], 126770499, 62848752841],
    ["danmax_pilatus_cdte2m_35keV", [1679, 1475, 2], 165634118, 82614886252],
  ])("%s", async (path, shape, sum, weighted) => {
    const source = await openFrames(shared(`data/detector/${path}`));
    expect([source.rows, source.cols, source.count]).toEqual(shape);
    let [total, weight] = [0, 0];
    source.readFrame(0).data.forEach((value, i) => {
      total += value;
      weight += value * ((i % 997) + 1);
    });
    source.close();
    expect([total, weight]).toEqual([sum, weighted]);
  });
});
