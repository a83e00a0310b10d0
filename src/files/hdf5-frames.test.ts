import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { h5py, hasH5py } from "../../tests/h5py.ts";
import { hasShared, shared } from "../../tests/shared.ts";
import { tempFolder } from "../../tests/temp-folder.ts";
import { openHdf5 } from "./hdf5.ts";
import { openHdf5Frames } from "./hdf5-frames.ts";
import { loadHdf5Library } from "./hdf5-library.ts";
import { linkedFiles } from "./linked-files.ts";
import { readScanMetadata } from "./nexus.ts";

const folder = tempFolder();
type File = InstanceType<Awaited<ReturnType<typeof loadHdf5Library>>["File"]>;
async function make(name: string, fill: (file: File) => void): Promise<string> {
  const { File } = await loadHdf5Library();
  const path = join(folder, name);
  const file = new File(path, "w");
  fill(file);
  file.close();
  return path;
}
const ramp = (n: number, from = 0) => Int32Array.from({ length: n }, (_, i) => from + i);
/** frames of 4 x 5, frame i starts at 100 i */
const frames = (count: number, first = 0) =>
  Int32Array.from({ length: count * 20 }, (_, i) => 100 * (first + Math.floor(i / 20)) + (i % 20));

describe("the dataset is found by itself", () => {
  it("as the default plot's signal, before a larger dataset", async () => {
    const path = await make("default.h5", (file) => {
      file.create_attribute("default", "scan");
      file.create_group("scan").create_attribute("default", "result");
      const group = file.create_group("scan/result");
      group.create_attribute("signal", "counts");
      group.create_dataset({ name: "counts", data: frames(2), shape: [2, 4, 5] });
      file.create_dataset({ name: "larger", data: frames(3), shape: [3, 4, 5] });
    });
    const source = await openHdf5Frames(path);
    expect(source).toMatchObject({ name: `${path}:scan/result/counts`, rows: 4, cols: 5, count: 2, leadingShape: [2] });
    expect(source.readFrame(1).data).toEqual(frames(1, 1));
    source.close();
  });

  it("as entry/instrument/<detector>/data, before its flat field", async () => {
    const path = await make("instrument.h5", (file) => {
      file.create_group("entry");
      file.create_group("entry/instrument");
      const detector = file.create_group("entry/instrument/pilatus");
      detector.create_dataset({ name: "data", data: frames(1), shape: [1, 4, 5] });
      detector.create_dataset({ name: "flatfield", data: frames(9), shape: [9, 4, 5] });
    });
    const source = await openHdf5Frames(path);
    expect(source.name).toBe(`${path}:entry/instrument/pilatus/data`);
    source.close();
  });

  it("as the largest stack, a single image where there is no stack, and asks where two are equal", async () => {
    const largest = await make("largest.h5", (file) => {
      file.create_dataset({ name: "small", data: frames(1), shape: [1, 4, 5] });
      file.create_dataset({ name: "large", data: frames(2), shape: [2, 4, 5] });
    });
    const image = await make(
      "image.h5",
      (file) => void file.create_dataset({ name: "i", data: ramp(20), shape: [4, 5] }),
    );
    const twins = await make("twins.h5", (file) => {
      for (const name of ["a", "b"]) file.create_dataset({ name, data: frames(1), shape: [1, 4, 5] });
    });
    expect((await openHdf5Frames(largest)).name).toBe(`${largest}:large`);
    expect(await openHdf5Frames(image)).toMatchObject({ count: 1, leadingShape: [1], rows: 4, cols: 5 });
    await expect(openHdf5Frames(twins)).rejects.toMatchObject({ code: "hdf5-ambiguous-dataset" });
    expect((await openHdf5Frames(twins, { dataset: "b" })).name).toBe(`${twins}:b`);
    await expect(openHdf5Frames(twins, { dataset: "c" })).rejects.toMatchObject({ code: "hdf5-dataset-missing" });
  });

  it("says what is there where there are no frames", async () => {
    const path = await make("none.h5", (file) => void file.create_dataset({ name: "q", data: ramp(20) }));
    await expect(openHdf5Frames(path)).rejects.toThrow(/holds no frames.*q \[20\] int32/);
    await expect(openHdf5Frames(path, { dataset: "q" })).rejects.toMatchObject({ code: "hdf5-wrong-rank" });
  });
});

