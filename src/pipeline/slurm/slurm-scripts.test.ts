import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quoted, slurmScript } from "./slurm-scripts.ts";
import { SlurmSettings } from "./slurm-settings.ts";

const script = (settings: object, more: object = {}): string =>
  slurmScript({
    settings: SlurmSettings.parse(settings),
    memoryGb: 12,
    name: "xrdct-cell-0a1b2c.parts",
    log: { folder: "/data/cell.nxs.work/slurm/map-1f/try-1", name: "part-%a.log" },
    purpose: ['xrdct, X-ray diffraction computed tomography: stage "map" of cell.nxs.', "640 blocks in 64 jobs."],
    command: ["/opt/node/bin/node", "/home/x/main.js", "slurm-part", "/data/cell.nxs.work", "$SLURM_ARRAY_TASK_ID"],
    array: 64,
    ...more,
  });

describe("the script", () => {
  it("is what an administrator reads", () => {
    const settings = {
      ...{ partition: "day", account: "beamtime-4711", cpusPerTask: 16, atOnce: 40, time: "2:00:00" },
      ...{ before: ["module load nodejs/20"], options: ["--constraint=rome"] },
    };
    expect(script(settings)).toMatchInlineSnapshot(`
      "#!/bin/bash
      #SBATCH --job-name=xrdct-cell-0a1b2c.parts
      #SBATCH --output=/data/cell.nxs.work/slurm/map-1f/try-1/part-%a.log
      #SBATCH --open-mode=append
      #SBATCH --array=0-63%40
      #SBATCH --nodes=1
      #SBATCH --ntasks=1
      #SBATCH --cpus-per-task=16
      #SBATCH --mem=15200M
      #SBATCH --time=2:00:00
      #SBATCH --no-requeue
      #SBATCH --partition=day
      #SBATCH --account=beamtime-4711
      #SBATCH --constraint=rome

      # xrdct, X-ray diffraction computed tomography: stage "map" of cell.nxs.
      # 640 blocks in 64 jobs.

      module load nodejs/20
      exec /opt/node/bin/node /home/x/main.js \\
        slurm-part /data/cell.nxs.work "$SLURM_ARRAY_TASK_ID"
      "
    `);
  });

  it("a step is requeued, a part is not: what an array has lost is given out again by the step", () => {
    expect(script({}, { array: undefined })).toContain("#SBATCH --requeue\n");
    expect(script({}, { array: undefined })).not.toContain("--array");
    expect(script({})).toContain("#SBATCH --no-requeue\n");
  });

  it("a % of a path is no pattern of Slurm's", () => {
    const log = { folder: "/data/100%a of it", name: "part-%a.log" };
    expect(script({}, { log })).toContain("#SBATCH --output='/data/100%%a of it/part-%a.log'\n");
  });

  it("no purpose or name of a file opens another line", () => {
    const lines = script({}, { purpose: ["a\nrm -rf /\r\n#SBATCH --uid=0\u2028b\0c"] }).split("\n");
    expect(lines.filter((line) => line.startsWith("rm") || line.includes("--uid=0"))).toEqual([
      "# a rm -rf / #SBATCH --uid=0 b c",
    ]);
  });
});

it("bash reads every word as it was written", () => {
  // an argument of a process cannot hold a zero, nor half a character
  const letter = fc.oneof(fc.integer({ min: 1, max: 0x7f }), fc.integer({ min: 1, max: 0xd7ff }));
  const word = fc.array(letter).map((codes) => String.fromCodePoint(...codes));
  const nasty = ["it's", "$(reboot)", "`id`", "a b", "-n", "\n", '"', "\\", "*", "~", "&& x", "é β", "", "$HOME", "!!"];
  const words = [...nasty, ...fc.sample(word, { numRuns: 60, seed: 3 })];
  const read = execFileSync("/bin/bash", ["-c", `printf '%s\\0' ${words.map(quoted).join(" ")}`], { encoding: "utf8" });
  expect(read.split("\0").slice(0, -1)).toEqual(words);
});

describe("slurm.yaml", () => {
  it.each([
    ["a partition of two words", { partition: "day --uid=0" }],
    ["a line that opens another", { before: ["module load nodejs\nrm -rf /"] }],
    ["an option that is none", { options: ["rm -rf /"] }],
    ["an option of two lines", { options: ["--comment=a\n--uid=0"] }],
    ["a time that is none", { time: "tomorrow" }],
    ["a path of two lines", { node: "/bin/node\nx" }],
    ["no task at all", { tasks: 0 }],
    ["a question every moment", { askEverySeconds: 0.01 }],
    ["a misspelt setting", { partion: "day" }],
  ])("refuses %s", (_, settings) => expect(SlurmSettings.safeParse(settings).success).toBe(false));

  it.each(["30", "4:00:00", "1-12", "2-00:30:00"])("takes the time %s", (time) =>
    expect(SlurmSettings.parse({ time }).time).toBe(time),
  );
});
