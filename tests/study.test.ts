/**
 * A study as a user runs it, from raw scans to report: cells of the worked study at its least size against their truth,
 * stopped and run again, and refused. bench/study.ts holds all five at full size against tighter bounds.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { openResult } from "../src/files/result-reader.ts";
import { tempFolder } from "./temp-folder.ts";
import { hashes, type Ran, runHere, xrdct, xrdctHere } from "./virtual-scan.ts";
import { workedStudy } from "./worked-study.ts";

const folder = tempFolder();
const at = (name: string): string => join(folder, name);
const NAMES = ["pristine", "discharged-C2"] as const;
type Name = (typeof NAMES)[number];
let cells: { name: Name; [setting: string]: unknown }[];
// biome-ignore lint/suspicious/noExplicitAny: truth.json of each cell
let truth: Record<Name, any>;
let ran: Ran;
const out = at("out");

const yaml = (name: string, content: object): string => {
  writeFileSync(at(name), stringify(content));
  return at(name);
};

/** Its scan with places that hold from anywhere, and maps alone: direct reconstruction has tests of its own. */
function scanOf(raw: string, name: Name): string {
  const { dlsr: _, ...scan } = parse(readFileSync(join(raw, name, "scan.yaml"), "utf8"));
  scan.input.folder = join(raw, name);
  scan.map.rietveld.model = join(raw, name, "model.yaml");
  return yaml(`${name}.yaml`, scan);
}

beforeAll(async () => {
  const raw = await workedStudy();
  const worked = parse(readFileSync(join(raw, "study.yaml"), "utf8"));
  truth = Object.fromEntries(
    NAMES.map((name) => [name, JSON.parse(readFileSync(join(raw, name, "truth.json"), "utf8"))]),
  ) as typeof truth;
  cells = NAMES.map((name) => {
    const { scan: _, result: __, images: ___, ...cell } = worked.cells.find((one: { name: Name }) => one.name === name);
    const echem = [cell.echem].flat().map((file: string) => join(raw, file));
    return { ...cell, scan: scanOf(raw, name), echem, truth: join(raw, cell.truth) };
  });
  const lithium = { ...worked.lithium, table: join(raw, "nmc532.csv") };
  const study = yaml("study.yaml", { ...worked, cells, lithium });
  const args = ["study", study, "-o", out, "--format", "svg", "--json", "--quiet"];
  const stopped = xrdct([...args, "--workers", "2"], { killAt: "interrupt:map:2" });
  expect(stopped.code).toBe(130);
  expect(existsSync(join(out, "report.md")) || existsSync(join(out, "pristine.nxs"))).toBe(false);
  ran = await xrdctHere([...args, "--workers", "1"]);
  expect(ran.stderr).toBe("");
}, 600_000);

const cellOf = (name: Name) => ran.json.cells.find((cell: { name: string }) => cell.name === name);
const truthMean = (name: Name, electrode: "cathode" | "anode"): number => truth[name][electrode].meanX;
/** x of a whole electrode, with the table and the scale in its uncertainty */
const wholeOf = (name: Name, electrode: string): { x: number; esd: number; total: number } =>
  cellOf(name).lithium.rows.find((row: { electrode: string; kind: string }) => {
    return row.electrode === electrode && row.kind === "all";
  });

