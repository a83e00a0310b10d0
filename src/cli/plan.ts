import type { Command } from "commander";
import { describeParallax, planScan, type ScanPlan, ScanPlanConfig } from "../geometry/index.ts";
import { type CommonOptions, createCommand, execute, finiteNumber, parseOptions } from "./command.ts";

const EXAMPLE =
  "npx xrdct plan --diameter-mm 10.2 --step-mm 0.02 --projections 400 --exposure-ms 10 --distance-mm 700 --energy-kev 103.5";

export function planCommand(): Command {
  const command = createCommand("plan", "before the beamtime: sampling, parallax, time, data volume", EXAMPLE);
  for (const [key, field] of Object.entries(ScanPlanConfig.shape)) {
    const { description, unit } = (field.meta() ?? {}) as { description?: string; unit?: string };
    const flag = `--${flagOf(key)}`;
    const { data: preset } = field.safeParse(undefined);
    const about = `${description ?? key}${unit ? ` (${unit})` : ""}${preset === undefined ? "" : `; left out: ${preset}`}`;
    command.option(`${flag} <number>`, about, finiteNumber(flag));
  }
  return command.action((options: CommonOptions & Record<string, unknown>) =>
    execute(options, async () => {
      const values = Object.fromEntries(
        Object.keys(ScanPlanConfig.shape).map((key) => [key, options[attributeOf(key)]]),
      );
      const plan = planScan(
        parseOptions(
          ScanPlanConfig,
          values,
          Object.fromEntries(Object.keys(values).map((key) => [key, `--${flagOf(key)}`])),
        ),
      );
      return { json: plan, lines: describePlan(plan) };
    }),
  );
}

const flagOf = (key: string): string =>
  key.replace("energyKeV", "energy-kev").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const attributeOf = (key: string): string => flagOf(key).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

const gigabytes = (bytes: number): string =>
  bytes >= 1e12 ? `${(bytes / 1e12).toFixed(2)} TB` : `${(bytes / 1e9).toFixed(2)} GB`;

function describePlan(plan: ScanPlan): string[] {
  return [
    `points      ${plan.translations} translations x ${plan.projections} projections = ${plan.frames} frames`,
    `sampling    ${(plan.sampling * 100).toFixed(0)} % of the ${plan.projectionsForFullSampling} projections of full sampling`,
    `time        ${plan.hours.toFixed(2)} h`,
    `data        ${gigabytes(plan.rawBytes)} as read, ${gigabytes(plan.compressedBytes)} as CBF; patterns ${gigabytes(plan.patternBytes)}, volume ${gigabytes(plan.volumeBytes)}`,
    `two-theta   full rings to ${plan.twoThetaEdgeDeg.toFixed(2)}° (d ${plan.smallestDA.toFixed(3)} Å), corners to ${plan.twoThetaCornerDeg.toFixed(2)}°`,
    `parallax    ${describeParallax(plan.parallax)}`,
    ...plan.advice.map((advice) => `note        ${advice}`),
  ];
}
