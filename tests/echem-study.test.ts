/** Cycler files of the simulated study, written as three programs write them, give back the charge that was simulated. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatEcLabText, formatGamryDta } from "../src/files/cycler-writer.ts";
import { readEchem } from "../src/pipeline/study/read-echem.ts";
import { netChargeAh } from "../src/stages/echem/index.ts";
import { AS_RECEIVED_X, STUDY_CELLS } from "../src/stages/simulate/study-cells.ts";
import { capacityPerContentAh, finalContent, simulateCycling } from "../src/stages/simulate/study-cycling.ts";
import { designStudyCell } from "../src/stages/simulate/study-design.ts";
import { tempFolder } from "./temp-folder.ts";

const folder = tempFolder();
const STARTED = new Date("2021-03-01T09:00:00Z");

describe.each(STUDY_CELLS.filter(({ state }) => state !== "pristine"))("$name", (plan) => {
  const { truth } = designStudyCell(plan, 61);
  const steps = simulateCycling(plan, truth);
  const files =
    plan.cycler === "biologic"
      ? [{ name: "cycling.mpt", text: formatEcLabText(steps, STARTED) }]
      : steps.map((step, i) => ({
          name: `${i + 1}-${step.kind}.DTA`,
          text: formatGamryDta(step, STARTED, plan.cycler === "gamry, decimal comma"),
        }));
  const paths = files.map(({ name, text }) => {
    const path = join(folder, `${plan.name}-${name}`);
    writeFileSync(path, text);
    return path;
  });
  const { record, description, config } = readEchem(plan.name, paths);

  it("moved the lithium that the truth says, within the stated uncertainty", () => {
    const moved = (AS_RECEIVED_X - finalContent(truth)) * capacityPerContentAh(truth);
    const { ah, esd } = netChargeAh(record, config);
    expect(Math.abs(ah - moved)).toBeLessThan(2 * esd);
    expect(esd / Math.max(...description.halfCycles.map(({ chargeAh }) => chargeAh))).toBeLessThan(0.005);
  });

  it("went through the steps of its plan, at rates of what its cell holds", () => {
    const moving = description.segments.filter(({ kind }) => kind !== "rest");
    const planned = steps.filter(({ kind }) => kind !== "rest").map(({ kind }) => (kind === "charge" ? 1 : -1));
    expect(description.halfCycles.map(({ direction }) => direction)).toEqual(planned);
    // charge first where the record ends charged; the C/20 cells hold 340 mAh: 40 mA are C/8.5 and not C/20
    const whole = steps.map(({ chargeAh }) => Math.abs(chargeAh.at(-1)! - chargeAh[0]!));
    const capacity = plan.state === "charged" ? Math.max(...whole) : whole[5]!;
    for (const { kind, currentA, trueRate } of moving) {
      if (kind === "CC") expect(trueRate! / (Math.abs(currentA!) / capacity)).toBeCloseTo(1, 2);
    }
  });
});
