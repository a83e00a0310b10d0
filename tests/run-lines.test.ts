/** A part in time of a scan of detector frames: its lines, or its turns, and nothing else. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openResult } from "../src/files/result-reader.ts";
import { readScan } from "../src/pipeline/scan-config.ts";
import { tempFolder } from "./temp-folder.ts";
import { FRAMES, hashes, runHere, simulate, type VirtualScan } from "./virtual-scan.ts";

const folder = tempFolder();
const POINTS = FRAMES.scan.translations;
const [FROM, TO] = [4, 12];
const until = { until: "sinogram" } as const;
let files: VirtualScan;

/** The readings of some frames alone. */
function cutText(name: string, from: number, to: number): void {
  const lines = readFileSync(join(folder, "whole", name), "utf8").split("\n");
  writeFileSync(join(folder, "whole", `part-${name}`), `${lines.slice(from, to).join("\n")}\n`);
}

const input = {
  kind: "frames",
  poni: "geometry.poni",
  mask: "mask.edf",
  translations: POINTS,
  badPixels: "off", // looked for in frames of the whole scan
};

/** so few angles do not tell it */
const sinogram = { rotationAxis: 7.2 };

beforeAll(async () => {
  files = await simulate(join(folder, "whole"), FRAMES, "frames");
  const all = readdirSync(join(folder, "whole", "frames")).sort();
  mkdirSync(join(folder, "whole", "part"));
  for (const name of all.slice(FROM * POINTS, TO * POINTS)) {
    copyFileSync(join(folder, "whole", "frames", name), join(folder, "whole", "part", name));
  }
  for (const name of ["monitor.txt", "transmitted.txt"]) cutText(name, FROM * POINTS, TO * POINTS);
}, 60_000);

describe("lines of a scan of detector frames", () => {
  it("are integrated alone, and are what a scan of these frames is", async () => {
    const angles = { list: Array.from({ length: 16 }, (_, line) => (line * 180) / 16) };
    const counters = { monitor: "monitor.txt", transmitted: "transmitted.txt" };
    const part = files.variant("part.yaml", {
      input: { ...input, files: "frames", ...counters },
      angles,
      lines: { from: FROM, to: TO },
      sinogram,
    });
    const alone = files.variant("alone.yaml", {
      input: { ...input, files: "part", monitor: "part-monitor.txt", transmitted: "part-transmitted.txt" },
      angles: { list: angles.list.slice(FROM, TO) },
      sinogram,
    });
    const [a, b] = [join(folder, "part.nxs"), join(folder, "alone.nxs")];
    const { json } = await runHere(part, a, until);
    await runHere(alone, b, until);
    expect(await hashes(a)).toEqual(await hashes(b));
    const result = await openResult(a);
    expect(result.entry("integrate/data").shape.slice(0, 2)).toEqual([TO - FROM, POINTS]);
    expect([...result.axes("sinogram/data")[0]!.values!]).toEqual(angles.list.slice(FROM, TO));
    result.close();
    // 8 lines of 15 frames, in blocks of 32
    expect(json.stages.find(({ name }) => name === "integrate")!.blocksDone).toBe(Math.ceil((8 * 15) / 32));
  }, 60_000);

  it("are done again where others are asked for", async () => {
    const output = join(folder, "moved.nxs");
    const scan = (from: number) =>
      files.variant("moved.yaml", { input: { ...input, files: "frames" }, lines: { from, to: from + 4 }, sinogram });
    await runHere(scan(0), output, until);
    const before = await hashes(output);
    const { json } = await runHere(scan(4), output, until);
    expect(json.stages.every(({ blocksDone }) => blocksDone > 0)).toBe(true);
    expect(await hashes(output)).not.toEqual(before);
  }, 60_000);
});

describe("turns of a scan of detector frames", () => {
  it("are integrated alone; a frame that was never written is a hole", async () => {
    const turning = { creeps: true, offsets: [0, 0] };
    const scan = { ...FRAMES.scan, translations: 9, angles: 12, arcDeg: 360, stepMm: 0.4, rotationAxis: 4, turning };
    const spun = await simulate(join(folder, "turning"), { ...FRAMES, scan }, "frames");
    const { turning: speeds } = readScan(spun.scanPath).config;
    // of the second pass the frames of one angle in three turns, next to each other, are lost
    for (const turn of [12, 13, 14]) {
      const name = `frame_${String(turn * 12 + 5).padStart(7, "0")}.cbf`;
      rmSync(join(folder, "turning", "frames", name));
      writeFileSync(join(folder, "turning", "frames", name), "");
    }
    const path = spun.variant("second.yaml", {
      input: { ...input, translations: undefined, files: "frames", monitor: "monitor.txt" },
      turning: { ...speeds, turns: { from: 9, to: 18 } },
    });
    const output = join(folder, "turning.nxs");
    const { json } = await runHere(path, output, until);
    const result = await openResult(output);
    expect(result.entry("integrate/data").shape.slice(0, 2)).toEqual([9 * 12, 1]);
    expect(result.entry("sinogram/data").shape.slice(0, 2)).toEqual([12, 9]);
    const cells = result.readArray("sinogram/cells");
    result.close();
    expect(json.stages.find(({ name }) => name === "arrange")!.notes.join("\n")).toMatch(
      /^108 frames onto 12 angles x 9 translations of 0\.4 mm; turns are 0\.4 mm apart\n3 frames are missing\n\d points/,
    );
    // bit 1: missing; only at the sixth angle
    const missing = [...cells.keys()].filter((i) => cells[i]! & 1);
    expect(missing.length).toBeGreaterThan(0);
    expect(missing.every((i) => Math.floor(i / 9) === 5)).toBe(true);
  }, 60_000);
});
