import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { h5py, hasH5py, hasSilx } from "../../tests/h5py.ts";
import { tempFolder } from "../../tests/temp-folder.ts";
import type { ParameterMap } from "../data/index.ts";
import { openResult } from "./result-reader.ts";
import { createResultWriter, type ResultWriter } from "./result-writer.ts";

const folder = tempFolder();
const program = { program: "xrdct", version: "0.1.0", title: "Zelle ü" };
const [ny, nx, bins] = [7, 5, 130];
const intensity = Float32Array.from({ length: ny * nx * bins }, (_, i) => Math.sin(i) * 1000);
const sigma = intensity.map((value) => Math.sqrt(Math.abs(value)));
const cellA: ParameterMap = {
  name: "map/NMC532/a",
  ny,
  nx,
  unit: "angstrom",
  values: Float64Array.from({ length: ny * nx }, (_, i) => (i === 3 ? Number.NaN : 2.87 + i * 1e-4)),
  esd: Float64Array.from({ length: ny * nx }, (_, i) => i * 1e-6),
  status: Uint8Array.from({ length: ny * nx }, (_, i) => i % 6),
};
const volumeOptions = {
  shape: [ny, nx, bins],
  dtype: "float32" as const,
  unit: "counts",
  longName: "intensity",
  axes: [
    { name: "y", values: Array.from({ length: ny }, (_, i) => i * 0.02), unit: "mm" },
    { name: "x" },
    { name: "two-theta", values: Array.from({ length: bins }, (_, i) => 1 + i * 0.01), unit: "degree" },
  ],
  chunk: [4, 5, 32],
  errors: true,
};
const inputs = [{ path: "scan/a.h5", bytes: 3e9, sha256: "ab".repeat(32) }];

function writeAll(writer: ResultWriter, compress = false): void {
  writer.instrument({ wavelengthA: 0.11979, distanceM: 1.0213 });
  writer.process("reconstruct", {
    config: { method: "fbp", filter: "ramp", "non-negative": false },
    startedAt: "2026-01-01T00:00:00Z",
    endedAt: "2026-01-01T00:00:09Z",
    inputs,
    notes: ["axis at 41.3 steps", "zig-zag found"],
  });
  const volume = writer.array("reconstruct/data", { ...volumeOptions, compress });
  // blocks of bins, as the reconstruction makes them; not aligned with the chunks
  for (let from = 0; from < bins; from += 50) {
    const count = Math.min(50, bins - from);
    const block = (of: Float32Array) =>
      Float32Array.from({ length: ny * nx * count }, (_, i) => of[Math.floor(i / count) * bins + from + (i % count)]!);
    volume.writeSlab([0, 0, from], [ny, nx, count], block(intensity), block(sigma));
  }
  writer.process("map", { config: {}, startedAt: "", endedAt: "2026-01-01T00:01:00Z", inputs: [] });
  writer.map("map/NMC532/a", cellA, { voxelMm: 0.02, longName: "a of NMC532" });
  writer.map("map/rwp", { name: "map/rwp", ny, nx, unit: "", values: new Float32Array(ny * nx).fill(0.1) });
  writer.plotFirst("map/NMC532/a");
  writer.finish("2026-01-01T00:01:01Z");
}

async function written(name: string, compress = false): Promise<string> {
  const path = join(folder, name);
  writeAll(await createResultWriter(path, { ...program, startedAt: "2026-01-01T00:00:00Z" }), compress);
  return path;
}

