import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { h5py, hasH5py } from "../../tests/h5py.ts";
import { tempFolder } from "../../tests/temp-folder.ts";
import { InputError } from "../data/index.ts";
import { openHdf5 } from "./hdf5.ts";
import { loadHdf5Library } from "./hdf5-library.ts";

const folder = tempFolder();
let made = 0;

interface Sample {
  name: string;
  data: Parameters<Awaited<ReturnType<typeof writer>>["create_dataset"]>[0]["data"];
  shape?: number[];
  chunks?: number[];
  compression?: number;
  compression_opts?: number[];
}
async function writer(path: string) {
  const { File } = await loadHdf5Library();
  return new File(path, "w");
}
async function sampleFile(samples: Sample[]): Promise<string> {
  const path = join(folder, `sample-${made++}.h5`);
  const file = await writer(path);
  for (const sample of samples) file.create_dataset(sample);
  file.close();
  return path;
}

const codeOf = async (work: () => unknown): Promise<string> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof InputError) return error.code;
    throw error;
  }
  return "no error";
};

const counts = Int32Array.from({ length: 6 * 5 * 7 }, (_, i) => i * 3 - 100);

describe("reading", () => {
  it.each([
    ["plain", {}],
    ["chunked", { chunks: [2, 5, 3] }],
    ["gzip", { chunks: [2, 5, 7], compression: 1, compression_opts: [4] }],
    ["LZ4", { chunks: [2, 5, 7], compression: 32004, compression_opts: [0] }],
    ["bitshuffle-LZ4", { chunks: [2, 5, 7], compression: 32008, compression_opts: [0, 2] }],
    ["zstd", { chunks: [2, 5, 7], compression: 32015, compression_opts: [3] }],
    ["blosc", { chunks: [2, 5, 7], compression: 32001, compression_opts: [2, 2, 4, 140, 5, 1, 0] }],
  ])("%s: whole and in part", async (_name, storage) => {
    const file = await openHdf5(await sampleFile([{ name: "d", data: counts, shape: [6, 5, 7], ...storage }]));
    expect(file.dataset("d")).toMatchObject({ shape: [6, 5, 7], type: "int32" });
    expect(file.read("d")).toEqual(counts);
    const part = file.read("d", [1, 2, 3], [4, 2, 3]);
    const expected = [];
    for (let i = 1; i < 5; i++)
      for (let j = 2; j < 4; j++) for (let k = 3; k < 6; k++) expected.push(counts[(i * 5 + j) * 7 + k]);
    expect([...part]).toEqual(expected);
    file.close();
  });

  it("gives each type its own array, and 64-bit integers as float64", async () => {
    const arrays = [
      Int8Array.of(-1, 2),
      Uint8Array.of(255, 0),
      Int16Array.of(-300, 3),
      Uint16Array.of(65535, 1),
      Uint32Array.of(4294967295, 0),
      Float32Array.of(1.5, Number.NaN),
      Float64Array.of(1e300, -0.5),
    ];
    const long = BigInt64Array.of(-(2n ** 53n), 35000n);
    const path = await sampleFile([
      ...arrays.map((data, i) => ({ name: `a${i}`, data })),
      { name: "long", data: long },
    ]);
    const file = await openHdf5(path);
    for (const [i, array] of arrays.entries()) expect(file.read(`a${i}`)).toEqual(array);
    expect(file.read("long")).toEqual(Float64Array.of(-(2 ** 53), 35000));
    file.close();
  });

  it("reads more than one block (16 MiB) as one array", async () => {
    const data = Uint16Array.from({ length: 3 * 2000 * 2000 }, (_, i) => (i * 7919) & 0xffff);
    const file = await openHdf5(await sampleFile([{ name: "d", data, shape: [3, 2000, 2000], chunks: [1, 700, 900] }]));
    expect(Buffer.compare(Buffer.from(file.read("d").buffer), Buffer.from(data.buffer))).toBe(0);
    file.close();
  });

  it("reads strings, attributes and scalars", async () => {
    const path = join(folder, "attributes.h5");
    const out = await writer(path);
    out.create_attribute("default", "entry");
    out.create_group("entry").create_attribute("axes", ["y", "x", "."]);
    out.create_dataset({ name: "name", data: "Zelle ü" });
    out.create_dataset({ name: "energy", data: [35.5], shape: [] }).create_attribute("units", "keV");
    out.close();
    const file = await openHdf5(path);
    expect(file.attribute("", "default")).toBe("entry");
    expect(file.attribute("entry", "axes")).toEqual(["y", "x", "."]);
    expect(file.attribute("energy", "units")).toBe("keV");
    expect(file.attribute("energy", "absent")).toBeUndefined();
    expect(file.text("name")).toBe("Zelle ü");
    expect(file.numbers("energy")).toEqual(Float64Array.of(35.5));
    file.close();
  });

  it.skipIf(!hasH5py)("reads what h5py writes: gzip, lzf, big-endian, bool (needs python3-h5py)", async () => {
    const path = join(folder, "h5py.h5");
    h5py(
      `a = np.arange(60, dtype="f4").reshape(3, 4, 5)
with h5py.File(args[0], "w") as f:
    f.create_dataset("gzip", data=a, compression="gzip", shuffle=True, chunks=(1, 4, 5))
    f.create_dataset("lzf", data=a, compression="lzf", fletcher32=True)
    f["big"] = a.astype(">f4")
    f["bool"] = np.array([True, False, True])
    f.attrs["fixed"] = np.bytes_("fixed")`,
      path,
    );
    const file = await openHdf5(path);
    const expected = Float32Array.from({ length: 60 }, (_, i) => i);
    for (const name of ["gzip", "lzf", "big"]) expect(file.read(name)).toEqual(expected);
    expect([...file.read("bool")]).toEqual([1, 0, 1]);
    expect(file.attribute("", "fixed")).toBe("fixed");
    file.close();
  });
});

