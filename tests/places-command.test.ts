/** `xrdct places`: files, what they hold, and messages for what is wrong. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { openResult } from "../src/files/result-reader.ts";
import { createResultWriter } from "../src/files/result-writer.ts";
import { makeRoll, type RollPhantom } from "./places-phantom.ts";
import { tempFolder } from "./temp-folder.ts";

const folder = tempFolder();
const input = join(folder, "cell.nxs");
const phantom: RollPhantom = {
  ...{ size: 97, voxelMm: 0.1, sense: 1, startDeg: 40, ovality: 0, noise: 0.02, innerMm: 0.6, turns: 2.4 },
  ...{ casingMm: 4.4, scale: 3, centreMm: [0, 0] },
};
const truth = makeRoll(phantom);

const run = (...more: string[]) =>
  spawnSync(process.execPath, ["dist/cli/main.js", "places", ...more], { encoding: "utf8" });

beforeAll(async () => {
  const writer = await createResultWriter(input, { program: "xrdct", version: "0", title: "phantom" });
  for (const map of truth.slice.maps.values()) writer.map(map.name, map, { voxelMm: phantom.voxelMm });
  const { ny, nx } = truth.slice;
  const c = { name: "map/NMC532/c", ny, nx, unit: "Å", values: truth.depth.map((depth) => 14.5 - 0.1 * depth) };
  writer.map(c.name, c, { voxelMm: phantom.voxelMm });
  writer.finish();
});

it("writes places, a report, profiles and figures", { timeout: 60_000 }, async () => {
  const out = join(folder, "places");
  const { status, stdout, stderr } = run(input, "-o", out, "--unwind", "NMC532/c", "--format", "svg", "--json");
  expect(stderr).not.toMatch(/\[[a-z-]+\]\n$/);
  expect(status).toBe(0);
  const { winding, electrodes } = JSON.parse(stdout);
  expect(winding.sense).toBe("outwards-counterclockwise");
  expect(Math.abs(electrodes[0].lengthMm / truth.lengthMm.cathode - 1)).toBeLessThan(0.02);
  const result = await openResult(join(out, "places.nxs"));
  const region = result.readMap("places/region");
  const wrong = region.values.filter((value, i) => value !== truth.region[i]).length;
  // edges included, which go through a third of the voxels
  expect(wrong / region.values.length).toBeLessThan(0.12);
  const unwound = result.readMap("unwound/cathode_inner/NMC532/c");
  expect(unwound.ny).toBe(8);
  expect(result.axes("unwound/cathode_inner/NMC532/c")[1]!.unit).toBe("mm");
  result.close();
  for (const name of ["report.json", "regions.svg", "roll.svg", "thickness.svg", "NMC532-c-unwound.svg"]) {
    expect(existsSync(join(out, name))).toBe(true);
  }
  const rows = readFileSync(join(out, "NMC532-c-profiles.csv"), "utf8").split("\n");
  expect(rows[0]).toBe("profile,electrode,side,turn,at,mean (Å),esd,spread,standard_error,voxels");
  expect(rows.filter((row) => row.startsWith("depth,cathode,inner,all,"))).toHaveLength(8);
});

it("says what is wrong before it writes anything", { timeout: 120_000 }, () => {
  const out = join(folder, "nothing");
  for (const [arguments_, code] of [
    [["--unwind", "NMC532/z"], "bad-option"],
    [["--phases", "cathode=NMC811"], "places-no-phase"],
    [["--phases", "cathode=", "anode="], "places-no-electrode"],
  ] as const) {
    const { status, stderr } = run(input, "-o", out, ...arguments_);
    expect(stderr).toContain(`[${code}]`);
    expect(status).toBe(2);
  }
  // what is no image is said to be none, before the size of its pixels is asked for
  const text = run("README.md", "-o", out);
  expect(text.stderr).toContain("[frame-format-unknown]");
  expect(text.status).toBe(2);
  expect(existsSync(out)).toBe(false);
});