describe("a study", () => {
  /**
   * Maps by Rietveld alone hold parallax: 500 ppm where the cell is widest, 7 mÅ of c, where 0.43 Å of c are one
   * lithium. Voxels of 0.18 mm are half as thick as a coating, so that its faces are shared with what lies beside it.
   */
  const WITHIN = 0.03;
  const C_OF_X = 0.43;

  it.each(NAMES)("finds the lithium of both electrodes of %s", (name) => {
    const [cathode, anode] = [wholeOf(name, "NMC532"), wholeOf(name, "anode")];
    expect(Math.abs(cathode.x - truthMean(name, "cathode"))).toBeLessThan(WITHIN);
    expect(Math.abs(anode.x - truthMean(name, "anode"))).toBeLessThan(WITHIN);
    for (const { esd, total } of [cathode, anode]) {
      expect(esd).toBeGreaterThan(0);
      expect(total).toBeGreaterThan(esd);
    }
  });

  it("finds how c of the cells differs, and their grids turned as they were laid in the beam", () => {
    const all = ran.json.differences.find(
      ({ map, region, cell }: { map: string; region: string; cell: string }) =>
        map === "NMC532/c" && region === "all" && cell === "discharged-C2",
    );
    const true_ = truth["discharged-C2"].cathode.meanC - truth.pristine.cathode.meanC;
    expect(true_).toBeLessThan(-0.17);
    expect(all.minus).toBe("pristine");
    expect(Math.abs(all.difference - true_)).toBeLessThan(WITHIN * C_OF_X);
    const placed = ran.json.placements["discharged-C2"];
    const [turned, turnedReference] = [truth["discharged-C2"], truth.pristine].map(
      ({ placement }) => placement.rotationDeg,
    );
    expect(Math.abs(Math.abs(placed.rotationDeg) - Math.abs(turned - turnedReference))).toBeLessThan(1);
  });

  it("holds lithium between cells against the cycler: what the cathode took up is the charge, to a tenth", () => {
    const closing = ran.json.closings.find(({ what }: { what: string }) => /^cathode, cycler/.test(what));
    const [a, b] = NAMES.map((name) => truth[name].netChargeMAh as number) as [number, number];
    expect(closing.unit).toBe("mAh");
    expect(Math.abs(Math.abs(closing.right) / Math.abs(a - b) - 1)).toBeLessThan(0.02);
    expect(Math.abs(closing.residual)).toBeLessThan(0.1 * Math.abs(a - b));
    expect(closing.residualEsd).toBeGreaterThan(0);
    expect(closing.z).toBeCloseTo(closing.residual / closing.residualEsd, 6);
  });

  it("leaves maps on one grid, tables, figures and a report that say the same", async () => {
    const parts = ["study.nxs", "report.md", "report.json", "tables/differences.csv", "tables/inventory.csv"];
    for (const name of [...parts, "tables/closing.csv", "tables/segments.csv", "figures/lithium.svg"])
      expect([name, ran.json.written.includes(join(out, name)) && existsSync(join(out, name))]).toEqual([name, true]);
    const file = await openResult(join(out, "study.nxs"));
    const [x, c] = [file.readMap("lithium/discharged-C2/NMC532/x"), file.readMap("compare/pristine/NMC532/c")];
    expect([x.ny, x.nx]).toEqual([c.ny, c.nx]);
    expect(c.unit).toBe("Å");
    const difference = file.readMap("compare/discharged-C2/difference/NMC532/c").values;
    const found = file.readMap("compare/discharged-C2/NMC532/c").values;
    difference.forEach((value, v) => {
      if (Number.isFinite(value)) expect(value).toBeCloseTo(found[v]! - c.values[v]!, 4);
    });
    file.close();
    const report = readFileSync(join(out, "report.md"), "utf8");
    for (const { label } of cells as unknown as { label: string }[]) expect(report).toContain(label);
    expect(JSON.parse(readFileSync(join(out, "report.json"), "utf8")).closings).toEqual(ran.json.closings);
  });

  it("was stopped while it ran its first cell, and has the bits of a run that was not", async () => {
    await runHere(at("pristine.yaml"), at("alone.nxs"));
    expect(await hashes(join(out, "pristine.nxs"))).toEqual(await hashes(at("alone.nxs")));
  });

  it("finds the inactive oxide of one cell without being told, and no phase in the other", () => {
    const hiddenOf = (name: Name) => ran.json.hidden.find((one: { name: string }) => one.name === name);
    const phasesOf = (name: Name): string[] =>
      hiddenOf(name)
        .components.filter(({ verdict }: { verdict: string }) => verdict === "phase")
        .map(({ best }: { best: string }) => best);
    expect(phasesOf("pristine")).toEqual([]);
    expect(phasesOf("discharged-C2")).toEqual(["NMC532"]);
    const share = truth["discharged-C2"].weightFractions["NMC532-inactive"];
    expect(share).toBeLessThan(0.01);
    const [phase] = hiddenOf("discharged-C2").phases;
    // its grains fill voxels of this size in part, and their scale stands on few of them
    expect(phase.bulkShare / share).toBeGreaterThan(0.5);
    expect(phase.bulkShare / share).toBeLessThan(2);
    expect(phase.largestShare).toBeGreaterThan(0.15);
  });
});

describe("a study.yaml that cannot be", () => {
  it.each<[string, () => object, string, RegExp]>([
    ["a setting that is not there", () => ({ cells, refrence: "pristine" }), "config-invalid", /refrence.*reference/s],
    ["two cells of one name", () => ({ cells: [cells[0], cells[0]] }), "study-cells", /two cells.*pristine/],
    ["one cell alone", () => ({ cells: [cells[0]] }), "study-cells", /one cell, "pristine".*two or more/],
    ["a reference that is no cell", () => ({ cells, reference: "first" }), "study-cells", /pristine, discharged-C2/],
    [
      "a cell of nothing",
      () => ({ cells: [cells[0], { name: "bare" }] }),
      "study-cells",
      /"bare" has neither a scan nor/,
    ],
    [
      "files that are not there, all of them told",
      () => ({ cells: cells.map((cell) => ({ ...cell, scan: `${cell.name}-lost.yaml`, echem: "lost.DTA" })) }),
      "study-files-missing",
      /pristine-lost\.yaml.*lost\.DTA.*discharged-C2-lost\.yaml/s,
    ],
    [
      "a role for phases that no cell has",
      () => ({
        cells: cells.map(({ scan: _, ...cell }) => ({ ...cell, result: join(out, `${cell.name}.nxs`) })),
        phases: { cathode: ["NMC811"] },
      }),
      "study-phases",
      /NMC811.*NMC532/,
    ],
  ])("is refused before any work: %s", async (_, content, code, message) => {
    const refused = await xrdctHere(["study", yaml("bad.yaml", content()), "-o", at("bad"), "--json", "--quiet"]);
    expect(refused.code).toBe(2);
    expect(refused.json.error.code).toBe(code);
    expect(refused.json.error.message).toMatch(message);
    expect(existsSync(join(at("bad"), "study.nxs"))).toBe(false);
  });
});