it("flattens [angle, translation, row, col] and keeps the leading shape", async () => {
  const path = await make(
    "4d.h5",
    (file) => void file.create_dataset({ name: "d", data: frames(6), shape: [2, 3, 4, 5] }),
  );
  const source = await openHdf5Frames(path);
  expect(source).toMatchObject({ count: 6, leadingShape: [2, 3] });
  for (let i = 0; i < 6; i++) expect(source.readFrame(i).data).toEqual(frames(1, i));
  expect(() => source.readFrame(6)).toThrow(RangeError);
});

it("masks pixel_mask, and pixels that are 2^bits - 1 or negative in every frame", async () => {
  const data = Uint16Array.from(frames(3));
  for (let i = 0; i < 3; i++) data[i * 20 + 7] = 65535; // dead
  data[3] = 65535; // saturated once: stays, told by badValue
  const path = await make("mask.h5", (file) => {
    file.create_group("entry");
    file.create_group("entry/data").create_dataset({ name: "data", data, shape: [3, 4, 5] });
    const mask = Uint32Array.from({ length: 20 }, (_, i) => (i === 11 ? 8 : 0));
    file.create_group("entry/data2").create_dataset({ name: "pixel_mask", data: mask, shape: [4, 5] });
  });
  const source = await openHdf5Frames(path);
  expect(source.badValue).toBe(65535);
  expect([...source.mask!.data].flatMap((bad, i) => (bad ? [i] : []))).toEqual([7, 11]);
});

it.each([
  ["uint8", Uint8Array, 255],
  ["int16", Int16Array, undefined],
  ["uint16", Uint16Array, 65535],
  ["int32", Int32Array, undefined],
  ["uint32", Uint32Array, 4294967295],
] as const)("%s counts go straight into kernel memory, the bad value as -1", async (type, Type, bad) => {
  const data = new Type(frames(2).map((value) => value % 100));
  if (bad) data[23] = bad;
  const path = await make(`into-${type}.h5`, (file) => void file.create_dataset({ name: "d", data, shape: [2, 4, 5] }));
  const source = await openHdf5Frames(path);
  const memory = new Int32Array(new SharedArrayBuffer(4 * 30));
  source.readInto!(1, memory.subarray(7, 27), undefined as never);
  const expected = Array.from(data.slice(20), (value) => (value === bad ? -1 : value));
  expect([...memory]).toEqual([...Array(7).fill(0), ...expected, 0, 0, 0]);
  expect([...source.readFrame(1).data]).toEqual([...data.slice(20)]);
  source.close();
});

describe("EIGER master", () => {
  const master = (name: string, blocks: number, images: number) =>
    make(name, (file) => {
      file.create_group("entry");
      const data = file.create_group("entry/data");
      for (let i = 1; i <= blocks; i++)
        data.create_external_link(`${name}_data_00000${i}.h5`, "/entry/data/data", `data_00000${i}`);
      file.create_group("entry/instrument");
      file.create_group("entry/instrument/detector");
      const specific = file.create_group("entry/instrument/detector/detectorSpecific");
      specific.create_dataset({ name: "nimages", data: [images], shape: [] });
      const mask = Uint32Array.from({ length: 20 }, (_, i) => Number(i === 4));
      specific.create_dataset({ name: "pixel_mask", data: mask, shape: [4, 5] });
    });
  const block = (name: string, i: number, first: number, count: number) =>
    make(`${name}_data_00000${i}.h5`, (file) => {
      file.create_group("entry");
      file.create_group("entry/data").create_dataset({
        name: "data",
        data: Uint32Array.from(frames(count, first)),
        shape: [count, 4, 5],
        chunks: [1, 4, 5],
        compression: 32008,
        compression_opts: [0, 2],
      });
    });

  it("counts its data files, those that are there, as files of the input", async () => {
    const data = await block("linked.h5", 1, 0, 2);
    const path = await master("linked.h5", 2, 4);
    expect(await linkedFiles([path])).toEqual([data]);
    expect(await linkedFiles([path, data])).toEqual([]);
  });

  it("joins the data files in order, with the master's mask", async () => {
    const path = await master("run", 3, 8);
    for (const [i, first, count] of [
      [1, 0, 3],
      [2, 3, 3],
      [3, 6, 2],
    ] as const)
      await block("run", i, first, count);
    const source = await openHdf5Frames(path);
    expect(source).toMatchObject({ count: 8, rows: 4, cols: 5, missing: [] });
    for (let i = 0; i < 8; i++) expect(source.readFrame(i).data).toEqual(Uint32Array.from(frames(1, i)));
    expect([...source.mask!.data].indexOf(1)).toBe(4);
    source.close();
  });

  it("opens with a data file missing, and says which frames are not there", async () => {
    const path = await master("gap", 3, 8);
    await block("gap", 1, 0, 3);
    await block("gap", 3, 6, 2);
    const source = await openHdf5Frames(path);
    expect(source.count).toBe(8);
    expect(source.missing).toEqual([{ first: 3, count: 3, reason: expect.stringContaining("gap_data_000002.h5") }]);
    expect(() => source.readFrame(4)).toThrow(/frame 4 is missing: .*gap_data_000002\.h5 cannot be opened/);
    expect(source.readFrame(6).data).toEqual(Uint32Array.from(frames(1, 6)));
    source.close();
  });

  it("refuses a master alone", async () => {
    await expect(openHdf5Frames(await master("alone", 2, 4))).rejects.toMatchObject({ code: "eiger-data-missing" });
  });
});