describe("errors", () => {
  it("names what is not there, not HDF5, or a folder", async () => {
    const text = join(folder, "not.h5");
    writeFileSync(text, "these are not the bytes of an HDF5 file\n");
    expect(await codeOf(() => openHdf5(join(folder, "absent.h5")))).toBe("file-not-found");
    expect(await codeOf(() => openHdf5(text))).toBe("hdf5-not-hdf5");
    expect(await codeOf(() => openHdf5(folder))).toBe("hdf5-not-hdf5");
    writeFileSync(text, "");
    await expect(openHdf5(text)).rejects.toThrow(/its 0 bytes/);
  });

  it("lists what the file holds where a dataset is missing", async () => {
    const file = await openHdf5(await sampleFile([{ name: "frames", data: counts, shape: [6, 5, 7] }]));
    expect(() => file.read("entry/data/data")).toThrow(/has no dataset entry\/data\/data.*frames \[6, 5, 7\] int32/);
    file.close();
  });

  it("says so where the values are not numbers", async () => {
    const file = await openHdf5(await sampleFile([{ name: "title", data: "a" }]));
    expect(await codeOf(() => file.read("title"))).toBe("hdf5-not-numbers");
    file.close();
  });

  it("refuses a truncated file, and data that do not decode", async () => {
    const noise = Int32Array.from({ length: 40_000 }, (_, i) => (i * 2654435761) | 0);
    const storage = { chunks: [40_000], compression: 1, compression_opts: [1] };
    const path = await sampleFile([{ name: "d", data: noise, ...storage }]);
    const bytes = readFileSync(path);
    const damaged = Buffer.from(bytes);
    damaged.fill(0x55, damaged.length >> 1, (damaged.length >> 1) + 2000);
    writeFileSync(path, damaged);
    const file = await openHdf5(path);
    expect(await codeOf(() => file.read("d"))).toBe("hdf5-data-unreadable");
    file.close();
    writeFileSync(path, bytes);
    truncateSync(path, bytes.length - 100);
    await expect(openHdf5(path)).rejects.toThrow(/truncated file: eof = /);
  });

  it.skipIf(!hasH5py)("refuses a virtual dataset whose source is absent (needs python3-h5py)", async () => {
    const path = join(folder, "virtual.h5");
    h5py(
      `layout = h5py.VirtualLayout(shape=(4, 5), dtype="i4")
layout[:] = h5py.VirtualSource("gone.h5", "d", shape=(4, 5))
with h5py.File(args[0], "w") as f: f.create_virtual_dataset("v", layout, fillvalue=0)`,
      path,
    );
    const file = await openHdf5(path);
    expect(await codeOf(() => file.read("v"))).toBe("hdf5-source-missing");
    file.close();
  });

  it("prints nothing on the terminal", async () => {
    const fs = createRequire(import.meta.url)("node:fs") as typeof import("node:fs"); // the one h5wasm writes with
    const spies = [vi.spyOn(fs, "writeSync"), vi.spyOn(console, "error"), vi.spyOn(console, "log")];
    const path = await sampleFile([{ name: "d", data: counts }]);
    for (const spy of spies) spy.mockClear();
    truncateSync(path, 1000);
    expect(await codeOf(() => openHdf5(path))).toBe("hdf5-unreadable");
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });
});

