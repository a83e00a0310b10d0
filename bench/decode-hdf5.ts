/**
 * Bitshuffle-LZ4 frames in HDF5 (EIGER and others) from disk to pixels, in one run: our kernel, the HDF5 library's plugin
 * as it read them before, and h5py. CPU milliseconds a frame, minimum of the repeats, files in the page cache. The same
 * counts, up to what the type holds, of 32, 16 and 8 bits.
 *
 * Needs gen_frames.py's bitshuffle-LZ4 file, and h5py with hdf5-filter-plugin for /usr/bin/python3; where that is missing
 * the peer is left out.
 */
import { execFileSync } from "node:child_process";
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { openHdf5Frames } from "../src/files/hdf5-frames.ts";
import { loadHdf5Library } from "../src/files/hdf5-library.ts";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { benchData, benchFolder, report, round, time } from "./common.ts";

const REPEATS = 15;
/** What one core can read and write: ../shared/bench/README.md. */
const BYTES_PER_MS = 22e6;
const TYPES = { uint32: Uint32Array, uint16: Uint16Array, uint8: Uint8Array } as const;
const H5PY = `
import os, sys, time
os.environ.setdefault("HDF5_PLUGIN_PATH", "/usr/lib/x86_64-linux-gnu/hdf5/serial/plugins")
import h5py, numpy
data = h5py.File(sys.argv[1])["entry/data/data"]
frame = numpy.empty(data.shape[1:], data.dtype)
def once():
    for i in range(len(data)): data.read_direct(frame, numpy.s_[i])
def cpu():
    start = time.process_time(); once(); return time.process_time() - start
once()
print(min(cpu() for _ in range(int(sys.argv[2]))) / len(data) * 1e3)`;

const given = benchData("frames_bslz4.h5");
if (!existsSync(given))
  throw new Error(`${given} is missing: run /usr/bin/python3 ../shared/bench/gen_frames.py first`);
for (const type of ["uint32", "uint16", "uint8"] as const) {
  const path = type === "uint32" ? given : await narrower(type);
  await bench(type, path);
  if (path !== given) rmSync(path);
}

async function narrower(type: keyof typeof TYPES): Promise<string> {
  const library = await loadHdf5Library();
  const source = await openHdf5Frames(given);
  const [Type, pixels] = [TYPES[type], source.rows * source.cols];
  const data = new Type(source.count * pixels);
  const most = 2 ** (8 * Type.BYTES_PER_ELEMENT) - 1;
  for (let i = 0; i < source.count; i++) {
    data.set(
      source.readFrame(i).data.map((count) => Math.min(count, most)),
      i * pixels,
    );
  }
  source.close();
  const path = join(benchFolder, `decode-${type}.h5`);
  const file = new library.File(path, "w");
  file.create_group("entry");
  const shape = [source.count, source.rows, source.cols];
  file.create_group("entry/data").create_dataset({
    ...{ name: "data", data, shape, chunks: [1, source.rows, source.cols] },
    ...{ compression: 32008, compression_opts: [0, 2] },
  });
  file.close();
  return path;
}

async function bench(type: keyof typeof TYPES, path: string): Promise<void> {
  const source = await openHdf5Frames(path);
  const kernels = loadKernels();
  const out = kernels.arena.i32(source.rows * source.cols);
  const best = async (read: (index: number) => unknown): Promise<number> => {
    const timing = await time(() => {
      for (let i = 0; i < source.count; i++) read(i);
    }, REPEATS);
    return Math.min(...timing.cpuMs) / source.count;
  };
  const ours = await best((i) => source.readInto!(i, out, kernels));
  const library = await best((i) => source.readFrame(i));
  const h5py = byH5py(path);
  const bytesRead = statSync(path).size / source.count;
  // the chunk in; the pixels out, those of narrower types twice and in again
  const wide = 4 * out.length;
  const narrow = TYPES[type].BYTES_PER_ELEMENT * out.length;
  const moved = bytesRead + wide + (type === "uint32" ? 0 : 2 * narrow);
  report({
    ...{ bench: "decode-hdf5", type, frames: source.count, MB_of_a_chunk: round(bytesRead / 1e6) },
    ...{ ours_ms: round(ours), library_ms: round(library), library_ratio: round(library / ours) },
    ...(h5py && { h5py_ms: round(h5py), h5py_ratio: round(h5py / ours) }),
    memory_limit_share: round(moved / BYTES_PER_MS / ours),
  });
  source.close();
}

function byH5py(path: string): number | undefined {
  try {
    return Number(execFileSync("/usr/bin/python3", ["-c", H5PY, path, String(REPEATS)], { encoding: "utf8" }));
  } catch (error) {
    console.error(`no h5py to compare with: ${(error as Error).message.split("\n")[0]}`);
    return undefined;
  }
}
