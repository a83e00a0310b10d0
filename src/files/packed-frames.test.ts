import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { h5py, hasH5py } from "../../tests/h5py.ts";
import { hasShared, shared } from "../../tests/shared.ts";
import { tempFolder } from "../../tests/temp-folder.ts";
import { InputError } from "../data/index.ts";
import { loadKernels } from "../pipeline/load-kernels.ts";
import { openHdf5 } from "./hdf5.ts";
import { type Hdf5FrameSource, openHdf5Frames } from "./hdf5-frames.ts";
import { type H5File, loadHdf5Library } from "./hdf5-library.ts";

const folder = tempFolder();
const [ROWS, COLS] = [13, 41];
const PIXELS = ROWS * COLS;
const library = await loadHdf5Library();
const TYPES = { Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array } as const;
type Counts = InstanceType<(typeof TYPES)[keyof typeof TYPES]>;

/** Frames by the library's own compressor; the first pixel of each has all bits set. */
function write(name: string, data: Counts, shape: readonly number[], filter: object = {}): string {
  const path = join(folder, name);
  const file = new library.File(path, "w");
  addFrames(file, data, shape, filter);
  file.close();
  return path;
}

function addFrames(file: H5File, data: Counts, shape: readonly number[], filter: object): void {
  file.create_group("entry");
  file.create_group("entry/data").create_dataset({
    ...{ name: "data", data, shape: [...shape], chunks: [...shape.slice(2).map(() => 1), ROWS, COLS] },
    ...{ compression: 32008, compression_opts: [0, 2] },
    ...filter,
  });
}

const countsOf = (Type: (typeof TYPES)[keyof typeof TYPES], frames: number): Counts =>
  new Type(frames * PIXELS).map((_, i) => (i % PIXELS === 0 ? -1 : (i * i * 31) % (i % 97 === 0 ? 70_001 : 23)));

/** The frames by readInto, and how many of them the kernel decoded. */
function readAll(source: Hdf5FrameSource): { frames: number[][]; decoded: number } {
  const kernels = loadKernels();
  let decoded = 0;
  const run = {
    ...kernels.run,
    decodeBitshuffleLz4: (...given: Parameters<typeof kernels.run.decodeBitshuffleLz4>) => {
      decoded++;
      return kernels.run.decodeBitshuffleLz4(...given);
    },
  };
  const out = kernels.arena.i32(source.rows * source.cols);
  const free = kernels.arena.free;
  const frames = Array.from({ length: source.count }, (_, i) => {
    source.readInto!(i, out, { ...kernels, run });
    return [...out];
  });
  expect(kernels.arena.free).toBe(free);
  return { frames, decoded };
}

const frameOf = (counts: Counts, i: number): number[] =>
  Array.from(counts.subarray(i * PIXELS, (i + 1) * PIXELS), (count, at) => (at === 0 ? -1 : count));

