/** HDF5 of every kind that is read: frames, patterns, sinograms, nDTomo volumes, scans of P07, results. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openHdf5 } from "../../src/files/hdf5.ts";
import { openHdf5Frames } from "../../src/files/hdf5-frames.ts";
import { loadHdf5Library } from "../../src/files/hdf5-library.ts";
import { openPatternStack } from "../../src/files/hdf5-pattern-stack.ts";
import { openPatternArray } from "../../src/files/hdf5-patterns.ts";
import { openSinogramArray } from "../../src/files/hdf5-sinograms.ts";
import { readNdtomoVolume, writeNdtomoVolume } from "../../src/files/ndtomo.ts";
import { readScanMetadata } from "../../src/files/nexus.ts";
import { openP07Scan } from "../../src/files/p07.ts";
import { writeDiffmap } from "../../src/files/pyfai-diffmap.ts";
import { openResult } from "../../src/files/result-reader.ts";
import { createResultWriter } from "../../src/files/result-writer.ts";
import { loadKernels } from "../../src/pipeline/load-kernels.ts";
import { h5py, hasH5py } from "../h5py.ts";
import { type FuzzTarget, measured, must, type Seed } from "./target.ts";

/** Small files, so that most bytes say something. The last two integers of a line are what a checksum holds. */
const SCRIPT = `
def new(name, **more):
    return h5py.File(args[0] + "/" + name, "w", **more)
counts = (np.arange(3 * 6 * 7, dtype="i4") * 37 % 1000).reshape(3, 6, 7)
guarded = {}
def frames(name, libver="earliest", **more):
    with new(name, libver=libver) as f:
        f.attrs["default"] = "entry"
        entry = f.create_group("entry"); entry.attrs["NX_class"] = "NXentry"; entry.attrs["default"] = "data"
        data = entry.create_group("data"); data.attrs["NX_class"] = "NXdata"; data.attrs["signal"] = "data"
        d = data.create_dataset("data", data=counts, **more)
        entry["title"] = "made up"
        entry.create_dataset("sample/rotation_angle", data=np.arange(3.0)).attrs["units"] = "deg"
        entry.create_dataset("instrument/monochromator/energy", data=71.0).attrs["units"] = "keV"
        entry.create_dataset("instrument/detector/pixel_mask", data=np.zeros((6, 7), "u4"))
        if more.get("fletcher32"):
            f.flush(); info = d.id.get_chunk_info(0); guarded[name] = [info.byte_offset, info.byte_offset + info.size]
frames("plain.h5"); frames("gzip.h5", chunks=(1, 6, 7), compression="gzip", shuffle=True)
frames("fletcher.h5", chunks=(3, 6, 7), fletcher32=True); frames("fletcher-gzip.h5", chunks=(3, 6, 7), compression="gzip", fletcher32=True)
frames("lzf.h5", chunks=(1, 6, 7), compression="lzf"); frames("latest.h5", libver="latest", chunks=(1, 6, 7), compression="gzip")
frames("unlimited.h5", libver="latest", chunks=(1, 6, 7), maxshape=(None, 6, 7)); frames("small-chunks.h5", chunks=(1, 2, 3))
with new("links.h5") as f:
    f["a/data"] = counts; f["a/b"] = f["a"]; f["soft"] = h5py.SoftLink("/a/data"); f["nowhere"] = h5py.SoftLink("/x/y")
    f["outside"] = h5py.ExternalLink("plain.h5", "/entry/data/data"); f["circle"] = h5py.SoftLink("/circle")
with new("kinds.h5") as f:
    f["texts"] = np.array(["a", "bb", "ccc"], dtype=h5py.string_dtype()); f["fixed"] = np.array([b"ab", b"c"])
    f["compound"] = np.zeros(3, [("a", "i4"), ("b", "f8")]); f["enum"] = np.array([True, False]); f["big"] = np.arange(6, dtype=">f4")
    f["ragged"] = np.array([np.arange(2), np.arange(3)], dtype=h5py.vlen_dtype("i4")); f["empty"] = h5py.Empty("f4"); f["scalar"] = 3
    f["int64"] = np.arange(5, dtype="u8"); f["half"] = np.arange(4, dtype="f2"); f.attrs["list"] = ["a", "b"]; f.attrs["numbers"] = np.arange(9)
layout = h5py.VirtualLayout((6, 6, 7), "i4")
for k in range(2): layout[3 * k:3 * k + 3] = h5py.VirtualSource("plain.h5", "entry/data/data", (3, 6, 7))
with new("virtual.h5", libver="latest") as f: f.create_virtual_dataset("entry/data/data", layout, fillvalue=0)
with new("eiger_master.h5") as f:
    for k in (1, 2): f["entry/data/data_%06d" % k] = h5py.ExternalLink("eiger_data_%06d.h5" % k, "/entry/data/data")
    f["entry/instrument/detector/detectorSpecific/nimages"] = 6; f["entry/instrument/detector/detectorSpecific/ntrigger"] = 1
for k in (1, 2):
    with new("eiger_data_%06d.h5" % k) as f: f["entry/data/data"] = counts
q = 1 + 0.1 * np.arange(8)
with new("patterns.h5") as f:
    f["data"] = np.random.RandomState(1).rand(4, 5, 8).astype("f4"); f["q"] = q; f["q"].attrs["units"] = "1/angstrom"
with new("stack.h5") as f:
    f["entry/azint/I"] = np.random.RandomState(1).rand(4, 8); f["entry/azint/q"] = q; f["entry/azint/q"].attrs["units"] = "1/angstrom"
with new("sinograms.h5") as f:
    f["d"] = np.random.RandomState(2).rand(3, 4, 2, 5); f["theta"] = np.arange(3.0); f["flat"] = np.ones((2, 2, 4)); f["dark"] = np.zeros((2, 4))
for k in (1, 2, 3):
    with new("cell_data_%06d.h5" % k) as f: f["data"] = np.random.RandomState(k).rand(6, 8).astype("f4"); f["q"] = q
print(json.dumps(guarded))
`;

