/** What `xrdct study` leaves: study.nxs, tables, figures, a report. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type ParameterMap, type Places, REGIONS } from "../../data/index.ts";
import { version } from "../../data/version.ts";
import { createResultWriter, type ResultWriter } from "../../files/result-writer.ts";
import { csvTable, markdownTable, pairTable, placementTable, statisticsTable } from "../../stages/compare/index.ts";
import { esdOf } from "../../stages/lithium/index.ts";
import { fingerprint } from "../fingerprint.ts";
import { writeWhole } from "../write-whole.ts";
import { cyclingCurves } from "./cycling-curves.ts";
import { cyclesCsv, segmentsCsv } from "./echem-tables.ts";
import { closingsCsv, inventoryCsv, lithiumCsv } from "./lithium-tables.ts";
import type { StudyFindings } from "./run-study.ts";
import { studyCounts } from "./study-counts.ts";
import { writeStudyFigures } from "./study-figures.ts";
import { studyReport } from "./study-report.ts";
import { unexplainedJson } from "./unexplained-report.ts";
import { reportOf } from "./write-comparison.ts";
import { placementOf } from "./write-overlay.ts";

export interface WriteStudyOptions {
  readonly folder: string;
  readonly formats: readonly ("png" | "svg")[];
  /** ISO 8601 */
  readonly startedAt: string;
}

/**
 * Writes what a study came to as one NeXus file of maps on the common grid.
 *
 * @returns the paths written
 */
export async function writeStudy(findings: StudyFindings, options: WriteStudyOptions): Promise<string[]> {
  const { folder, formats } = options;
  const path = join(folder, "study.nxs");
  await writeMaps(findings, path, options);
  const written = [path, ...[...findings.hidden, ...findings.images].flatMap((part) => part.written)];
  const write = (name: string, content: string | Uint8Array): void => {
    writeWhole(join(folder, name), content);
    written.push(join(folder, name));
  };
  mkdirSync(join(folder, "tables"), { recursive: true });
  for (const [name, text] of studyTables(findings)) write(join("tables", name), text);
  const figures = join(folder, "figures");
  const { cells, outcome } = findings;
  written.push(
    ...(await writeStudyFigures(outcome, figures, formats, {
      patterns: cells.flatMap(({ pattern }) => pattern ?? []),
      inventory: studyCounts(findings),
    })),
  );
  write("report.json", `${JSON.stringify(studyJson(findings), null, 1)}\n`);
  write("report.md", studyReport(findings));
  return written;
}

/** [name of the file, text] */
function studyTables({ cells, comparison, closings, outcome }: StudyFindings): [string, string][] {
  const lithium = cells.flatMap((cell) => cell.lithium ?? []);
  const echem = cells.flatMap((cell) => cell.echem ?? []);
  const { statistics, pairs } = comparison;
  return [
    ["statistics.csv", csvTable(statisticsTable(statistics, "csv"))],
    ["statistics.md", markdownTable(statisticsTable(statistics, "markdown"))],
    ["differences.csv", csvTable(pairTable(pairs, "csv"))],
    ["differences.md", markdownTable(pairTable(pairs, "markdown"))],
    ["placement.csv", csvTable(placementTable(comparison, "csv"))],
    ...(lithium.length > 0
      ? ([
          ["lithium.csv", lithiumCsv(lithium)],
          ["inventory.csv", inventoryCsv(lithium)],
          ["closing.csv", closingsCsv([...lithium, { name: "between cells", closings }])],
        ] as [string, string][])
      : []),
    ...(echem.length > 0
      ? ([
          ["segments.csv", segmentsCsv(echem)],
          ["cycles.csv", cyclesCsv(echem)],
          ["cycling.json", `${JSON.stringify(cyclingCurves(outcome))}\n`],
        ] as [string, string][])
      : []),
  ];
}

