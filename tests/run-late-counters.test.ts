/** Counters that come after the patterns of a scan of lines, as from another machine of the beamline. */
import { mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempFolder } from "./temp-folder.ts";
import { blocksDone, hashes, PATTERNS, runHere, simulate } from "./virtual-scan.ts";

const folder = tempFolder();
const until = { until: "sinogram" } as const;

it("are read with the lines again, to the bits of a scan that had them from the beginning", async () => {
  const scan = { ...PATTERNS.scan, angles: 9 };
  const files = await simulate(join(folder, "scan"), { ...PATTERNS, scan }, "patterns");
  const whole = join(folder, "whole.nxs");
  await runHere(files.scanPath, whole, until);
  const expected = await hashes(whole);
  const counters = readdirSync(files.folder).filter((name) => name.includes("_cnt_"));
  expect(counters.length).toBeGreaterThan(0);
  mkdirSync(join(folder, "elsewhere"));
  const move = (from: string, to: string): void =>
    counters.forEach((name) => {
      renameSync(join(from, name), join(to, name));
    });
  move(files.folder, join(folder, "elsewhere"));
  const late = join(folder, "late.nxs");
  const first = blocksDone(await runHere(files.scanPath, late, until));
  expect((await hashes(late))["sinogram/data"]).not.toBe(expected["sinogram/data"]);
  move(join(folder, "elsewhere"), files.folder);
  expect(blocksDone(await runHere(files.scanPath, late, until))).toEqual(first);
  expect(await hashes(late)).toEqual(expected);
});