const kernels = loadKernels();

interface Made {
  readonly path: string;
  readonly guarded: Readonly<Record<string, readonly [number, number]>>;
}
let making: Promise<Made> | undefined;

/** Made once: HDF5 files hold the time, and others would be other cases. */
function files(folder: string): Promise<Made> {
  making ??= make(join(folder, "hdf5"));
  return making;
}

async function make(path: string): Promise<Made> {
  const told = join(path, "guarded.json");
  if (!existsSync(told)) {
    mkdirSync(path, { recursive: true });
    await writeOurs(path);
    writeFileSync(told, hasH5py ? h5py(SCRIPT, path) : "{}");
  }
  return { path, guarded: JSON.parse(readFileSync(told, "utf8")) };
}

async function writeOurs(path: string): Promise<void> {
  const axis = { unit: "q", values: Float64Array.from({ length: 8 }, (_, i) => 1 + 0.1 * i) } as const;
  const data = Float32Array.from({ length: 4 * 5 * 8 }, (_, i) => (i * 7) % 31);
  await writeNdtomoVolume(join(path, "ndtomo.h5"), { ny: 4, nx: 5, axis, data, voxelMm: 0.1 });
  const [slow, fast] = [4, 5].map((count, i) => ({ name: "yx"[i]!, values: new Float64Array(count), unit: "mm" }));
  const patterns = (first: number, count = 1): Float32Array => data.slice(40 * first, 40 * (first + count));
  await writeDiffmap(
    join(path, "diffmap.h5"),
    { name: "made", shape: [4, 5], axis, hasErrors: true, read: patterns, readErrors: patterns, close: () => {} },
    {
      title: "made up",
      program: "xrdct",
      version: "0",
      date: "2026-11-23",
      slow: slow!,
      fast: fast!,
      wavelengthA: 0.17,
    },
  );
  await writeResult(join(path, "result.nxs"));
  await writePacked(join(path, "packed.h5"));
}

/** Frames by bitshuffle with LZ4: read without the library. */
async function writePacked(path: string): Promise<void> {
  const { File } = await loadHdf5Library();
  const file = new File(path, "w");
  const data = Uint16Array.from({ length: 3 * 42 }, (_, i) => (i * 37) % 1000);
  const packed = { chunks: [1, 6, 7], compression: 32008, compression_opts: [0, 2] };
  file.create_group("entry").create_dataset({ name: "data", data, shape: [3, 6, 7], ...packed });
  file.close();
}