describe("frames that bitshuffle-LZ4 packed, decoded without the HDF5 library", () => {
  it.each(Object.entries(TYPES))("%s", async (name, Type) => {
    const counts = countsOf(Type, 6);
    const source = await openHdf5Frames(write(`${name}.h5`, counts, [2, 3, ROWS, COLS]));
    const { frames, decoded } = readAll(source);
    expect(frames).toEqual([0, 1, 2, 3, 4, 5].map((i) => frameOf(counts, i)));
    // the first one for the comparison
    expect(decoded).toBe(6);
    source.close();
  });

  it("in the data files of an EIGER master", async () => {
    const counts = countsOf(Uint32Array, 5);
    write("run_data_000001.h5", counts.subarray(0, 3 * PIXELS), [3, ROWS, COLS]);
    write("run_data_000002.h5", counts.subarray(3 * PIXELS), [2, ROWS, COLS]);
    const path = join(folder, "run_master.h5");
    const master = new library.File(path, "w");
    master.create_group("entry");
    const data = master.create_group("entry/data");
    for (const i of [1, 2]) data.create_external_link(`run_data_00000${i}.h5`, "/entry/data/data", `data_00000${i}`);
    master.close();
    const source = await openHdf5Frames(path);
    const { frames, decoded } = readAll(source);
    expect(frames).toEqual([0, 1, 2, 3, 4].map((i) => frameOf(counts, i)));
    expect(decoded).toBe(5);
    source.close();
  });

  it.each([
    ["gzip", { compression: 1, compression_opts: [4] }, [4, ROWS, COLS]],
    ["bitshuffle with Zstandard", { compression_opts: [0, 3] }, [4, ROWS, COLS]],
    ["bitshuffle alone", { compression_opts: [0, 0] }, [4, ROWS, COLS]],
    ["two frames a chunk", { chunks: [2, ROWS, COLS] }, [4, ROWS, COLS]],
    ["half a frame a chunk", { chunks: [1, 7, COLS] }, [4, ROWS, COLS]],
  ])("leaves %s to the library", async (name, filter, shape) => {
    const counts = countsOf(Uint16Array, 4);
    const source = await openHdf5Frames(write(`${name}.h5`, counts, shape, filter));
    const { frames, decoded } = readAll(source);
    expect(frames).toEqual([0, 1, 2, 3].map((i) => frameOf(counts, i)));
    expect(decoded).toBe(0);
    source.close();
  });

  it.skipIf(!hasH5py)("leaves frames that were never written to the library (needs python3-h5py)", async () => {
    const path = write("sparse.h5", countsOf(Int32Array, 3), [3, ROWS, COLS], { maxshape: [null, ROWS, COLS] });
    h5py(`with h5py.File(args[0], "r+") as f: f["entry/data/data"].resize(5, axis=0)`, path);
    const source = await openHdf5Frames(path);
    const { frames, decoded } = readAll(source);
    expect(decoded).toBe(3);
    expect(frames[4]).toEqual(new Array(PIXELS).fill(0));
    source.close();
  });

  it.skipIf(!hasShared)("as the library does, in measured frames (needs ../shared)", async () => {
    for (const name of [
      "danmax_pilatus_cdte2m_35keV/scan-0002_pilatus.h5",
      "balder_eiger_bslz4/eiger-6587_data_000002.h5",
    ]) {
      const source = await openHdf5Frames(shared(`data/detector/${name}`));
      const kernels = loadKernels();
      const out = kernels.arena.i32(source.rows * source.cols);
      for (const i of [0, source.count - 1]) {
        source.readInto!(i, out.fill(0), kernels);
        const want = source.readFrame(i).data;
        expect(out.every((count, at) => count === (want[at]! | 0))).toBe(true);
      }
      source.close();
    }
  });
});

