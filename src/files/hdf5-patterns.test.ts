import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { h5py, hasH5py } from "../../tests/h5py.ts";
import { tempFolder } from "../../tests/temp-folder.ts";
import { openPatternArray } from "./hdf5-patterns.ts";
import { createHdf5 } from "./hdf5-writer.ts";
import { openNdtomoVolume, readNdtomoVolume, writeNdtomoVolume } from "./ndtomo.ts";

const folder = tempFolder();
const [ny, nx, bins] = [3, 4, 6];
const value = (y: number, x: number, bin: number) => y * 100 + x * 10 + bin;
const binsLast = Float32Array.from({ length: ny * nx * bins }, (_, i) =>
  value(Math.floor(i / (nx * bins)), Math.floor(i / bins) % nx, i % bins),
);
const binsFirst = Float32Array.from({ length: ny * nx * bins }, (_, i) =>
  value(Math.floor(i / nx) % ny, i % nx, Math.floor(i / (ny * nx))),
);
const axis = Float64Array.of(1, 1.5, 2, 2.5, 3, 3.5);

async function stored(
  name: string,
  shape: number[],
  data: Float32Array,
  axisName: string,
  units?: string,
  values = axis,
): Promise<string> {
  const path = join(folder, name);
  const file = await createHdf5(path);
  file.dataset("data", shape, data);
  file.dataset(axisName, [values.length], values);
  if (units) file.attribute(axisName, "units", units);
  file.finish();
  return path;
}

describe("nDTomo volumes", () => {
  it("with bins last or first, told by the axis length", async () => {
    for (const [name, shape, data] of [
      ["last.h5", [ny, nx, bins], binsLast],
      ["first.h5", [bins, ny, nx], binsFirst],
    ] as const) {
      const volume = await readNdtomoVolume(await stored(name, [...shape], data, "q"), { voxelMm: 0.02 });
      expect(volume).toEqual({ ny, nx, axis: { unit: "q", values: axis }, data: binsLast, voxelMm: 0.02 });
      const source = await openNdtomoVolume(join(folder, name));
      expect(source.read(1, 2)).toEqual(binsLast.slice(nx * bins));
      source.close();
    }
  });

  it("asks where both dimensions fit the axis", async () => {
    const path = await stored("cube.h5", [6, 2, 6], new Float32Array(72), "tth");
    await expect(openNdtomoVolume(path)).rejects.toThrow(/\[6, 2, 6\] and its axis has 6 values.*binDimension/);
    expect((await openNdtomoVolume(path, { binDimension: "first" })).shape).toEqual([2, 6]);
    expect((await openNdtomoVolume(path, { binDimension: "last" })).shape).toEqual([6, 2]);
  });

  it("written and read again; and only with an axis that nDTomo knows", async () => {
    const volume = { ny, nx, data: binsLast, voxelMm: 0.1, axis: { unit: "two-theta" as const, values: axis } };
    const path = join(folder, "written.h5");
    await writeNdtomoVolume(path, volume);
    expect(await readNdtomoVolume(path, { voxelMm: 0.1 })).toEqual(volume);
    const radius = { ...volume, axis: { unit: "radius" as const, values: axis } };
    await expect(writeNdtomoVolume(path, radius)).rejects.toMatchObject({ code: "ndtomo-axis" });
    // nDTomo would take the four columns for the channels
    const mistaken = { ...volume, ny: 9, nx: 4, data: new Float32Array(9 * 4 * 4) };
    const four = { unit: "q" as const, values: axis.slice(0, 4) };
    await expect(writeNdtomoVolume(path, { ...mistaken, axis: four })).rejects.toMatchObject({ code: "ndtomo-shape" });
  });

  it("as its window saves them: the axis is there, and its unit has to be said", async () => {
    const path = await stored("window.h5", [ny, nx, bins], binsLast, "xaxis");
    await expect(openNdtomoVolume(path)).rejects.toMatchObject({ code: "hdf5-axis-unknown" });
    const named = await openNdtomoVolume(path, { axisUnit: "two-theta" });
    expect(named.axis).toEqual({ unit: "two-theta", values: axis });
    expect(named.read(0, ny)).toEqual(binsLast);
    named.close();
  });

  it.skipIf(!hasH5py)("written as nDTomo opens them with h5py (needs python3-h5py)", async () => {
    const path = join(folder, "for-ndtomo.h5");
    await writeNdtomoVolume(path, { ny, nx, data: binsLast, voxelMm: 0.1, axis: { unit: "q", values: axis } });
    const seen = JSON.parse(
      h5py(
        `f = h5py.File(args[0]); print(json.dumps([f["data"].shape, float(f["data"][2, 1, 5]), list(f["q"][:])]))`,
        path,
      ),
    );
    expect(seen).toEqual([[ny, nx, bins], value(2, 1, 5), [...axis]]);
  });
});

