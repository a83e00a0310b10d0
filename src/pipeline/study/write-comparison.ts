/** What `xrdct compare` leaves: compare.nxs, tables, figures. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ParameterMap } from "../../data/index.ts";
import { version } from "../../data/version.ts";
import { createResultWriter } from "../../files/result-writer.ts";
import { svgToPng } from "../../files/svg-to-png.ts";
import {
  type CompareConfig,
  type Comparison,
  csvTable,
  markdownTable,
  pairTable,
  placementTable,
  statisticsTable,
} from "../../stages/compare/index.ts";
import { fingerprint } from "../fingerprint.ts";
import { writeWhole } from "../write-whole.ts";
import { comparisonPages } from "./comparison-figures.ts";

export interface WriteComparisonOptions {
  readonly folder: string;
  readonly formats: readonly ("png" | "svg")[];
  /** files that the cells were read from */
  readonly inputs: readonly string[];
  readonly config: CompareConfig;
  readonly title?: string;
}

/**
 * @returns the paths written
 * @throws InputError "disk-full" | "not-writable"
 */
export async function writeComparison(comparison: Comparison, options: WriteComparisonOptions): Promise<string[]> {
  const { folder, formats } = options;
  mkdirSync(folder, { recursive: true });
  const written = [join(folder, "compare.nxs")];
  await writeFile(written[0]!, comparison, options);
  for (const [name, content] of tables(comparison)) {
    const path = join(folder, name);
    writeWhole(path, content);
    written.push(path);
  }
  for (const { name, svg } of comparisonPages(comparison)) {
    for (const format of formats) {
      const path = join(folder, `${name}.${format}`);
      writeWhole(path, format === "svg" ? svg : await svgToPng(svg));
      written.push(path);
    }
  }
  return written;
}

function tables(comparison: Comparison): [string, string][] {
  const { statistics, pairs, reference, notes, cells } = comparison;
  const report = [
    `# ${cells.map(({ name }) => name).join(", ")}: compared on the grid of ${reference}`,
    ...notes.map((note) => `- ${note}`),
    `## Placement\n\nHow each cell lies on ${reference}; in brackets the standard uncertainty of the last digits.`,
    markdownTable(placementTable(comparison, "markdown")),
    "## Statistics\n\nThe uncertainty of a mean is its standard deviation over the root of the number of independent voxels.",
    markdownTable(statisticsTable(statistics, "markdown")),
    "## Differences\n\nz is the difference over its uncertainty.",
    markdownTable(pairTable(pairs, "markdown")),
  ];
  return [
    ["statistics.csv", csvTable(statisticsTable(statistics, "csv"))],
    ["differences.csv", csvTable(pairTable(pairs, "csv"))],
    ["placement.csv", csvTable(placementTable(comparison, "csv"))],
    ["compare.md", `${report.join("\n\n")}`],
  ];
}

async function writeFile(path: string, comparison: Comparison, { inputs, config, title }: WriteComparisonOptions) {
  const startedAt = new Date().toISOString();
  const writer = await createResultWriter(path, {
    ...{ program: "xrdct", version, startedAt },
    title: title ?? comparison.cells.map(({ name }) => name).join(", "),
  });
  try {
    writeMaps(comparison, (name, map) => writer.map(`compare/${name}`, map, { voxelMm: comparison.voxelMm }));
    writer.note("compare/report", "application/json", JSON.stringify(reportOf(comparison), null, 1));
    const endedAt = new Date().toISOString();
    writer.process("compare", {
      ...{ config, startedAt, endedAt, notes: comparison.notes },
      inputs: inputs.map(fingerprint),
    });
    const first = comparison.differences[0];
    if (first) writer.plotFirst(`compare/${first.cell}/difference/${first.map}`);
    writer.finish(endedAt);
  } catch (error) {
    writer.abort();
    throw error;
  }
}

function writeMaps(
  { cells, maps, differences, masks, ny, nx }: Comparison,
  write: (name: string, map: ParameterMap) => void,
): void {
  for (const { name, aligned } of cells) for (const map of maps) write(`${name}/${map}`, aligned.maps.get(map)!);
  for (const { cell, map, difference, significance } of differences) {
    write(`${cell}/difference/${map}`, difference);
    if (significance) write(`${cell}/significance/${map}`, significance);
  }
  for (const [phase, mask] of masks)
    write(`mask/${phase || "all"}`, { name: "mask", unit: "", ny, nx, values: Float32Array.from(mask) });
}

/** What a program wants to know without reading tables. */
export function reportOf({ reference, cells, statistics, pairs, standard, notes }: Comparison) {
  return {
    reference,
    placements: Object.fromEntries(
      cells.flatMap(({ name, registration }) => (registration ? [[name, registration]] : [])),
    ),
    ...{ standard, statistics, differences: pairs, notes },
  };
}