/** A small result: a volume, a map and a note. */
export async function writeResult(path: string): Promise<void> {
  const data = Float32Array.from({ length: 4 * 5 * 8 }, (_, i) => (i * 7) % 31);
  const q = Float64Array.from({ length: 8 }, (_, i) => 1 + 0.1 * i);
  const writer = await createResultWriter(path, { program: "xrdct", version: "0", title: "made up" });
  const axes = [{ name: "y" }, { name: "x" }, { name: "q", values: q, unit: "1/angstrom" }];
  const options = { shape: [4, 5, 8], dtype: "float32", unit: "counts", longName: "intensity", axes } as const;
  writer.array("reconstruct/data", options).writeSlab([0, 0, 0], [4, 5, 8], data);
  const values = Float32Array.from({ length: 20 }, (_, i) => 4 + i / 100);
  const map = { name: "a", ny: 4, nx: 5, unit: "angstrom", values, esd: values, status: new Uint8Array(20) };
  writer.map("map/Cu/a", map);
  writer.note("map/model", "application/yaml", "phases: [Cu]\n");
  writer.finish();
}

async function seedsOf(folder: string, pattern: RegExp, more: readonly string[] = []): Promise<Seed[]> {
  const { path, guarded } = await files(folder);
  const own = readdirSync(path).filter((name) => pattern.test(name) && !name.endsWith(".json"));
  return [
    ...own.map((name) => ({
      name,
      bytes: new Uint8Array(readFileSync(join(path, name))),
      ...(guarded[name] && { guarded: guarded[name] }),
    })),
    ...measured(more),
  ];
}

/** A header may claim terabytes; of what is read no more than this is asked for at a time. */
const MOST_VALUES = 1e6;
const sized = (shape: readonly number[]): boolean => shape.reduce((a, b) => a * b, 1) <= MOST_VALUES;

/** What the file says about itself and all that is in it, bounded. */
async function everything(path: string): Promise<unknown> {
  const file = await openHdf5(path);
  try {
    const { groups, datasets, broken } = file.contents();
    const values = datasets.slice(0, 40).map((dataset) => {
      if (dataset.type === "string")
        return dataset.shape && sized(dataset.shape) ? file.texts(dataset.path) : undefined;
      if (dataset.type === "other" || !dataset.shape || !sized(dataset.shape)) return undefined;
      return orRefused(() => file.read(dataset.path));
    });
    const attributes = groups
      .slice(0, 20)
      .map((group) => ["default", "signal", "NX_class"].map((name) => file.attribute(group, name)));
    return [groups, datasets, broken, values, attributes, file.summary()];
  } finally {
    file.close();
  }
}

/** One dataset may be refused and the next one read. */
function orRefused<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    if ((error as Error).name !== "InputError") throw error;
    return (error as { code?: string }).code ?? "";
  }
}

async function framesOf(path: string): Promise<unknown> {
  const source = await openHdf5Frames(path);
  try {
    const { rows, cols, count } = source;
    must(Number.isSafeInteger(count) && count > 0, `${count} frames`);
    const frame = source.readFrame(count - 1);
    must(frame.data.length === rows * cols, `${frame.data.length} pixels of ${rows} x ${cols}`);
    const into = source.readInto && new Int32Array(rows * cols);
    if (into) for (let i = 0; i < Math.min(3, count); i++) source.readInto!(i, into, kernels);
    return [rows, cols, count, source.readFrame(0).data, frame.data, into];
  } finally {
    source.close();
  }
}

/** A target whose reader takes a path; files that it points at lie beside it. */
function byPath(
  name: string,
  seeds: FuzzTarget["seeds"],
  as: string,
  read: (path: string) => Promise<unknown>,
): FuzzTarget {
  return {
    name,
    kind: "bytes",
    seeds,
    async read(bytes, at) {
      const folder = join(at, name);
      if (!existsSync(folder)) {
        mkdirSync(folder, { recursive: true });
        const { path } = await making!;
        for (const other of ["plain.h5", "eiger_data_000001.h5"])
          if (existsSync(join(path, other))) copyFileSync(join(path, other), join(folder, other));
      }
      writeFileSync(join(folder, as), bytes);
      return read(join(folder, as));
    },
  };
}

const LAMBDA = [1, 2, 3].map((m) => `detector/lambda_nxs/testasapo1_1009_00002_m${m}_part00000.nxs`);
const REAL = ["xrdct/pyxrdct_id11/image2_sinogram.hdf5"];