describe("axes", () => {
  it("in our units: 1/nm and radians converted, and named where nothing tells", async () => {
    const nm = await openPatternArray(await stored("nm.h5", [ny, nx, bins], binsLast, "q", "1/nm"));
    expect([...nm.axis.values]).toEqual([...axis].map((q) => expect.closeTo(q / 10, 12)));
    const rad = await openPatternArray(await stored("rad.h5", [ny, nx, bins], binsLast, "tth", "rad"));
    expect(rad.axis).toEqual({ unit: "two-theta", values: axis.map((x) => (x * 180) / Math.PI) });
    const path = await stored("unnamed.h5", [ny, nx, bins], binsLast, "channel");
    await expect(openPatternArray(path)).rejects.toMatchObject({ code: "patterns-no-axis" });
    await expect(openPatternArray(path, { axisDataset: "channel" })).rejects.toMatchObject({
      code: "hdf5-axis-unknown",
    });
    expect((await openPatternArray(path, { axisDataset: "channel", axisUnit: "q" })).axis.unit).toBe("q");
  });

  it("must ascend and fit", async () => {
    const down = await stored("down.h5", [ny, nx, bins], binsLast, "q", undefined, axis.slice().reverse());
    await expect(openPatternArray(down)).rejects.toThrow(/does not ascend: 3.5 is followed by 3 at index 1/);
    const short = await stored("short.h5", [ny, nx, bins], binsLast, "q", undefined, axis.slice(0, 5));
    await expect(openPatternArray(short, { axisDataset: "q" })).rejects.toMatchObject({ code: "patterns-axis-length" });
  });
});

it.skipIf(!hasH5py)("pyFAI's diffraction map, as its makeHDF5 lays it out (needs python3-h5py)", async () => {
  const path = join(folder, "diffmap.h5");
  h5py(
    `with h5py.File(args[0], "w") as f:
    f.attrs["default"] = "entry"
    e = f.create_group("entry"); e.attrs["NX_class"] = "NXentry"; e.attrs["default"] = "pyFAI/result"
    r = e.create_group("pyFAI/result"); r.attrs["NX_class"] = "NXdata"
    y, x, b = np.mgrid[:3, :4, :6]
    r.create_dataset("intensity", data=(y * 100 + x * 10 + b).astype("f4"), maxshape=(None, None, 6), chunks=(1, 4, 6))
    r.create_dataset("errors", data=np.full((3, 4, 6), 2, "f4"), chunks=(1, 4, 6))
    r.attrs["signal"] = "intensity"; r.attrs["axes"] = [".", ".", "2th"]
    r["2th"] = np.arange(1, 4, 0.5); r["2th"].attrs["unit"] = "deg"; r["2th"].attrs["axes"] = 3`,
    path,
  );
  const map = await openPatternArray(path);
  expect(map).toMatchObject({ name: `${path}:entry/pyFAI/result/intensity`, shape: [ny, nx], hasErrors: true });
  expect(map.axis).toEqual({ unit: "two-theta", values: axis });
  expect(map.read(0, ny)).toEqual(binsLast);
  expect(map.readErrors(2)).toEqual(new Float32Array(nx * bins).fill(2));
  map.close();
});

it("lists what is there where several datasets may hold the patterns", async () => {
  const path = join(folder, "several.h5");
  const file = await createHdf5(path);
  for (const name of ["a", "b"]) file.dataset(name, [ny, nx, bins], binsLast);
  file.dataset("q", [bins], axis);
  file.finish();
  await expect(openPatternArray(path)).rejects.toThrow(/2 datasets have three dimensions.*a \[3, 4, 6\] float32/);
  expect((await openPatternArray(path, { dataset: "b" })).read(1)).toEqual(binsLast.slice(nx * bins, 2 * nx * bins));
  await expect(openPatternArray(path, { dataset: "q" })).rejects.toMatchObject({ code: "patterns-wrong-rank" });
});