describe("what is written comes back", () => {
  it.each([
    ["plain", false],
    ["gzip", true],
  ])("%s", async (name, compress) => {
    const result = await openResult(await written(`${name}.nxs`, compress));
    expect(result.title).toBe("Zelle ü");
    expect(result.instrument()).toEqual({ wavelengthA: 0.11979, distanceM: 1.0213 });
    expect(result.first()).toBe("map/NMC532/a");
    expect(result.list().map((entry) => entry.name)).toEqual([
      "map/NMC532/a",
      "map/NMC532/a_esd",
      "map/NMC532/a_status",
      "map/rwp",
      "reconstruct/data",
      "reconstruct/data_esd",
    ]);
    expect(result.readMap("map/NMC532/a")).toEqual(cellA);
    expect(result.readArray("reconstruct/data")).toEqual(intensity);
    expect(result.readArray("reconstruct/data_esd")).toEqual(sigma);
    const pattern = result.readArray("reconstruct/data", [2, 3, 0], [1, 1, bins]);
    expect(pattern).toEqual(intensity.slice((2 * nx + 3) * bins, (2 * nx + 4) * bins));
    expect(result.axes("reconstruct/data").map((axis) => [axis.name, axis.unit, axis.values.length])).toEqual([
      ["y", "mm", ny],
      [".", "", nx],
      ["two_theta", "degree", bins],
    ]);
    result.close();
  });

  it("with the stages in their order", async () => {
    const result = await openResult(await written("stages.nxs"));
    expect(result.processes()).toEqual([
      {
        stage: "reconstruct",
        sequenceIndex: 1,
        program: "xrdct",
        version: "0.1.0",
        startedAt: "2026-01-01T00:00:00Z",
        endedAt: "2026-01-01T00:00:09Z",
        config: { method: "fbp", filter: "ramp", "non-negative": false },
        inputs,
        notes: ["axis at 41.3 steps", "zig-zag found"],
      },
      expect.objectContaining({ stage: "map", sequenceIndex: 2, config: {}, inputs: [], notes: [] }),
    ]);
    result.close();
  });

  it("names what there is where a name is wrong", async () => {
    const result = await openResult(await written("names.nxs"));
    expect(() => result.readMap("map/NMC532/b")).toThrow(/no result named map\/NMC532\/b.*map\/NMC532\/a, /);
    expect(() => result.readMap("reconstruct/data")).toThrow(
      /is an array of \[7, 5, 130\].*Maps here are: map\/NMC532\/a/,
    );
    result.close();
  });
});

describe("a result is whole or not there", () => {
  afterEach(() => vi.restoreAllMocks());

  it("has its name only when finished", async () => {
    const path = join(folder, "whole.nxs");
    writeFileSync(path, "the result of an earlier run");
    const writer = await createResultWriter(path, program);
    const array = writer.array("sinogram/data", { ...volumeOptions, errors: false });
    array.writeSlab([0, 0, 0], [ny, nx, bins], intensity);
    expect(readFileSync(path, "utf8")).toBe("the result of an earlier run");
    writer.finish();
    expect((await openResult(path)).readArray("sinogram/data")).toEqual(intensity);
    expect(existsSync(`${path}.partial`)).toBe(false);
  });

  it("is not there where an array was not filled, or the writer gave up", async () => {
    const path = join(folder, "unfilled.nxs");
    const writer = await createResultWriter(path, program);
    writer
      .array("sinogram/data", { ...volumeOptions, errors: false })
      .writeSlab([0, 0, 0], [1, nx, bins], intensity.slice(0, nx * bins));
    expect(() => writer.finish()).toThrow(/sinogram\/data is not complete: 3900 values/);
    const other = await createResultWriter(path, program);
    other.abort();
    expect(readdirSync(folder).filter((name) => name.startsWith("unfilled"))).toEqual([]);
  });

  /** A disk that holds `room` bytes: the file system h5wasm writes to says ENOSPC after that. */
  function fillDiskAfter(room: number): void {
    const fs = createRequire(import.meta.url)("node:fs") as typeof import("node:fs");
    const write = fs.writeSync as (...args: unknown[]) => number;
    let left = room;
    vi.spyOn(fs, "writeSync").mockImplementation(((...args: unknown[]) => {
      left -= args[3] as number;
      if (left < 0) throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      return write(...args);
    }) as never);
  }

  it.each([10_000, 20_000, 30_000, 40_000, 45_000])(
    "gives one message where the disk is full after %i bytes",
    async (room) => {
      const path = join(folder, `full-${room}.nxs`);
      const writer = await createResultWriter(path, program);
      fillDiskAfter(room);
      expect(() => writeAll(writer)).toThrow(
        expect.objectContaining({ code: "disk-full", message: expect.stringMatching(/full-\d+\.nxs needs .* bytes/) }),
      );
      expect(readdirSync(folder).filter((name) => name.startsWith(`full-${room}`))).toEqual([]);
    },
  );

  it("says before the work that an array has no room", async () => {
    const path = join(folder, "huge.nxs");
    const writer = await createResultWriter(path, program);
    const shape = [1e6, 1e6, 1e3]; // 4 petabytes
    expect(() =>
      writer.array("reconstruct/data", {
        ...volumeOptions,
        shape,
        axes: [{ name: "y" }, { name: "x" }, { name: "q" }],
      }),
    ).toThrow(
      expect.objectContaining({ code: "disk-full", message: expect.stringContaining("4000000000000000 bytes") }),
    );
    expect(readdirSync(folder).filter((name) => name.startsWith("huge"))).toEqual([]);
  });

  it("needs a folder to write in", async () => {
    await expect(createResultWriter(join(folder, "no/such/r.nxs"), program)).rejects.toMatchObject({
      code: "folder-missing",
    });
    await expect(createResultWriter(folder, program)).rejects.toMatchObject({ code: "not-writable" });
  });

  it("another HDF5 file is not a result", async () => {
    const { createHdf5 } = await import("./hdf5-writer.ts");
    const file = await createHdf5(join(folder, "other.h5"));
    file.dataset("q", [3], Float64Array.of(1, 2, 3));
    file.finish();
    await expect(openResult(join(folder, "other.h5"))).rejects.toMatchObject({ code: "result-not-a-result" });
  });
});

