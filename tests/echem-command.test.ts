/** `xrdct echem`: tables, figures and a series of patterns in time. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatGamryDta } from "../src/files/cycler-writer.ts";
import { madeUpCell } from "./made-up-cell.ts";
import { tempFolder } from "./temp-folder.ts";
import { xrdctHere } from "./virtual-scan.ts";

const folder = tempFolder();
const STARTED = new Date("2021-03-13T09:00:00Z");

/** 4000 s at 100 mA in, and out again. */
function writeCell(): string[] {
  return ([1, -1] as const).map((direction) => {
    const { record } = madeUpCell([{ kind: "CC", lengthS: 4000, size: 0.1 * direction }]);
    const { timeS, voltageV, currentA } = record;
    const kind = direction > 0 ? "charge" : "discharge";
    const path = join(folder, `${kind}.DTA`);
    const step = {
      kind,
      timeS,
      voltageV,
      currentA: currentA!,
      chargeAh: timeS,
      startS: direction > 0 ? 0 : 4600,
    } as const;
    writeFileSync(path, formatGamryDta(step, STARTED, false));
    return path;
  });
}

/** Twenty patterns whose one peak moves with the charge. */
function writePatterns(): string[] {
  return Array.from({ length: 20 }, (_, k) => {
    const time = 200 + 420 * k;
    const share = (time < 4000 ? time : time < 4600 ? 4000 : 8600 - time) / 4000;
    const rows = Array.from(
      { length: 200 },
      (_, i) =>
        `${(1 + i * 0.01).toFixed(2)} ${(10 + 100 * Math.exp(-(((1 + i * 0.01 - 1.8 - 0.2 * share) / 0.05) ** 2))).toFixed(4)}`,
    );
    const path = join(folder, `p${String(k).padStart(2, "0")}.chi`);
    writeFileSync(path, `# time: ${time}\n${rows.join("\n")}\n`);
    return path;
  });
}

const cell = `Cell A=${writeCell().join(",")}`;
const patterns = writePatterns();

describe("xrdct echem", () => {
  it("prints segments with charge and true rate, and writes nothing unless asked", async () => {
    const { code, stdout } = await xrdctHere(["echem", "--cell", cell, "--nominal-capacity-mah", "200"], {
      cwd: folder,
    });
    expect(code).toBe(0);
    // 100 mA for 4000 s are 111.1 mAh: 0.9 C of that, C/2 of the label
    expect(stdout).toMatch(/CC charge .* 100\.00 mA .* 111\.1\(\d\) .* 0?\.9C|C\/1\.1/);
    expect(stdout).toMatch(/CC discharge .* -100\.00 mA/);
    expect(stdout).toContain("C/2");
    expect(stdout).toContain("net charge: ");
    expect(existsSync(join(folder, "echem"))).toBe(false);
  });

  it("writes tables and figures, and says all with --json", async () => {
    const out = join(folder, "out");
    const { code, json } = await xrdctHere(["echem", "--cell", cell, "-o", out, "--json"], { cwd: folder });
    expect(code).toBe(0);
    const segments = json.cells[0].segments.map(
      ({ kind, direction }: { kind: string; direction: number }) => `${kind}${direction}`,
    );
    expect(segments).toEqual(["CC1", "rest0", "CC-1"]);
    expect(json.cells[0].net.chargedAh).toBeCloseTo(0.1 * (4000 / 3600), 4);
    for (const name of ["voltage-time.svg", "voltage-capacity.png", "dq-dv.svg", "dv-dq.svg", "cycles.csv"]) {
      expect(json.written).toContain(join(out, name));
    }
    const records = readFileSync(join(out, "records.csv"), "utf8").trim().split("\n");
    expect(records[0]).toBe("cell,time (s),voltage (V),current (A),charge (Ah),cycle,segment");
    expect(records.length).toBe(1 + 2 * 401 + 2);
    const rows = readFileSync(join(out, "segments.csv"), "utf8").trim().split("\n");
    expect(rows.map((row) => row.split(",")[2])).toEqual(["kind", "CC", "rest", "CC"]);
  });

  it("gives each pattern the state of the cell, and finds the clocks' offset", async () => {
    const out = join(folder, "series");
    const common = ["echem", "--cell", cell, "--series", ...patterns, "--axis", "q", "--json"];
    const { json } = await xrdctHere([...common, "--series-time-label", "time:", "-o", out], { cwd: folder });
    const { patterns: states } = json.series;
    expect(states).toHaveLength(20);
    expect(states[5].timeS).toBe(2300);
    expect(states[5].chargeAh).toBeCloseTo(0.1 * (2300 / 3600), 4);
    expect(existsSync(join(out, "series.svg"))).toBe(true);
    const late = await xrdctHere(
      [
        ...common,
        "--series-start",
        "-500",
        "--series-interval-s",
        "420",
        "--clock-offset-s",
        "auto",
        "--clock-search-s",
        "1500",
      ],
      { cwd: folder },
    );
    expect(Math.abs(late.json.series.clock.offsetS - 700)).toBeLessThan(3 * late.json.series.clock.esdS);
  });

  it("refuses a series without times, options without a series, and two cells of one name", async () => {
    const refused = async (...more: string[]): Promise<string> =>
      (await xrdctHere(["echem", "--cell", cell, "--json", ...more], { cwd: folder })).json.error.code;
    expect(await refused("--series", ...patterns, "--axis", "q")).toBe("series-times");
    expect(await refused("--series-even")).toBe("bad-option");
    expect(await refused("--cell", cell)).toBe("bad-option");
    expect(
      await refused("--series", ...patterns, "--axis", "q", "--series-start", "1e7", "--series-interval-s", "60"),
    ).toBe("echem-time-outside");
  });
});
