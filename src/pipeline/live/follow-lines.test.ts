/** One array that grows: which of its lines count as measured. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { tempFolder } from "../../../tests/temp-folder.ts";
import { createHdf5 } from "../../files/hdf5-writer.ts";
import { ScanConfig } from "../scan-config.ts";
import { arrayLines } from "./follow-lines.ts";

const [POINTS, BINS] = [4, 5];

/** Lines of an array of which those named hold counts and the others zeros, as a first look takes them. */
async function linesOf(name: string, lines: number, measured: readonly number[]): Promise<number[]> {
  const path = join(tempFolder(), name);
  const values = Float32Array.from({ length: lines * POINTS * BINS }, (_, i) =>
    measured.includes(Math.floor(i / (POINTS * BINS))) ? 1 + i : 0,
  );
  const file = await createHdf5(path);
  file.dataset("data", [lines, POINTS, BINS], values, { chunks: [1, POINTS, BINS] });
  file.dataset(
    "q",
    [BINS],
    Float64Array.from({ length: BINS }, (_, i) => 1 + i),
  );
  file.finish();
  const config = ScanConfig.parse(parse(`input: {kind: patterns, file: ${path}}\nenergyKeV: 71\nstepMm: 0.1`));
  const found: number[] = [];
  for await (const { line } of arrayLines({ config }, path).look()) found.push(line);
  return found;
}

it("room that was made and not written waits, and so does the last line while the file may grow", async () => {
  expect(await linesOf("growing.h5", 8, [0, 1, 2])).toEqual([0, 1, 2]);
  expect(await linesOf("last.h5", 3, [0, 1, 2])).toEqual([0, 1]);
});

it("lines that were measured without beam count as soon as one behind them holds something", async () => {
  expect(await linesOf("away.h5", 8, [0, 1, 4, 5])).toEqual([0, 1, 2, 3, 4, 5]);
  expect(await linesOf("still-away.h5", 8, [0, 1])).toEqual([0, 1]);
});
