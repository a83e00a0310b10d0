/** A sample that turns, its frames first and the rest another day: what was read stays read. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempFolder } from "./temp-folder.ts";
import { turningSample } from "./turning-sample.ts";
import { blocksDone, FRAMES, hashes, runHere, simulate } from "./virtual-scan.ts";

const folder = tempFolder();
const SCAN = {
  translations: 6,
  angles: 9,
  arcDeg: 360,
  stepMm: 0.64,
  rotationAxis: 2.9,
  turning: { creeps: true, stride: 2, offsets: [0, 1] },
};

describe("a scan of turns that is stopped after its frames", () => {
  it.each([
    ["patterns", "read"],
    ["frames", "integrate"],
  ] as const)("goes on from the %s that were finished", async (output, first) => {
    const sample = output === "frames" ? { ...turningSample({}), ...FRAMES } : turningSample({});
    const axis = { ...sample.axis, bins: 40 };
    const { scanPath } = await simulate(join(folder, output), { ...sample, scan: SCAN, axis }, output);
    const result = join(folder, `${output}.nxs`);
    expect(blocksDone(await runHere(scanPath, result, { until: first }))[first]).toBeGreaterThan(0);
    // patterns that were integrated are in the result, those of a file stay in the file
    expect(Object.keys(await hashes(result)).some((name) => name === `${first}/data`)).toBe(first === "integrate");
    expect(blocksDone(await runHere(scanPath, result, { until: "sinogram" }))).toMatchObject({ [first]: 0 });
    const whole = join(folder, `${output}-whole.nxs`);
    await runHere(scanPath, whole, { until: "sinogram" });
    expect(await hashes(result)).toEqual(await hashes(whole));
  });
});
