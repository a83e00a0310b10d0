import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hasShared, shared } from "../../tests/shared.ts";
import { tempFolder } from "../../tests/temp-folder.ts";
import { openHdf5 } from "./hdf5.ts";
import { createHdf5 } from "./hdf5-writer.ts";
import { openP07Scan } from "./p07.ts";

const folder = tempFolder();
const [lines, translations, bins] = [6, 4, 5];
const value = (line: number, translation: number, bin: number) => 100 * line + 10 * translation + bin;

/** A scan in the layout of ../shared/data/simulated/README.md: data 1-based, counters 0-based. */
async function scan(
  name: string,
  options: { counters?: boolean; isTransposed?: boolean; axis?: string } = {},
): Promise<string> {
  const at = join(folder, name);
  mkdirSync(at);
  for (let line = 0; line < lines; line++) {
    const file = await createHdf5(join(at, `xrd_cell_data_${String(line + 1).padStart(6, "0")}.h5`));
    const shape = options.isTransposed ? [bins, translations] : [translations, bins];
    const data = Float32Array.from({ length: translations * bins }, (_, i) =>
      options.isTransposed
        ? value(line, i % translations, Math.floor(i / translations))
        : value(line, Math.floor(i / bins), i % bins),
    );
    file.dataset("data", shape, data, { gzip: 1 });
    file.dataset(options.axis ?? "q", [bins], Float64Array.of(1, 2, 3, 4, 5));
    file.finish();
    if (options.counters === false) continue;
    const counter = await createHdf5(join(at, `cell_cnt_${String(line).padStart(5, "0")}.nxs`));
    counter.dataset("entry/data/value1", [translations], new Float64Array(translations).fill(1000 + line));
    counter.dataset("entry/data/value2", [translations], new Float64Array(translations).fill(500 + line));
    counter.finish();
  }
  return at;
}
const dataFile = (at: string, number: number) => join(at, `xrd_cell_data_${String(number).padStart(6, "0")}.h5`);
const firstOf = (values: Float64Array) =>
  Array.from({ length: values.length / translations }, (_, i) => values[i * translations]);

it("reads lines, axis, angles, monitor and transmission", async () => {
  const source = await openP07Scan(await scan("whole"), { omegaEndDeg: 180 });
  expect(source).toMatchObject({ angles: 6, translations: 4, missing: [] });
  expect(source.axis).toEqual({ unit: "q", values: Float64Array.of(1, 2, 3, 4, 5) });
  expect(source.omegaDeg).toEqual(Float64Array.of(0, 36, 72, 108, 144, 180));
  for (let line = 0; line < lines; line++) {
    const expected = Array.from({ length: 20 }, (_, i) => value(line, Math.floor(i / bins), i % bins));
    expect([...(await source.readLine(line))]).toEqual(expected);
  }
  expect(firstOf(source.monitor!)).toEqual([1000, 1001, 1002, 1003, 1004, 1005]);
  expect(firstOf(source.transmitted!)).toEqual([500, 501, 502, 503, 504, 505]);
});

it("takes [bin, translation] by the axis length, and a two-theta axis by its name", async () => {
  const source = await openP07Scan(await scan("turned", { isTransposed: true, axis: "tth", counters: false }));
  expect(source.axis.unit).toBe("two-theta");
  expect([...(await source.readLine(2))].slice(0, 6)).toEqual([200, 201, 202, 203, 204, 210]);
  expect(source).not.toHaveProperty("monitor");
  expect(source).not.toHaveProperty("omegaDeg");
});

it("reports lines whose file is absent, truncated, damaged or of another shape, and goes on", async () => {
  const at = await scan("damaged");
  rmSync(dataFile(at, 2));
  const bytes = readFileSync(dataFile(at, 3));
  writeFileSync(dataFile(at, 3), bytes.subarray(0, bytes.length - 50));
  writeFileSync(dataFile(at, 4), "");
  const other = await createHdf5(dataFile(at, 5));
  other.dataset("data", [3, bins], new Float32Array(15));
  other.dataset("q", [bins], Float64Array.of(1, 2, 3, 4, 5));
  other.finish();
  const source = await openP07Scan(at);
  expect(source.angles).toBe(6);
  expect(source.missing.map((line) => [line.angle, line.reason])).toEqual([
    [1, "there is no file of this number"],
    [2, expect.stringContaining("truncated file")],
    [3, expect.stringContaining("not an HDF5 file")],
    [4, "it has 3 translations, the first line has 4"],
  ]);
  expect(source.missing[0]!.path).toBe(dataFile(at, 2));
  expect((await source.readLine(1)).every(Number.isNaN)).toBe(true);
  expect((await source.readLine(5))[0]).toBe(500);
  // the counters of the missing lines are still there
  expect(firstOf(source.monitor!)).toEqual([1000, 1001, 1002, 1003, 1004, 1005]);
});

