/**
 * CBF frames from disk to pixels, ours against fabio, in one run: the whole file (read, header, checksum, decode) and
 * the byte-offset kernel alone. CPU milliseconds a frame, minimum of the repeats, files in the page cache.
 *
 * Needs ../shared (the measured frame), gen_frames.py's CBF files, and fabio for /usr/bin/python3; what is missing is
 * left out.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeCbf } from "../src/files/cbf.ts";
import { openFrames } from "../src/files/frames.ts";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { sharedFolder } from "../tests/shared.ts";
import { benchData, report, time } from "./common.ts";

const REPEATS = 15;
const FABIO = `
import json, re, sys, time
import fabio
from fabio.ext import byte_offset
files, repeats = sys.argv[2:], int(sys.argv[1])
def best(work):
    work()
    return min((lambda t: (work(), time.process_time() - t)[1])(time.process_time()) for _ in range(repeats)) / len(files) * 1e3
blocks = []
for path in files:
    raw = open(path, "rb").read()
    start = raw.index(b"\\x0c\\x1a\\x04\\xd5") + 4
    size = int(re.search(rb"X-Binary-Size:\\s*(\\d+)", raw).group(1))
    blocks.append((raw[start:start + size], int(re.search(rb"X-Binary-Number-of-Elements:\\s*(\\d+)", raw).group(1))))
kernels = [getattr(byte_offset, name) for name in ("dec_cbf32", "dec_cbf") if hasattr(byte_offset, name)]
print(json.dumps({
    "file": best(lambda: [fabio.open(f).data for f in files]),
    "kernel": min(best(lambda: [k(b, n) for b, n in blocks]) for k in kernels),
}))`;

const generated = existsSync(benchData("cbf"))
  ? readdirSync(benchData("cbf"))
      .filter((name) => name.endsWith(".cbf"))
      .slice(0, 8)
      .map((name) => join(benchData("cbf"), name))
  : [];
const measured = `${sharedFolder}/data/detector/ndtomo_ceo2_71keV/CeO2.cbf`;
await bench("synthetic, 8 frames", generated);
await bench("measured CeO2", existsSync(measured) ? [measured] : []);

async function bench(input: string, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return console.error(`${input}: its files are missing; see the head of bench/decode-cbf.ts`);
  const kernels = loadKernels();
  const verified = await openFrames(paths);
  const unverified = await openFrames(paths, { verify: false });
  const out = kernels.arena.i32(verified.rows * verified.cols);
  const best = async (work: () => void): Promise<number> =>
    Math.min(...(await time(work, REPEATS)).cpuMs) / paths.length;
  const into = (source: typeof verified) => () => {
    for (let i = 0; i < source.count; i++) source.readInto!(i, out, kernels);
  };
  const file = await best(into(unverified));
  const fileVerified = await best(into(verified));
  const heapMb = heapOfFrames(320, into(verified), verified.count);
  const frame = await best(() => {
    for (const path of paths) decodeCbf(readFileSync(path), path, { kernels });
  });
  const kernel = await timeKernel(paths);
  const peer = fabio(paths);
  report({
    bench: "decode-cbf",
    input,
    frames: paths.length,
    kernel_ms: round(kernel),
    file_ms: round(file),
    file_verified_ms: round(fileVerified),
    new_frame_verified_ms: round(frame),
    heap_MB_of_320_frames: round(heapMb),
    ...(peer && {
      fabio_kernel_ms: round(peer.kernel),
      fabio_file_ms: round(peer.file),
      kernel_ratio: round(peer.kernel / kernel),
      file_ratio: round(peer.file / file),
      file_verified_ratio: round(peer.file / fileVerified),
    }),
    ...limits(paths, kernel),
  });
}

/** Growth of what the process holds outside the arena, JavaScript heap and buffers, over a scan of so many frames. */
function heapOfFrames(frames: number, readAll: () => void, count: number): number {
  const held = (): number => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  const before = held();
  for (let done = 0; done < frames; done += count) readAll();
  return (held() - before) / 1e6;
}

async function timeKernel(paths: readonly string[]): Promise<number> {
  const kernels = loadKernels();
  const blocks = paths.map((path) => {
    const bytes = readFileSync(path);
    const text = bytes.toString("latin1", 0, 8192);
    const start = bytes.indexOf(Buffer.of(0x0c, 0x1a, 0x04, 0xd5)) + 4;
    const size = Number(/X-Binary-Size:\s*(\d+)/.exec(text)![1]);
    const source = kernels.arena.u8(size);
    source.set(bytes.subarray(start, start + size));
    return { source, size, n: Number(/X-Binary-Number-of-Elements:\s*(\d+)/.exec(text)![1]) };
  });
  const out = kernels.arena.i32(Math.max(...blocks.map((block) => block.n)));
  const timing = await time(() => {
    for (const { source, size, n } of blocks) kernels.run.decodeByteOffset(source, size, out, n);
  }, REPEATS);
  return Math.min(...timing.cpuMs) / paths.length;
}

/** Share of what one core can read and write: 22 GB/s (../shared/bench/README.md), block in and pixels out. */
function limits(paths: readonly string[], kernelMs: number): { memory_limit_share: number } {
  const bytes = paths.reduce((sum, path) => sum + readFileSync(path).length, 0) / paths.length + 1679 * 1475 * 4;
  return { memory_limit_share: round(bytes / 22e6 / kernelMs) };
}

function fabio(paths: readonly string[]): { file: number; kernel: number } | undefined {
  try {
    const text = execFileSync("/usr/bin/python3", ["-c", FABIO, String(REPEATS), ...paths], { encoding: "utf8" });
    return JSON.parse(text) as { file: number; kernel: number };
  } catch (error) {
    console.error(`no fabio to compare with: ${(error as Error).message.split("\n")[0]}`);
    return undefined;
  }
}

function round(x: number): number {
  return Math.round(x * 100) / 100;
}