describe("metadata", () => {
  it("in our units, whatever the file's", async () => {
    const path = await make("nxtomo.h5", (file) => {
      file.create_group("entry");
      const sample = file.create_group("entry/sample");
      const angle = sample.create_dataset({ name: "rotation_angle", data: Float64Array.of(0, Math.PI / 2) });
      angle.create_attribute("units", "rad");
      const x = sample.create_dataset({ name: "x_translation", data: Float64Array.of(0, 20) });
      x.create_attribute("units", "um");
      file.create_group("entry/instrument");
      const beam = file.create_group("entry/instrument/beam");
      beam.create_dataset({ name: "energy", data: [103.5], shape: [] }).create_attribute("units", "keV");
      const detector = file.create_group("entry/instrument/detector");
      const distance = detector.create_dataset({ name: "distance", data: [1.5], shape: [] });
      distance.create_attribute("units", "pixel");
    });
    const metadata = await readScanMetadata(path);
    expect(metadata.omegaDeg).toEqual(Float64Array.of(0, 90));
    expect(metadata.translationMm).toEqual(Float64Array.of(0, 0.02));
    expect(metadata.energyKeV).toBe(103.5);
    expect(metadata).not.toHaveProperty("distanceMm");
    expect(metadata.ignored).toEqual([expect.stringContaining("unit pixel")]);
  });
});