it("notices files missing at the ends by the counters, or by what it is told", async () => {
  const at = await scan("ends");
  rmSync(dataFile(at, 1));
  const source = await openP07Scan(at, { omegaStepDeg: 2 });
  expect(source.angles).toBe(6);
  expect(source.missing.map((line) => line.angle)).toEqual([0]);
  expect((await source.readLine(1))[0]).toBe(100);
  expect(firstOf(source.monitor!)[1]).toBe(1001);

  const bare = await scan("bare", { counters: false });
  rmSync(dataFile(bare, 1));
  rmSync(dataFile(bare, 6));
  const told = await openP07Scan(bare, { firstNumber: 1, angles: 6 });
  expect(told.missing.map((line) => line.angle)).toEqual([0, 5]);
});

it("marks a line whose data do not decode only when it is read", async () => {
  const at = await scan("decode");
  const path = dataFile(at, 4);
  const bytes = readFileSync(path);
  const gzip = bytes.indexOf(Buffer.from([0x78, 0x01])); // zlib header of level 1
  bytes.fill(0xff, gzip + 2, gzip + 12);
  writeFileSync(path, bytes);
  const source = await openP07Scan(at);
  expect(source.missing).toEqual([]);
  expect((await source.readLine(3)).every(Number.isNaN)).toBe(true);
  expect(source.missing).toEqual([{ angle: 3, path, reason: expect.stringContaining("cannot be read") }]);
});

it("asks where there are two scans, takes one by its pattern, and says where there is none", async () => {
  const at = await scan("two", { counters: false });
  for (const number of [1, 2])
    writeFileSync(join(at, `xrd_other_data_00000${number}.h5`), readFileSync(dataFile(at, number)));
  await expect(openP07Scan(at)).rejects.toThrow(
    /2 numbered series: .*xrd_cell_data_\*\.h5 \(6 files\).*xrd_other_data_\*\.h5 \(2 files\)/,
  );
  expect((await openP07Scan(join(at, "xrd_other_data_*.h5"))).angles).toBe(2);
  const empty = join(folder, "empty");
  mkdirSync(empty);
  await expect(openP07Scan(empty)).rejects.toMatchObject({ code: "p07-no-files" });
  await expect(openP07Scan(join(folder, "nowhere"))).rejects.toMatchObject({ code: "p07-no-files" });
  writeFileSync(join(empty, "xrd_x_data_000001.h5"), "no");
  await expect(openP07Scan(empty)).rejects.toMatchObject({ code: "p07-nothing-readable" });
});

describe.skipIf(!hasShared)("the simulated scan (needs ../shared)", () => {
  it("has 101 lines of 81 translations and 1000 bins, and a transmission that follows the true one", async () => {
    const source = await openP07Scan(shared("data/simulated/aaa_dev"), { omegaEndDeg: 180 });
    expect(source).toMatchObject({ angles: 101, translations: 81, missing: [] });
    expect(source.axis.values.length).toBe(1000);
    expect(source.omegaDeg![1]).toBeCloseTo(1.8, 12);
    const file = await openHdf5(shared("data/simulated/aaa_dev/xrd_cell_data_000051.h5"));
    expect(await source.readLine(50)).toEqual(file.read("data"));
    file.close();
    // truth.h5's transmission by the first line (lines 0, 2, ... run forwards), Poisson noise of 1e5 counts
    const truth = await openHdf5(shared("data/simulated/aaa_dev/truth.h5"));
    const expected = Array.from(truth.read("transmission", [0, 0], [1, 81]) as ArrayLike<number>);
    truth.close();
    const measured = Array.from({ length: 81 }, (_, i) => source.transmitted![i]! / source.monitor![i]!);
    const scale = measured.reduce((a, b) => a + b, 0) / expected.reduce((a, b) => a + b, 0);
    for (const [i, ratio] of measured.entries()) expect(ratio / scale).toBeCloseTo(expected[i]!, 1);
  });
});
