/** `xrdct peaks`: what it prints is what the map stage takes. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { parse } from "yaml";
import { dToTwoThetaDeg, energyKeVToWavelengthA } from "../src/data/index.ts";
import { formatXye } from "../src/files/pattern-text.ts";
import { MapConfig } from "../src/stages/map/index.ts";
import { xrdctHere } from "./virtual-scan.ts";

const folder = mkdtempSync(join(tmpdir(), "xrdct-peaks-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("names peaks by phase and gives regions that a map takes", async () => {
  const wavelengthA = energyKeVToWavelengthA(60);
  const places = [3.6149 / Math.sqrt(3), 3.6149 / 2].map((d) => dToTwoThetaDeg(d, wavelengthA)); // Cu 111, 200
  const values = Float64Array.from({ length: 800 }, (_, i) => 4 + i * 0.01);
  const peak = (x: number, at: number): number => 5000 * Math.exp(-4 * Math.LN2 * ((x - at) / 0.06) ** 2);
  const intensity = values.map((x) => 100 - 5 * x + places.reduce((sum, at) => sum + peak(x, at), 0));
  const path = join(folder, "cu.xye");
  writeFileSync(path, formatXye({ axis: { unit: "two-theta", values }, intensity, sigma: intensity.map(Math.sqrt) }));
  const run = async (...more: string[]): Promise<string> =>
    (await xrdctHere(["peaks", path, "--energy-kev", "60", "--phases", "Cu", ...more])).stdout;

  expect(await run()).toMatch(/2\.087\d.*Cu 111\n.*1\.807\d.*Cu 200/);
  const { map } = parse(await run("--yaml"));
  const { regions } = MapConfig.parse(map);
  expect(regions.map(({ phase, peaks }) => [phase, peaks[0]!.hkl])).toEqual([
    ["Cu", [1, 1, 1]],
    ["Cu", [2, 0, 0]],
  ]);
  regions.forEach(({ peaks }, i) => expect(Math.abs(peaks[0]!.position!.value! - places[i]!)).toBeLessThan(0.002));
});
