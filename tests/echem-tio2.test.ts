/** The measured series of Li/TiO2-bronze and its voltage, aligned in time. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { alignPatterns } from "../src/pipeline/study/echem-series.ts";
import { readEchem } from "../src/pipeline/study/read-echem.ts";
import { hasShared, shared } from "./shared.ts";
import { tempFolder } from "./temp-folder.ts";
import { unzip } from "./unzip.ts";

describe.skipIf(!hasShared)("TiO2-bronze while it is cycled (needs ../shared)", () => {
  const folder = tempFolder();
  const paths = hasShared
    ? unzip(readFileSync(shared("data/powder/maak_tio2bronze_operando_iq_echem/iq_and_echem.zip"))).map(
        ({ name, data }) => {
          const path = join(folder, name);
          writeFileSync(path, data);
          return path;
        },
      )
    : [];
  const patterns = paths.filter((path) => path.endsWith(".chi")).sort();

  it("changes most where the voltage is lowest, and goes back", async () => {
    const cell = readEchem("TiO2", [paths.find((path) => path.endsWith("cropped.txt"))!]);
    expect(cell.description.segments.map(({ direction }) => direction)).toEqual([-1, 1, -1]);
    const options = { axis: "q", isEven: true, range: [1, 8], clockOffset: 0 } as const;
    const { states, json, lines, figures } = await alignPatterns(cell, patterns, options);
    const { patterns: rows } = json as { patterns: { change: number | null; voltageV: number }[] };
    expect(rows).toHaveLength(43);
    expect(rows.flatMap(({ change }, k) => (change === null ? [k + 1] : []))).toEqual([31, 32]);
    expect(lines.join()).toContain("ss_31.chi");
    const changes = rows.map(({ change }) => change ?? Number.NaN);
    const sign = Math.sign(changes[23]! - changes[0]!);
    const most = changes.reduce((best, value, k) => (sign * value > sign * changes[best]! ? k : best), 0);
    const lowest = states.voltageV.reduce((best, value, k) => (value < states.voltageV[best]! ? k : best), 0);
    expect(Math.abs(most - lowest)).toBeLessThanOrEqual(1);
    // at 3 V, 40 patterns on, most of it has gone back
    expect(Math.abs(changes[39]! - changes[0]!)).toBeLessThan(0.25 * Math.abs(changes[most]! - changes[0]!));
    expect(figures.map(([name]) => name)).toEqual(["series", "series-change"]);
  });

  it("follows the charge, as far as its voltage tells, within half of the time between two patterns", async () => {
    const cell = readEchem("TiO2", [paths.find((path) => path.endsWith("cropped.txt"))!]);
    const { clock } = await alignPatterns(cell, patterns, {
      axis: "q",
      isEven: true,
      range: [1, 8],
      clockOffset: "auto",
    });
    expect(clock!.status).toBe("found");
    expect(clock!.unexplained).toBeLessThan(0.01);
    expect(Math.abs(clock!.offsetS)).toBeLessThan(80151 / 43 / 2);
  });
});
