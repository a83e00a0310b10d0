/** Lithium of a cell as files: lithium.nxs, tables, report, figures. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { version } from "../../data/version.ts";
import { createResultWriter } from "../../files/result-writer.ts";
import { svgToPng } from "../../files/svg-to-png.ts";
import type { LithiumConfig } from "../../stages/lithium/index.ts";
import { fingerprint } from "../fingerprint.ts";
import { writeWhole } from "../write-whole.ts";
import { lithiumFigures } from "./lithium-figures.ts";
import type { CellLithium } from "./lithium-of-cell.ts";
import { closingsCsv, inventoryCsv, lithiumCsv, lithiumReport } from "./lithium-tables.ts";

export interface WriteLithiumOptions {
  /** which exists */
  readonly folder: string;
  readonly formats: readonly ("png" | "svg")[];
  /** files that were read */
  readonly inputs: readonly string[];
  readonly config: LithiumConfig;
}

/** @returns the paths written */
export async function writeLithium(cell: CellLithium, options: WriteLithiumOptions): Promise<string[]> {
  const { folder, formats } = options;
  const figures = lithiumFigures(cell);
  const written = [join(folder, "lithium.nxs")];
  await writeMaps(cell, written[0]!, options);
  const texts = [
    ["lithium.csv", lithiumCsv([cell])],
    ["inventory.csv", inventoryCsv([cell])],
    ["closing.csv", closingsCsv([cell])],
    ["report.md", lithiumReport(cell)],
  ] as const;
  for (const [name, text] of texts) {
    const path = join(folder, name);
    writeWhole(path, text);
    written.push(path);
  }
  for (const [name, svg] of figures) {
    for (const format of formats) {
      const path = join(folder, `${name}.${format}`);
      writeFileSync(path, format === "svg" ? svg : await svgToPng(svg));
      written.push(path);
    }
  }
  return written;
}

async function writeMaps(cell: CellLithium, path: string, { inputs, config }: WriteLithiumOptions): Promise<void> {
  const startedAt = new Date().toISOString();
  const writer = await createResultWriter(path, {
    program: "xrdct",
    version,
    title: `lithium of ${cell.name}`,
    startedAt,
  });
  try {
    writer.process("lithium", {
      config,
      startedAt,
      endedAt: new Date().toISOString(),
      inputs: inputs.map(fingerprint),
      notes: [...cell.notes],
    });
    for (const [name, map] of cell.maps.maps) {
      writer.map(`lithium/${name}`, map, { voxelMm: cell.maps.voxelMm, longName: longNameOf(name) });
    }
    writer.note("lithium/report", "text/markdown", lithiumReport(cell));
    const first = cell.oxides[0] ? `${cell.oxides[0].lithium.name}/x` : "anode/x";
    writer.plotFirst(`lithium/${first}`);
    writer.finish(new Date().toISOString());
  } catch (error) {
    writer.abort();
    throw error;
  }
}

const LONG_NAMES: Readonly<Record<string, string>> = {
  x: "lithium content x",
  x_total: "standard deviation of x, table and scale included",
  x_low: "x, lower end of the 95 % band",
  x_high: "x, upper end of the 95 % band",
  x_flag: "x: 0 none, 1 unique, 2 ambiguous, 3 outside the table",
  x_other: "the other x that a and c allow",
  x_weight: "probability of the branch of x",
  x_spacing: "x by the layer spacing",
  amount: "formula units, not scaled",
  carbon: "carbon atoms, not scaled",
};

function longNameOf(name: string): string {
  const [phase, what] = name.split("/") as [string, string];
  return `${phase}: ${LONG_NAMES[what] ?? what}`;
}
