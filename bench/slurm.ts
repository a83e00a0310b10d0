/**
 * A scan on this machine and through a Slurm of two nodes of one processor each, on the same machine: the same bits?
 * how much longer? `npm run bench -- slurm SCAN.yaml [local2 slurm2 local1 slurm1]`; without a scan, a cell of
 * 121 x 121 is simulated. Results and jobs' logs stay beside each other in the bench's folder. Of a run on the cluster it
 * says where its time went. A study.yaml in place of the scan is run as a study, and its cells compared.
 * Needs slurm-wlm and munge.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openResult } from "../src/files/result-reader.ts";
import { busySeconds, nodeSeconds, type StageWork } from "../src/pipeline/work-log.ts";
import { SlurmCluster } from "../tests/slurm-cluster.ts";
import { benchFolder, report } from "./common.ts";

const cli = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const [given, ...chosen] = process.argv.slice(3);
const folder = join(benchFolder, "slurm");
mkdirSync(folder, { recursive: true });

const isStudy = Boolean(given) && readFileSync(given!, "utf8").includes("\ncells:");
const xrdct = (...args: string[]): number => {
  const started = Date.now();
  const ran = spawnSync(process.execPath, [cli, ...args], { stdio: ["ignore", "ignore", "inherit"] });
  if (ran.status !== 0) throw new Error(`xrdct ${args.join(" ")} ended with ${ran.status}`);
  return (Date.now() - started) / 1000;
};

function simulated(): string {
  const scan = join(folder, "cell", "scan.yaml");
  if (!existsSync(scan)) xrdct("simulate", "cell", "--size", "121", "-o", join(folder, "cell"));
  return scan;
}

/** sha256 over names, shapes and bytes of all arrays. */
async function fingerprint(path: string): Promise<string> {
  const result = await openResult(path);
  const hash = createHash("sha256");
  for (const { name, shape } of result.list().sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const { buffer, byteOffset, byteLength } = result.readArray(name);
    hash.update(`${name} ${shape.join("x")}\n`).update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  result.close();
  return hash.digest("hex");
}

/**
 * Of the wall time of a run on the cluster: in arrays (a part or more at work), in steps (one job at work on what is one
 * computation), and the rest, which is Slurm's and the start of processes.
 */
async function whereItWent(output: string, wall: number): Promise<object> {
  const result = await openResult(output);
  const work = result.processes().flatMap(({ stage }) => JSON.parse(result.readNote(`${stage}/work`)!) as StageWork[]);
  result.close();
  const parts = work.filter(({ job }) => job!.includes("_"));
  const log = readFileSync(join(`${output}.work`, "slurm", "step.log"), "utf8");
  const steps = [...log.matchAll(/^job \d+ .*\(([\d.]+) s, ([\d.]+) GB/gm)].map(([, s, gb]) => [Number(s), Number(gb)]);
  const inSteps = steps.reduce((sum, [s]) => sum + s!, 0);
  const inArrays = busySeconds(parts);
  const round = (value: number): number => Number(value.toFixed(1));
  return {
    ...{ wall: round(wall), nodeSeconds: round(nodeSeconds(parts) + inSteps), jobs: steps.length + parts.length },
    ...{ inArrays: round(inArrays), ofParts: round(nodeSeconds(parts)), inSteps: round(inSteps), steps: steps.length },
    ...{ rest: round(wall - inArrays - inSteps), restPerStep: round((wall - inArrays - inSteps) / steps.length) },
    mostGbOfAStep: Math.max(...steps.map(([, gb]) => gb!)),
  };
}

const scan = given && given !== "-" ? given : simulated();
const cluster = await SlurmCluster.start(mkdtempSync(join(tmpdir(), "xrdct-slurm-")));
try {
  for (const way of chosen.length > 0 ? chosen : ["local2", "slurm2", "local1", "slurm1"]) {
    const [executor, workers] = [way.slice(0, 5), way.slice(5)];
    const output = join(folder, isStudy ? way : `${way}.nxs`);
    rmSync(output, { recursive: true, force: true });
    rmSync(`${output}.work`, { recursive: true, force: true });
    const settings = join(folder, `${way}.yaml`);
    writeFileSync(settings, `cpusPerTask: 1\ntasks: 2\natOnce: ${workers}\n`);
    const how = executor === "slurm" ? ["--executor", "slurm", "--slurm", settings] : ["--workers", workers];
    const seconds = xrdct(isStudy ? "study" : "run", scan, "-o", output, "--memory-gb", "3", "--quiet", ...how);
    if (isStudy) {
      for (const name of readdirSync(output).filter((name) => name.endsWith(".nxs")))
        report({ bench: "slurm", way, name, seconds, sha256: await fingerprint(join(output, name)) });
      continue;
    }
    report({ bench: "slurm", way, seconds, sha256: await fingerprint(output) });
    if (executor === "slurm") console.log(JSON.stringify(await whereItWent(output, seconds)));
  }
} finally {
  await cluster.stop();
}
