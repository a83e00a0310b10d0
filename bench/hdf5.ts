/**
 * HDF5 against h5py in the same run: a result volume of 549 x 549 x 1500 float32 (1.8 GB) streamed to disk and read
 * back by rows and by bins, and detector frames of gen_frames.py decoded. CPU time; memory of the library's heap.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { openHdf5Frames } from "../src/files/hdf5-frames.ts";
import { loadHdf5Library } from "../src/files/hdf5-library.ts";
import { openResult } from "../src/files/result-reader.ts";
import { createResultWriter } from "../src/files/result-writer.ts";
import { benchData, benchFolder, report } from "./common.ts";

const PYTHON = process.env["XRDCT_PYTHON"] ?? "/usr/bin/python3";
const [ny, nx, bins, width] = [549, 549, 1500, 60];
const megabytes = (ny * nx * bins * 4) / 1e6;
mkdirSync(benchFolder, { recursive: true });
const path = join(benchFolder, "hdf5-bench.nxs");

interface Used {
  readonly cpuS: number;
  readonly wallS: number;
}
async function measure(work: () => void | Promise<void>): Promise<Used> {
  const [cpu, wall] = [process.cpuUsage(), process.hrtime.bigint()];
  await work();
  const used = process.cpuUsage(cpu);
  return { cpuS: (used.user + used.system) / 1e6, wallS: Number(process.hrtime.bigint() - wall) / 1e9 };
}

function peer(script: string): Used {
  const head = `import sys, json, time, resource, h5py, numpy as np
c, w = time.process_time(), time.perf_counter()
`;
  const tail = `
print(json.dumps(dict(cpuS=time.process_time() - c, wallS=time.perf_counter() - w)))`;
  return JSON.parse(execFileSync(PYTHON, ["-c", head + script + tail, path], { encoding: "utf8" })) as Used;
}

function line(work: string, ours: Used, theirs: Used, volume: number): void {
  report({
    work,
    "MB per CPU s": Math.round(volume / ours.cpuS),
    "h5py MB per CPU s": Math.round(volume / theirs.cpuS),
    "MB per s": Math.round(volume / ours.wallS),
    "h5py MB per s": Math.round(volume / theirs.wallS),
    "CPU time over h5py's": Number((ours.cpuS / theirs.cpuS).toFixed(2)),
  });
}

const library = await loadHdf5Library();
const before = process.memoryUsage().rss;
const slab = Float32Array.from({ length: ny * nx * width }, (_, i) => (i * 0.618) % 1);
const chunk = [16, nx, width];
const theirWrite = peer(`
slab = ((np.arange(${ny * nx * width}) * 0.618) % 1).astype("f4").reshape(${ny}, ${nx}, ${width})
c, w = time.process_time(), time.perf_counter()
with h5py.File(sys.argv[1], "w") as f:
    d = f.create_dataset("d", (${ny}, ${nx}, ${bins}), "f4", chunks=(${chunk.join()}))
    for k in range(0, ${bins}, ${width}): d[:, :, k:k + ${width}] = slab
    f.flush()
import os
fd = os.open(sys.argv[1], os.O_RDONLY); os.fsync(fd)`);
const theirRows = peer(`
with h5py.File(sys.argv[1]) as f:
    for y in range(0, 128, 16): f["d"][y:y + 16]`);
const theirBins = peer(`
with h5py.File(sys.argv[1]) as f:
    for k in range(0, 240, ${width}): f["d"][:, :, k:k + ${width}]`);
rmSync(path);

const ourWrite = await measure(async () => {
  const writer = await createResultWriter(path, { program: "xrdct", version: "bench", title: "bench" });
  const axes = [{ name: "y" }, { name: "x" }, { name: "q" }];
  const shape = [ny, nx, bins];
  const array = writer.array("reconstruct/data", { shape, dtype: "float32", unit: "", longName: "d", axes, chunk });
  for (let from = 0; from < bins; from += width) array.writeSlab([0, 0, from], [ny, nx, width], slab);
  writer.finish();
});
line("write 1.8 GB in blocks of bins, with fsync", ourWrite, theirWrite, megabytes);
const result = await openResult(path);
const ourRows = await measure(() => {
  for (let y = 0; y < 128; y += 16) result.readArray("reconstruct/data", [y, 0, 0], [16, nx, bins]);
});
line("read 128 rows", ourRows, theirRows, (megabytes * 128) / ny);
const ourBins = await measure(() => {
  for (let k = 0; k < 240; k += width) result.readArray("reconstruct/data", [0, 0, k], [ny, nx, width]);
});
line("read 240 bins", ourBins, theirBins, (megabytes * 240) / bins);
result.close();
report({
  work: "memory of the above",
  "HDF5 heap MB": Math.round(library.module.HEAPU8.length / 1e6),
  "process MB over the start": Math.round((process.memoryUsage().rss - before) / 1e6),
  "of which the bench's slab MB": Math.round(slab.byteLength / 1e6),
  "file MB": Math.round(statSync(path).size / 1e6),
});
rmSync(path);

for (const name of ["frames_bslz4.h5", "frames_raw.h5"]) {
  const frames = benchData(name);
  if (!existsSync(frames)) {
    console.error(`${frames} is missing: run ${PYTHON} ../shared/bench/gen_frames.py first`);
    continue;
  }
  const source = await openHdf5Frames(frames);
  const read = () => {
    for (let i = 0; i < source.count; i++) source.readFrame(i);
  };
  read();
  const ours = await measure(read);
  const dataset = source.name.slice(source.name.lastIndexOf(":") + 1);
  const theirs = peer(`
with h5py.File("${frames}") as f:
    d = f["${dataset}"]
    for k in range(len(d)): d[k]
    c, w = time.process_time(), time.perf_counter()
    for k in range(len(d)): d[k]`);
  const volume = (source.count * source.readFrame(0).data.byteLength) / 1e6;
  line(`read ${source.count} frames of ${name}`, ours, theirs, volume);
  report({ work: `${name}: one frame`, "CPU ms": Number(((ours.cpuS * 1e3) / source.count).toFixed(1)) });
  source.close();
}
