/**
 * The whole matrix: every fault at every stage, over and over with other draws.
 *
 *   npm run faults -- --seed 1 --hours 2 [--tries 3] [--only "map|dlsr"] [--fault "EIO|clock"] [--write]
 *
 * Ends when each cell was tried so often, or when the time is over, and fails where anything was not as it has to be.
 * --write keeps the counts in tests/faults/matrix.json, which docs/reliability.md is made from: stage by stage as they
 * are done, beside those of other stages from the same seed, so that two of these can share the work by --only.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { seededRandom } from "../seeded-random.ts";
import { attempt, undisturbed } from "./attempt.ts";
import { FAULTS } from "./faults.ts";
import { type Cell, MATRIX, type Matrix, readMatrix } from "./table.ts";
import { makeWorkloads } from "./workloads.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    hours: { type: "string", default: "2" },
    tries: { type: "string", default: "3" },
    only: { type: "string", default: "" },
    fault: { type: "string", default: "" },
    write: { type: "boolean", default: false },
  },
});
const [seed, tries] = [Number(values.seed), Number(values.tries)];
const end = performance.now() + Number(values.hours) * 3.6e6;
const scratch = mkdtempSync(join(tmpdir(), "xrdct-faults-"));
let wrong = 0;
let done = 0;

try {
  mkdirSync(join(scratch, "made"));
  const workloads = await makeWorkloads(join(scratch, "made"), (name) => new RegExp(values.only).test(name));
  for (const workload of workloads) {
    const expected = await undisturbed(workload, scratch);
    const tried: Record<string, Cell> = {};
    for (const fault of FAULTS.filter(isWanted)) {
      if (fault.fits && !fault.fits(workload)) continue;
      for (let k = 0; k < tries && performance.now() < end; k++) {
        const own = seedOf(`${workload.name} ${fault.name} ${k}`);
        const outcome = await attempt(workload, fault, seededRandom(own), { scratch, expected });
        tried[fault.name] ??= { tries: 0, outcomes: {}, wrong: 0 };
        const cell = tried[fault.name]!;
        if (!outcome) continue;
        cell.tries++;
        done++;
        cell.outcomes[outcome.what] = (cell.outcomes[outcome.what] ?? 0) + 1;
        if (outcome.wrong.length > 0) {
          cell.wrong++;
          wrong++;
          console.log(
            `${workload.name} / ${fault.name} (draw ${k}): ${outcome.what}\n  ${JSON.stringify(outcome.plan.inject ?? outcome.plan)}\n  ${outcome.wrong.join("\n  ")}`,
          );
        }
      }
    }
    if (values.write) keep(workload.name, tried);
    console.log(`${workload.name}: ${done} tries so far, ${wrong} not as they have to be`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`${done} tries, seed ${seed}: ${wrong} not as they have to be`);
process.exitCode = wrong > 0 ? 1 : 0;

/** A seed of its own for each try, whatever else is tried. */
function seedOf(name: string): number {
  let hash = seed;
  for (const letter of name) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0;
  return hash;
}

function isWanted({ name }: { name: string }): boolean {
  return new RegExp(values.fault).test(name);
}

/** The counts of one stage, into the file; those of faults that were not asked for stay. */
function keep(stage: string, tried: Readonly<Record<string, Cell>>): void {
  const before = readMatrix();
  const cells: Matrix["cells"] = {};
  for (const { name } of FAULTS) {
    const of = { ...(before?.seed === seed && before.cells[name]) };
    if (tried[name]) of[stage] = tried[name];
    else if (isWanted({ name })) delete of[stage];
    if (Object.keys(of).length > 0) cells[name] = of;
  }
  writeFileSync(MATRIX, `${JSON.stringify({ seed, cells } satisfies Matrix, null, 2)}\n`);
}