/** All of it as numbers, for programs. */
export function studyJson({ study, cells, comparison, closings, hidden, images }: StudyFindings) {
  return {
    title: study.config.title,
    ...reportOf(comparison),
    cells: cells.map(({ config, label, result, places, lithium, echem }) => ({
      ...{ name: config.name, label, result, state: config.state, rate: config.rate },
      places: places.report,
      ...(lithium && {
        lithium: {
          rows: lithium.rows,
          inactive: lithium.inactive,
          systematics: lithium.systematics,
          notes: lithium.notes,
        },
      }),
      ...(echem && { cycling: echem.description }),
    })),
    closings: closings.map(({ what, unit, left, right, residual, z, words }) => ({
      ...{ what, unit, z, words },
      ...{ left: left.value, leftEsd: esdOf(left), right: right.value, rightEsd: esdOf(right) },
      ...{ residual: residual.value, residualEsd: esdOf(residual) },
    })),
    hidden: hidden.map(({ name, found, added }) => ({ name, ...unexplainedJson(found, added) })),
    images: images.map(({ name, placed }) => ({ cell: name, ...placementOf(placed) })),
  };
}

/**
 * study.nxs, all on the common grid: compare/CELL/NMC532/c ..., compare/CELL/difference/NMC532/c ...,
 * places/CELL/region ..., lithium/CELL/NMC532/x ...
 */
async function writeMaps(findings: StudyFindings, path: string, { startedAt }: WriteStudyOptions): Promise<void> {
  const { study, cells, comparison, outcome } = findings;
  const writer = await createResultWriter(path, {
    program: "xrdct",
    version,
    startedAt,
    title: outcome.title || "study",
  });
  try {
    const { voxelMm } = comparison;
    const put = (name: string, map: ParameterMap): void => writer.map(name, map, { voxelMm });
    for (const { name, aligned, lithium, places } of outcome.cells) {
      for (const [map, values] of aligned.maps) put(`compare/${name}/${map}`, values);
      for (const [map, values] of lithium.maps) put(`lithium/${name}/${map}`, values);
      writePlaces(writer, `places/${name}`, places);
    }
    for (const { cell, map, difference, significance } of comparison.differences) {
      put(`compare/${cell}/difference/${map}`, difference);
      if (significance) put(`compare/${cell}/significance/${map}`, significance);
    }
    writer.note("compare/report", "application/json", JSON.stringify(studyJson(findings), null, 1));
    const endedAt = new Date().toISOString();
    const inputs = [study.path, ...cells.map(({ result }) => result)].map(fingerprint);
    const { config } = study;
    const common = { startedAt, endedAt, inputs };
    writer.process("compare", { ...common, config, notes: comparison.notes });
    writer.process("places", {
      ...common,
      config: config.places,
      notes: cells.flatMap(({ places }) => places.report.notes),
    });
    if (config.lithium !== false) {
      const notes = cells.flatMap(({ label, lithium }) => (lithium?.notes ?? []).map((note) => `${label}: ${note}`));
      writer.process("lithium", { ...common, config: config.lithium, notes });
    }
    writer.finish(endedAt);
  } catch (error) {
    writer.abort();
    throw error;
  }
}

/** The numbers of regions are those of REGIONS; the long name says them. */
const REGION_NAMES = Object.entries(REGIONS)
  .map(([name, value]) => `${value} ${name}`)
  .join(", ");

function writePlaces(writer: ResultWriter, at: string, places: Places): void {
  const { ny, nx, voxelMm } = places;
  const put = (name: string, unit: string, values: Float32Array, longName: string): void =>
    writer.map(`${at}/${name}`, { name, ny, nx, unit, values }, { voxelMm, longName });
  put("region", "", Float32Array.from(places.region), `region: ${REGION_NAMES}`);
  put("to_casing", "mm", places.toCasingMm, "distance to the casing");
  put("to_core", "mm", places.toCoreMm, "distance to the core");
  put("to_tab", "mm", places.toTabMm, "distance to the tab");
  put("to_separator", "mm", places.toSeparatorMm, "distance to the separator");
  put("depth", "", places.depth, "depth in the coating: 0 separator, 1 collector");
  put("along", "mm", places.alongMm, "length along the electrode");
  put(
    "layer",
    "",
    Float32Array.from(places.layer, (layer) => (layer < 0 ? Number.NaN : layer)),
    "layer",
  );
}
