/**
 * A few tries of the matrix of tests/faults, others every day: XRDCT_FAULT_SEED=N does those of a day again, and
 * `npm run faults` does all. Some faults need the right to mount a small disk.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { getuid } from "node:process";
import { describe, expect, it } from "vitest";
import { attempt, undisturbed } from "./faults/attempt.ts";
import { FAULTS } from "./faults/faults.ts";
import { makeWorkloads } from "./faults/workloads.ts";
import { seededRandom } from "./seeded-random.ts";
import { tempFolder } from "./temp-folder.ts";

const DAY_MS = 86_400_000;
const seed = Number(process.env["XRDCT_FAULT_SEED"] ?? Math.floor(Date.now() / DAY_MS));
const random = seededRandom(seed);
const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
const folder = tempFolder();
const isRoot = getuid?.() === 0;

const stage = pick(["read", "sinogram", "reconstruct", "integrate", "refine"]);
const faults = FAULTS.filter(({ name }) => isRoot || !name.includes("tmpfs"));
const TRIES = 4;

describe(`faults of seed ${seed}, in ${stage}`, () => {
  it("end in one message and, run again, in the same bits", { timeout: 600_000 }, async () => {
    mkdirSync(join(folder, "made"));
    const [workload] = await makeWorkloads(join(folder, "made"), (name) => name === stage);
    const expected = await undisturbed(workload!, folder);
    const fitting = faults.filter(({ fits }) => fits?.(workload!) ?? true);
    for (let k = 0; k < TRIES; k++) {
      const fault = pick(fitting);
      const outcome = await attempt(workload!, fault, random, { scratch: folder, expected });
      expect([fault.name, outcome?.plan, outcome?.wrong ?? []]).toEqual([fault.name, outcome?.plan, []]);
    }
  });
});