describe("damage", () => {
  /** size, filters left out, four offsets; the child's address */
  const KEY_BYTES = 8 + 4 * 8 + 8;
  const counts = countsOf(Uint32Array, 4);
  const whole = readFileSync(write("whole.h5", counts, [4, ROWS, COLS]));
  const damagedCopy = (name: string, change: (bytes: Buffer) => void): string => {
    const bytes = Buffer.from(whole);
    change(bytes);
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };

  it("names file, dataset, frame and place, and leaves the other frames readable", async () => {
    const place = await openHdf5(join(folder, "whole.h5"));
    const { table } = place.storedChunks("entry/data/data")!;
    place.close();
    // the length of the first block
    const path = damagedCopy("length.h5", (bytes) => bytes.writeUInt32BE(3, table.addresses[2]! + 12));
    const source = await openHdf5Frames(path);
    const kernels = loadKernels();
    const out = kernels.arena.i32(PIXELS);
    for (const i of [0, 1, 3]) {
      source.readInto!(i, out, kernels);
      expect([...out]).toEqual(frameOf(counts, i));
    }
    expect(() => source.readInto!(2, out, kernels)).toThrow(
      expect.objectContaining({
        code: "hdf5-data-unreadable",
        message: expect.stringMatching(
          /length\.h5: entry\/data\/data cannot be read at frame 2: its chunk at byte \d+ is damaged behind the first 0 of 533 pixels/,
        ),
      }),
    );
    source.close();
  });

  it("says that a chunk ends with the file, where it was cut off while it was open", async () => {
    const path = damagedCopy("cut.h5", () => {});
    const source = await openHdf5Frames(path);
    const kernels = loadKernels();
    const out = kernels.arena.i32(PIXELS);
    source.readInto!(0, out, kernels);
    truncateSync(path, 2500);
    expect(() => source.readInto!(3, out, kernels)).toThrow(/frame 3: its chunk at byte \d+ is to be \d+ bytes long/);
    source.close();
  });

  /** where the chunks lie, in bytes */
  let chunks: (readonly [from: number, to: number])[] = [];
  beforeAll(async () => {
    const file = await openHdf5(join(folder, "whole.h5"));
    const { addresses, sizes } = file.storedChunks("entry/data/data")!.table;
    file.close();
    chunks = [...addresses].map((at, i) => [at, at + sizes[i]!]);
  });
  /** In a chunk, or in its size in the B-tree: what leads the library's plugin astray, and ends in its own memory. */
  const isOfChunk = (at: number, i: number): boolean => {
    const [from, to] = chunks[i]!;
    const size = whole.indexOf("TREE") + 24 + i * KEY_BYTES;
    return (at >= from && at < to) || (at >= size && at < size + 4);
  };
  const isPacked = (at: number): boolean => chunks.some((_, i) => isOfChunk(at, i));
  const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
  const damagedBy = (changes: readonly (readonly [number, number])[]): string =>
    damagedCopy("any.h5", (bytes) => {
      for (const [at, value] of changes) bytes[at] = value;
    });

  it("gives the library's counts or a message, whatever says where they lie is damaged", async () => {
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const path = damagedBy(changes.filter(([at]) => !isPacked(at)));
        const library = await byTheLibrary(path);
        const ours = await byTheKernel(path);
        ours.forEach((frame, i) => {
          // the kernel is stricter: what the library takes, it may refuse, and never takes for something else
          if (frame !== "message") expect(frame).toEqual(library[i]);
        });
      }),
      { numRuns: 60 },
    );
  });

  // not held against the library: what unpacks chunks there may write over its own memory
  it("gives counts or a message, whatever is damaged in the chunks, and whole frames only as they were", async () => {
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const inChunks = changes.filter(([at]) => isPacked(at));
        const ours = await byTheKernel(damagedBy(inChunks));
        ours.forEach((frame, i) => {
          const isWhole = !inChunks.some(([at]) => isOfChunk(at, i));
          // a message too: opening looks at some frames by the library, whose memory may be damaged since
          if (isWhole && frame !== "message") expect(frame).toEqual(frameOf(counts, i));
        });
      }),
      { numRuns: 60 },
    );
  });

  async function eachFrame(path: string, read: (source: Hdf5FrameSource, i: number) => number[]) {
    try {
      const source = await openHdf5Frames(path);
      const found = Array.from({ length: Math.min(source.count, 4) }, (_, i) => message(() => read(source, i)));
      source.close();
      return found;
    } catch (error) {
      if (error instanceof InputError) return [];
      throw error;
    }
  }
  const message = (work: () => number[]): number[] | "message" => {
    try {
      return work();
    } catch (error) {
      if (error instanceof InputError) return "message";
      throw error;
    }
  };
  const kernels = loadKernels();
  const byTheLibrary = (path: string) =>
    eachFrame(path, (source, i) => Array.from(source.readFrame(i).data, (v) => v | 0));
  const byTheKernel = (path: string) => {
    const mark = kernels.arena.mark();
    try {
      return eachFrame(path, (source, i) => {
        if (source.rows * source.cols > 1e6) return [...source.readFrame(i).data];
        const out = kernels.arena.i32(source.rows * source.cols);
        source.readInto!(i, out, kernels);
        return [...out];
      });
    } finally {
      kernels.arena.release(mark);
    }
  };
});