export const HDF5_TARGETS: readonly FuzzTarget[] = [
  // what one dataset refuses does not end its reading: checksums are a matter of the next one
  byPath(
    "hdf5",
    async (kept) => (await seedsOf(kept, /./, REAL)).map(({ name, bytes }) => ({ name, bytes })),
    "any.h5",
    everything,
  ),
  byPath(
    "hdf5-frames",
    (kept) => seedsOf(kept, /plain|gzip|fletcher|lzf|latest|unlimited|small|links|virtual|eiger|packed/, REAL),
    "scan_master.h5",
    framesOf,
  ),
  byPath("hdf5-lambda", (kept) => seedsOf(kept, /never/, LAMBDA), "x_m1_part00000.nxs", framesOf),
  byPath("hdf5-metadata", (kept) => seedsOf(kept, /plain|latest|links|kinds/), "scan.h5", readScanMetadata),
  byPath(
    "hdf5-patterns",
    (kept) => seedsOf(kept, /patterns|ndtomo|result/),
    "patterns.h5",
    async (path) => {
      const array = await openPatternArray(path);
      const rows = Math.min(2, array.shape[0]);
      const values = array.read(0, rows);
      must(values.length === rows * array.shape[1] * array.axis.values.length, "a block of another size");
      array.close();
      return [array.shape, array.axis, values];
    },
  ),
  byPath("hdf5-packed", (kept) => seedsOf(kept, /packed/), "packed.h5", framesOf),
  byPath(
    "hdf5-diffmap",
    (kept) => seedsOf(kept, /diffmap/),
    "diffmap.h5",
    async (path) => {
      const map = await openPatternArray(path);
      try {
        const rows = Math.min(2, map.shape[0]);
        const [values, errors] = [map.read(0, rows), map.readErrors(0, rows)];
        must(values.length === rows * map.shape[1] * map.axis.values.length, "a block of another size");
        must(!errors || errors.length === values.length, "uncertainties of another size");
        must(map.wavelengthA === undefined || map.wavelengthA > 0, "a wavelength that is none");
        return [map.shape, map.axis, map.wavelengthA, values, errors];
      } finally {
        map.close();
      }
    },
  ),
  byPath(
    "hdf5-stack",
    (kept) => seedsOf(kept, /stack|patterns/),
    "stack.h5",
    async (path) => {
      const stack = await openPatternStack(path);
      const last = stack.read(stack.count - 1);
      stack.close();
      return [stack.count, stack.axis, last];
    },
  ),
  byPath(
    "hdf5-sinograms",
    (kept) => seedsOf(kept, /sinograms/),
    "sinograms.h5",
    async (path) => {
      const layout = ["angle", "translation", "slice", "bin"] as const;
      const array = await openSinogramArray(path, { dataset: "d", layout, omega: "theta", flat: "flat", dark: "dark" });
      const values = array.read(0);
      array.close();
      return [array.angles, array.translations, array.omegaDeg, values];
    },
  ),
  byPath(
    "hdf5-ndtomo",
    (kept) => seedsOf(kept, /ndtomo|patterns/),
    "volume.h5",
    async (path) => readNdtomoVolume(path, { voxelMm: 0.1 }),
  ),
  byPath(
    "hdf5-p07",
    (kept) => seedsOf(kept, /cell_data/),
    "cell_data_000002.h5",
    async (path) => {
      const scan = await openP07Scan(path.replace("000002", "*"));
      const line = await scan.readLine(0);
      must(line.length === scan.translations * scan.axis.values.length, "a line of another length");
      return [scan.translations, scan.axis, scan.missing.length, line];
    },
  ),
  byPath(
    "result",
    (kept) => seedsOf(kept, /result/),
    "result.nxs",
    async (path) => {
      const result = await openResult(path);
      try {
        return result
          .list()
          .map(({ name, shape }) => [
            name,
            shape,
            orRefused(() => (sized(shape) ? result.readArray(name) : undefined)),
            orRefused(() => (shape.length === 2 && sized(shape) ? result.readMap(name) : undefined)),
            orRefused(() => result.axes(name).map(({ values }) => values.length)),
            result.processes().length,
            result.readNote("map/model"),
            result.instrument(),
          ]);
      } finally {
        result.close();
      }
    },
  ),
];
