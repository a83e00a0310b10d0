/**
 * The jobs of a run on a cluster in this process, one after the other, whatever is lost of them: the same bits. Slurm's
 * programs are the test's, so this runs where there is no Slurm; with a real one: run-slurm.test.ts.
 */
import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import { beginRun } from "../src/pipeline/slurm/begin-run.ts";
import { runPart } from "../src/pipeline/slurm/run-part.ts";
import { runStep } from "../src/pipeline/slurm/run-step.ts";
import { runScanStep } from "../src/pipeline/slurm/scan-on-slurm.ts";
import { readOutcome, type SlurmOrder, slurmFolder } from "../src/pipeline/slurm/slurm-folder.ts";
import { SlurmSettings } from "../src/pipeline/slurm/slurm-settings.ts";
import { FakeSlurm } from "./fake-slurm.ts";
import { seededRandom } from "./seeded-random.ts";
import { tempFolder } from "./temp-folder.ts";
import { hashes, MAP, PATTERNS, runHere, simulate, type VirtualScan, xrdctHere } from "./virtual-scan.ts";

const folder = tempFolder();
const slurm = new FakeSlurm(join(folder, "bin"));
let files: VirtualScan;
let scan: string;

beforeAll(async () => {
  files = await simulate(join(folder, "patterns"), PATTERNS, "patterns");
  scan = files.variant("run.yaml", { map: MAP, reconstruct: { size: 25 } });
});
beforeEach(() => slurm.reset());
afterEach(() => vi.restoreAllMocks());
afterAll(() => slurm.stop());

/** Does all jobs that were submitted, until none is left. @param lose what becomes of a part: it is done, and then ... */
async function doJobs(output: string, lose: (part: string) => "nothing" | "half" | "all"): Promise<void> {
  const { signal } = new AbortController();
  for (let number = 101; slurm.script(number) !== ""; number++) {
    const script = slurm.script(number);
    const count = /^#SBATCH --array=0-(\d+)/m.exec(script)?.[1];
    if (count === undefined) {
      const size = /--size (one|all)/.exec(script)![1] as "one" | "all";
      await runStep(slurmFolder(output), { size, isFirst: script.includes("--first") }, signal, runScanStep);
      continue;
    }
    const target = /^#SBATCH --output=(.*)\/part-%a.log$/m.exec(script)![1]!;
    for (let part = 0; part <= Number(count); part++) {
      const path = join(target, `part-${part}.jsonl`);
      const lost = lose(path);
      if (lost === "all") continue;
      await runPart(target, part, signal);
      // as a job that was killed while it wrote a line
      if (lost === "half") truncateSync(path, Math.floor(readFileSync(path).length / 2));
    }
  }
}

it("any number of jobs, some of them lost wholly or in the middle: the bits of a local run", async () => {
  const [here, there] = [join(folder, "here.nxs"), join(folder, "there.nxs")];
  vi.spyOn(process.stderr, "write").mockReturnValue(true); // what jobs say into their logs
  await runHere(scan, here, { until: "sinogram" });
  const order: SlurmOrder = {
    ...{ kind: "run", path: scan, output: there, memoryBytes: 1e9, until: "sinogram" },
    settings: SlurmSettings.parse({ cpusPerTask: 1, tasks: 4 }),
  };
  await beginRun(order, { size: "one", isFirst: true });
  const random = seededRandom(11);
  const what = { nothing: 0, half: 0, all: 0 };
  await doJobs(there, (part) => {
    const lost = (["nothing", "half", "all"] as const)[part.includes("try-1") ? Math.floor(3 * random()) : 0]!;
    what[lost]++;
    return lost;
  });
  expect(readOutcome(slurmFolder(there))).toHaveProperty("report");
  for (const count of Object.values(what)) expect(count).toBeGreaterThan(0);
  expect(await hashes(there)).toEqual(await hashes(here));
});

const onSlurm = (): string[] => {
  const path = join(folder, "slurm.yaml");
  writeFileSync(path, stringify({ askEverySeconds: 0.5 }));
  return ["--json", "--quiet", "--executor", "slurm", "--slurm", path];
};
const submitted = () => slurm.calls().filter((call) => call.startsWith("sbatch"));

it("a result that this machine is at work on is not given to the cluster", async () => {
  const output = join(folder, "busy.nxs");
  mkdirSync(`${output}.work`);
  const holder = { pid: process.ppid, host: hostname(), since: new Date().toISOString() };
  writeFileSync(join(`${output}.work`, "lock"), JSON.stringify(holder));
  const ran = await xrdctHere(["run", scan, "-o", output, ...onSlurm()]);
  expect([ran.code, ran.json.error.code]).toEqual([2, "run-in-progress"]);
  expect(submitted()).toEqual([]);
});

it.each([
  ["a setting of a late stage", { map: { rietveld: { model: "none.yaml" } } }, "file-not-readable"],
  [
    "a stage that lacks the one before",
    { map: undefined, dlsr: { phases: { Cu: { cell: "spatial" } } } },
    "dlsr-needs-maps",
  ],
  ["a file of an early stage", { air: "air.xye" }, "file-not-readable"],
])("%s that is wrong is refused before anything is submitted", async (name, changes, code) => {
  const output = join(folder, `wrong-${name}.nxs`);
  const ran = await xrdctHere(["run", files.variant("wrong.yaml", changes), "-o", output, ...onSlurm()]);
  expect([ran.code, ran.json.error.code]).toEqual([2, code]);
  expect(submitted()).toEqual([]);
  expect(existsSync(`${output}.work`)).toBe(false);
});

it("of a study the cell is named, and no other cell is begun", async () => {
  mkdirSync(join(folder, "study"));
  const wrong = files.variant("wrong.yaml", { map: { rietveld: { model: "none.yaml" } } });
  const study = join(folder, "study", "study.yaml");
  writeFileSync(
    study,
    stringify({
      cells: [
        { name: "good", scan },
        { name: "bad", scan: wrong },
      ],
    }),
  );
  const ran = await xrdctHere(["study", study, "-o", join(folder, "study", "out"), ...onSlurm()]);
  expect(ran.json.error.message).toMatch(/^Cell bad: .*none\.yaml/);
  expect(submitted()).toEqual([]);
});