it("refuses a heap of texts that HDF5 would walk for ever", async () => {
  const path = await sampleFile([{ name: "t", data: ["first", "second"] }]);
  const bytes = readFileSync(path);
  const object = bytes.indexOf("GCOL") + 16; // index u16, references u16, 4 unused, size u64
  for (const size of [2n ** 31n, 0xffff_0000_ffff_0005n]) {
    const damaged = Buffer.from(bytes);
    damaged.writeBigUInt64LE(size, object + 8);
    writeFileSync(path, damaged);
    await expect(openHdf5(path)).rejects.toThrow(/damaged: .*global heap at byte \d+/);
  }
  writeFileSync(path, bytes);
  const file = await openHdf5(path);
  expect(file.texts("t")).toEqual(["first", "second"]);
  file.close();
});

it("after the library has stopped, files open in a new instance and open files go on", async () => {
  const path = await sampleFile([
    { name: "d", data: counts, chunks: [70], compression: 32008, compression_opts: [0, 2] },
  ]);
  const before = await loadHdf5Library();
  const open = await openHdf5(path);
  const { complaint } = before.attempt(() => {
    throw new WebAssembly.RuntimeError("unreachable");
  });
  expect(complaint).toBe("HDF5 stopped: unreachable");
  const after = await loadHdf5Library();
  expect(after).not.toBe(before);
  expect(after.module).not.toBe(before.module);
  const again = await openHdf5(path);
  for (const file of [open, again]) {
    expect(file.read("d")).toEqual(counts);
    file.close();
  }
});

it("damaged files give an InputError or numbers, never a crash", async () => {
  const path = await sampleFile([
    { name: "gzip", data: counts, shape: [6, 5, 7], chunks: [2, 5, 7], compression: 1, compression_opts: [4] },
    {
      name: "bitshuffle",
      data: counts,
      shape: [6, 5, 7],
      chunks: [6, 5, 7],
      compression: 32008,
      compression_opts: [0, 2],
    },
    { name: "text", data: "words" },
  ]);
  const bytes = readFileSync(path);
  const damaged = join(folder, "damaged.h5");
  const flips = fc.array(fc.tuple(fc.nat(Math.min(bytes.length, 6000) - 1), fc.nat(255)), {
    minLength: 1,
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(flips, fc.option(fc.nat(bytes.length)), async (changes, end) => {
      const copy = Buffer.from(bytes.subarray(0, end ?? bytes.length));
      for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
      writeFileSync(damaged, copy);
      const code = await codeOf(async () => {
        const file = await openHdf5(damaged);
        try {
          for (const dataset of file.contents().datasets) {
            file.attribute(dataset.path, "units");
            file.text(dataset.path);
            if ((dataset.shape ?? []).reduce((a, b) => a * b, 1) < 1e6) file.read(dataset.path);
          }
        } finally {
          file.close();
        }
      });
      expect(code).toMatch(/^(no error|hdf5-)/);
    }),
    { numRuns: 300 },
  );
  // and the library still works afterwards
  const file = await openHdf5(path);
  expect(file.read("gzip")).toEqual(counts);
  expect(file.read("bitshuffle")).toEqual(counts);
  file.close();
});
