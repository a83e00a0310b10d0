/** The program itself: which build, whether it is whole, its kernels, threads and HDF5. */
import { Worker } from "node:worker_threads";
import { version } from "../../data/version.ts";
import { buildRecord, describeBuild, type Verification, verifyInstallation } from "../../files/build-record.ts";
import { tryHdf5Filters } from "../../files/hdf5-filters.ts";
import { createKernelMemory, type Kernels } from "../../kernels/index.ts";
import { accumulate } from "../../kernels/reference/index.ts";
import { fastestBuild, loadKernels } from "../load-kernels.ts";
import { type Finding, good, judge } from "./finding.ts";

export async function examineProgram(folder: string): Promise<Finding[]> {
  const build = fastestBuild();
  return [
    good("xrdct", `${version}, build ${describeBuild(buildRecord())}`),
    good("node", `${process.version}, ${process.platform} ${process.arch}`),
    judge(
      "kernels",
      build === "relaxed-simd" ? "SIMD, relaxed (fused multiply-add)" : "SIMD",
      build === "relaxed-simd",
      "slow",
      "This Node.js has no relaxed SIMD, with which kernels are up to a third faster: take Node.js 20.19 or later, on x86-64 or ARM64",
    ),
    sharedMemory(),
    speed(loadKernels()),
    await threads(),
    await hdf5(folder),
  ];
}

function sharedMemory(): Finding {
  try {
    const { buffer } = createKernelMemory();
    return judge(
      "shared memory",
      "up to 4 GB between threads",
      buffer instanceof SharedArrayBuffer,
      "bad",
      "This is no Node.js of the usual kind",
    );
  } catch (error) {
    return judge(
      "shared memory",
      (error as Error).message,
      false,
      "bad",
      "Addresses are limited (ulimit -v): the kernels set aside 4 GB of them. Take the limit away",
    );
  }
}

function speed({ arena, run }: Kernels): Finding {
  const n = 4096;
  const mark = arena.mark();
  const [out, row] = [arena.f32(n), arena.f32(n)];
  accumulate(new Float32Array(n), row, 0.5, n);
  let best = 0;
  for (let round = 0; round < 5; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < 2000; i++) run.accumulate(out, row, 0.5, n);
    best = Math.max(best, (2 * n * 2000) / Number(process.hrtime.bigint() - start));
  }
  arena.release(mark);
  return judge(
    "speed",
    `${best.toFixed(1)} GFlop/s float32 a thread, in cache`,
    best > 2,
    "slow",
    "Something else is running, or this is an emulator",
  );
}

/** Until a thread has its kernels. */
async function threads(): Promise<Finding> {
  const loader = new URL(
    import.meta.url.includes("/src/") ? "../../../dist/pipeline/load-kernels.js" : "../load-kernels.js",
    import.meta.url,
  );
  const code = `import(${JSON.stringify(loader.href)}).then(({ loadKernels }) => { loadKernels(); require("node:worker_threads").parentPort.postMessage(0); })`;
  const start = process.hrtime.bigint();
  const worker = new Worker(code, { eval: true });
  try {
    await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  } catch (error) {
    return judge(
      "threads",
      (error as Error).message,
      false,
      "bad",
      "Threads do not start: is the number of processes limited (ulimit -u)?",
    );
  } finally {
    await worker.terminate();
  }
  const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
  return judge(
    "threads",
    `one starts in ${milliseconds.toFixed(0)} ms`,
    milliseconds < 1000,
    "slow",
    "The program lies on a slow disk or the machine is busy: install it on a local disk",
  );
}

async function hdf5(folder: string): Promise<Finding> {
  try {
    const { working, failing } = await tryHdf5Filters(folder);
    return judge(
      "hdf5",
      `reads and writes ${working.join(", ")}${failing.length > 0 ? `; not ${failing.join(", ")}` : ""}`,
      failing.length === 0,
      "bad",
      "Files compressed that way cannot be read: install xrdct again, if the folder takes files",
    );
  } catch (error) {
    return judge(
      "hdf5",
      (error as Error).message,
      false,
      "bad",
      "Mend what is said of the folder below; if nothing is, install xrdct again",
    );
  }
}

/** @returns also the record's own numbers, for --json */
export function examineInstallation(): { readonly findings: Finding[]; readonly verified: Verification | undefined } {
  const record = buildRecord();
  if (!record)
    return {
      findings: [
        judge(
          "installed",
          "there is no record of the build (dist/provenance.json)",
          false,
          "bad",
          "Install xrdct again, or npm run build in a checkout",
        ),
      ],
      verified: undefined,
    };
  const verified = verifyInstallation(record);
  const { files, packages, differences } = verified;
  if (differences.length === 0)
    return {
      findings: [
        good(
          "installed",
          `${files} files and ${packages} packages as they were built${record.isClean === false ? ", from a changed tree" : ""}`,
        ),
      ],
      verified,
    };
  const shown = differences.slice(0, MOST_SHOWN);
  const more = differences.length - shown.length;
  return {
    findings: [
      judge(
        "installed",
        `${shown.join("; ")}${more > 0 ? `; and ${more} more` : ""}`,
        false,
        "bad",
        "Install xrdct again; in a checkout: npm ci && npm run build",
      ),
    ],
    verified,
  };
}

const MOST_SHOWN = 10;