describe.skipIf(!hasShared)("frames of beamlines (needs ../shared)", () => {
  const checksum = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0);

  it("DanMAX Pilatus3 2M, bitshuffle-LZ4: two frames of -2 to 339797", async () => {
    const source = await openHdf5Frames(shared("data/detector/danmax_pilatus_cdte2m_35keV/scan-0002_pilatus.h5"));
    expect(source).toMatchObject({ rows: 1679, cols: 1475, count: 2 });
    let [low, high] = [0, 0];
    for (const i of [0, 1]) {
      for (const value of source.readFrame(i).data) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    expect([low, high]).toEqual([-2, 339797]);
    source.close();
    const metadata = await readScanMetadata(shared("data/detector/danmax_pilatus_cdte2m_35keV/scan-0002_pilatus.h5"));
    expect(metadata.energyKeV).toBe(35);
  });

  it("Balder EIGER 1M data file: bad pixels of 2^32 - 1 are masked, the gaps of the module among them", async () => {
    const source = await openHdf5Frames(shared("data/detector/balder_eiger_bslz4/eiger-6587_data_000002.h5"));
    expect(source).toMatchObject({ rows: 1065, cols: 1030, count: 1, badValue: 4294967295 });
    const { data } = source.readFrame(0);
    for (let i = 0; i < data.length; i++)
      if ((data[i] === 4294967295) !== (source.mask!.data[i] === 1)) throw new Error(`pixel ${i}`);
    // the gap between the two modules of an EIGER 1M is 37 rows high
    expect(checksum(source.mask!.data)).toBeGreaterThanOrEqual(37 * 1030);
    source.close();
  });

  it("LAMBDA: any module's file opens all three, each at its place, counts kept", async () => {
    const path = (m: number) => shared(`data/detector/lambda_nxs/testasapo1_1009_00002_m${m}_part00000.nxs`);
    const source = await openHdf5Frames(path(2));
    expect(source).toMatchObject({ rows: 1317 + 516, cols: 1554 + 2, count: 10 });
    expect(source.flat).toBeUndefined(); // NaN throughout in these files
    const { data } = source.readFrame(9);
    for (const [m, col, row] of [
      [1, 2, 0],
      [2, 0, 660],
      [3, 0, 1317],
    ] as const) {
      const file = await openHdf5(path(m));
      const module = file.read("entry/instrument/detector/data", [9, 0, 0], [1, 516, 1554]);
      const mask = file.read("entry/instrument/detector/pixel_mask");
      for (const [r, c] of [
        [0, 0],
        [17, 1001],
        [515, 1553],
        [300, 0],
      ] as const) {
        const at = (row + r) * 1556 + col + c;
        expect(data[at]).toBe(module[r * 1554 + c]);
        expect(source.mask!.data[at]).toBe(mask[r * 1554 + c] === 0 ? 0 : 1);
      }
      file.close();
    }
    // the 144 rows between the modules are masked
    expect(data[600 * 1556 + 700]).toBe(-1);
    expect(source.mask!.data[600 * 1556 + 700]).toBe(1);
    expect((await readScanMetadata(path(1))).energyKeV).toBe(12);
    source.close();
  });

  it("Savu I18: five dimensions flattened, energy and angles of the scan", async () => {
    const path = shared("data/xrdct/savu_i18_multimodal/mm.nxs");
    const source = await openHdf5Frames(path);
    expect(source).toMatchObject({ rows: 100, cols: 1000, count: 8, leadingShape: [2, 2, 2] });
    const metadata = await readScanMetadata(path);
    expect(metadata.energyKeV).toBeCloseTo(17, 4);
    expect([...metadata.omegaDeg!.slice(0, 2)]).toEqual([-42, 63]);
    source.close();
  });
});

describe.skipIf(!hasH5py)("virtual datasets (needs python3-h5py)", () => {
  it("reads through to files of one folder", async () => {
    h5py(
      `layout = h5py.VirtualLayout(shape=(4, 4, 5), dtype="i4")
for k in range(2):
    with h5py.File(f"{args[0]}/part{k}.h5", "w") as f:
        f.create_dataset("d", data=np.arange(40).reshape(2, 4, 5) + 1000 * k, dtype="i4", chunks=(1, 4, 5), compression="gzip")
    layout[2 * k:2 * k + 2] = h5py.VirtualSource(f"part{k}.h5", "d", shape=(2, 4, 5))
with h5py.File(f"{args[0]}/virtual.h5", "w") as f:
    f.create_group("entry/data").create_virtual_dataset("data", layout)`,
      folder,
    );
    const source = await openHdf5Frames(join(folder, "virtual.h5"));
    expect(source.count).toBe(4);
    expect(source.readFrame(3).data).toEqual(ramp(20, 1020));
    source.close();
    rmSync(join(folder, "part1.h5"));
    await expect(openHdf5Frames(join(folder, "virtual.h5"))).rejects.toMatchObject({ code: "hdf5-source-missing" });
  });

  it.skipIf(!hasShared)("reads bitshuffle-LZ4 through a virtual dataset (needs ../shared)", async () => {
    const real = shared("data/detector/danmax_pilatus_cdte2m_35keV/scan-0002_pilatus.h5");
    copyFileSync(real, join(folder, "pilatus.h5"));
    h5py(
      `layout = h5py.VirtualLayout(shape=(2, 1679, 1475), dtype="i4")
layout[:] = h5py.VirtualSource("pilatus.h5", "entry/instrument/pilatus/data", shape=(2, 1679, 1475))
with h5py.File(args[0], "w") as f: f.create_virtual_dataset("frames", layout)`,
      join(folder, "over.h5"),
    );
    const direct = await openHdf5Frames(real);
    const through = await openHdf5Frames(join(folder, "over.h5"));
    const [a, b] = [direct.readFrame(1).data, through.readFrame(1).data];
    expect(Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer))).toBe(0);
    direct.close();
    through.close();
  });
});