it.skipIf(!hasH5py)("h5py sees NeXus: classes, default plot, axes, units, errors (needs python3-h5py)", async () => {
  const path = await written("nexus.nxs");
  const seen = JSON.parse(
    h5py(
      `f = h5py.File(args[0])
at, chain = f["entry"], [f.attrs["default"]]
while at.attrs["NX_class"] != "NXdata":
    chain.append(at.attrs["default"]); at = at[at.attrs["default"]]
s = at[at.attrs["signal"]]
v = f["entry/reconstruct/data"]
print(json.dumps(dict(
    chain=chain, classes=[f[p].attrs["NX_class"] for p in ("/", "entry", "entry/map", "entry/map/NMC532/a", "entry/reconstruct/configuration")],
    axes=list(at.attrs["axes"]), indices=[int(at.attrs["y_indices"]), int(at.attrs["x_indices"])],
    shape=s.shape, units=s.attrs["units"], label=s.attrs["long_name"], a34=float(s[3, 4]), esd34=float(at["data_errors"][3, 4]),
    x=list(at["x"][()]), xunits=at["x"].attrs["units"], flags=dict(zip([str(k) for k in at["status"].attrs["flag_meanings"]], [int(k) for k in at["status"].attrs["flag_values"]])),
    vaxes=list(v.attrs["axes"]), tth=float(v["two_theta"][-1]), v=float(v["data"][6, 4, 129]), err=float(v["data_errors"][6, 4, 129]),
    config=json.loads(f["entry/reconstruct/configuration/data"][()]), index=int(f["entry/map/sequence_index"][()]),
    title=f["entry/title"][()].decode(), inputs=f["entry/reconstruct/inputs/path"][0].decode())))`,
      path,
    ),
  );
  expect(seen).toEqual({
    chain: ["entry", "map", "NMC532", "a"],
    classes: ["NXroot", "NXentry", "NXprocess", "NXdata", "NXnote"],
    axes: ["y", "x"],
    indices: [0, 1],
    shape: [ny, nx],
    units: "angstrom",
    label: "a of NMC532 (angstrom)",
    a34: cellA.values[19],
    esd34: cellA.esd![19],
    x: [-0.04, -0.02, 0, 0.02, 0.04],
    xunits: "mm",
    flags: { converged: 0, notFitted: 1, noSignal: 2, atBound: 3, notConverged: 4, undetermined: 5 },
    vaxes: ["y", ".", "two_theta"],
    tth: expect.closeTo(2.29, 10),
    v: intensity.at(-1),
    err: sigma.at(-1),
    config: { method: "fbp", filter: "ramp", "non-negative": false },
    index: 2,
    title: "Zelle ü",
    inputs: "scan/a.h5",
  });
});

it.skipIf(!hasSilx)(
  "silx finds the default plot and takes every result as valid NXdata (needs python3-silx)",
  async () => {
    const path = await written("silx.nxs");
    const seen = JSON.parse(
      h5py(
        `from silx.io.nxdata import NXdata, get_default
f = h5py.File(args[0])
d, v = get_default(f, validate=True), NXdata(f["entry/reconstruct/data"])
print(json.dumps(dict(default=d.group.name, valid=[d.is_valid, v.is_valid], issues=d.issues + v.issues, image=d.is_image,
    axes=d.axes_dataset_names, errors=[d.errors.name, v.errors.name], stack=v.signal_ndim)))`,
        path,
      ),
    );
    expect(seen).toEqual({
      default: "/entry/map/NMC532/a",
      valid: [true, true],
      issues: [],
      image: true,
      axes: ["y", "x"],
      errors: ["/entry/map/NMC532/a/data_errors", "/entry/reconstruct/data/data_errors"],
      stack: 3,
    });
  },
);
