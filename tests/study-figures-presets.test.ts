/** `xrdct figure --preset`: one result as papers show it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openResult, type Result } from "../src/files/result-reader.ts";
import { createResultWriter } from "../src/files/result-writer.ts";
import { presetFigures, presetOf, refuseStudy } from "../src/pipeline/study/preset-figures.ts";
import { study, VOXEL_MM } from "./study-figures-cells.ts";

const folder = mkdtempSync(join(tmpdir(), "xrdct-presets-"));
let result: Result;

beforeAll(async () => {
  const startedAt = "2026-01-01T00:00:00.000Z";
  const path = join(folder, "cell.nxs");
  const writer = await createResultWriter(path, { program: "xrdct", version: "0", startedAt, title: "a cell" });
  for (const [name, map] of study.cells[0]!.own.maps) writer.map(`map/${name}`, map, { voxelMm: VOXEL_MM });
  writer.process("map", { config: {}, startedAt, endedAt: startedAt, notes: [], inputs: [] });
  writer.finish(startedAt);
  result = await openResult(path);
});

afterAll(() => {
  result?.close();
  rmSync(folder, { recursive: true, force: true });
});

it("draws components by the names of the phases, with a scale bar", () => {
  const [figure, ...others] = presetFigures(result, "components");
  expect(others).toEqual([]);
  for (const part of ["cathode (NMC532)", "anode (graphite)", "casing (Fe)", "1 mm", 'width="90mm"'])
    expect(figure!.svg).toContain(part);
});

it("draws lattice parameters of the phases that have any, and the weight fractions of all", () => {
  expect(presetFigures(result, "lattice").map(({ name }) => name)).toEqual(["lattice-NMC532"]);
  const [phases] = presetFigures(result, "phases");
  for (const phase of ["NMC532", "graphite", "Fe"]) expect(phases!.svg).toContain(`${phase}, weight fraction`);
  expect(presetFigures(result, "rwp")).toHaveLength(1);
});

it("says what there is where a preset is unknown or has nothing to show", () => {
  expect(() => presetOf("compnents")).toThrow(/There are components, indexed-pattern/);
  expect(() => presetFigures(result, "indexed-pattern")).toThrow(/without a Rietveld map/);
});

it("says that a study was drawn already", async () => {
  const path = join(folder, "study.nxs");
  const startedAt = "2026-01-01T00:00:00.000Z";
  const writer = await createResultWriter(path, { program: "xrdct", version: "0", startedAt, title: "a study" });
  for (const [name, map] of study.cells[0]!.own.maps) writer.map(`compare/one/${name}`, map, { voxelMm: VOXEL_MM });
  writer.process("compare", { config: {}, startedAt, endedAt: startedAt, notes: [], inputs: [] });
  writer.finish(startedAt);
  const opened = await openResult(path);
  try {
    expect(() => refuseStudy(opened)).toThrow(/several cells: `xrdct study` drew them/);
    expect(() => refuseStudy(result)).not.toThrow();
  } finally {
    opened.close();
  }
});
