/** What a study found, for people: Markdown, the short answer first. */
import { withEsd } from "../../data/with-esd.ts";
import { markdownTable, pairTable, placementTable, type Table } from "../../stages/compare/index.ts";
import { esdOf } from "../../stages/lithium/index.ts";
import type { AnalysedCell } from "./analyse-cell.ts";
import { rateText } from "./echem-tables.ts";
import type { StudyFindings } from "./run-study.ts";

export function studyReport(findings: StudyFindings): string {
  const { cells, comparison, closings, outcome } = findings;
  const parts = [
    `# ${outcome.title || "Study"}`,
    `${cells.length} cells on the grid of ${comparison.reference}: ${comparison.ny} x ${comparison.nx} voxels of ${comparison.voxelMm.toPrecision(4)} mm. Numbers in brackets are standard uncertainties of the last digits.`,
    "## Cells",
    markdownTable(cellTable(cells)),
    "## How they lie",
    markdownTable(placementTable(comparison, "markdown")),
  ];
  const lithium = cells.filter((cell) => cell.lithium);
  if (lithium.length > 0) {
    parts.push("## Lithium", markdownTable(lithiumTable(lithium)));
    if (closings.length > 0) {
      parts.push("## Lithium between cells, against the charge between them", ...[closings.map(line).join("\n")]);
    }
  }
  const means = comparison.pairs.filter(({ region }) => region === "all" || region === "");
  parts.push(
    "## Differences of means",
    markdownTable(pairTable(means.length > 0 ? means : comparison.pairs, "markdown")),
  );
  const notes = notesOf(findings);
  if (notes.length > 0) parts.push("## To be known", notes.map((note) => `- ${note}`).join("\n"));
  return `${parts.join("\n\n")}\n`;
}

const line = ({ what, words }: { readonly what: string; readonly words: string }): string => `- ${what}: ${words}`;

function cellTable(cells: readonly AnalysedCell[]): Table {
  return {
    head: [
      "cell",
      "state",
      "rate as set",
      "rate as measured",
      "capacity (mAh)",
      "turns",
      "pitch (mm)",
      "casing inside (mm)",
    ],
    rows: cells.map(({ label, config, echem, places: { report } }) => {
      const capacity = echem?.description.capacity;
      const rates = [
        ...new Set(
          (echem?.description.segments ?? [])
            .filter(({ kind }) => kind === "CC")
            .map(({ trueRate }) => rateText(trueRate)),
        ),
      ];
      const turns = report.electrodes.find(({ electrode }) => electrode === "cathode")?.turns;
      return [
        label,
        config.state ?? "",
        config.rate ?? "",
        rates.join(", "),
        capacity ? withEsd(1000 * capacity.ah, 1000 * capacity.esd) : "",
        turns?.toFixed(2) ?? "",
        report.winding?.pitchMm.toFixed(3) ?? "",
        report.casing ? withEsd(report.casing.insideRadiusMm, report.casing.insideRadiusEsdMm) : "",
      ];
    }),
  };
}

function lithiumTable(cells: readonly AnalysedCell[]): Table {
  return {
    head: ["cell", "x in the cathode", "x in the anode", "released less taken up (mol/mol)", "inactive"],
    rows: cells.map(({ label, lithium }) => {
      const { inventory, inactive } = lithium!;
      const cell = (of: { readonly value: number } | undefined): string =>
        of ? withEsd(of.value, esdOf(of as Parameters<typeof esdOf>[0])) : "";
      return [
        label,
        ...[inventory?.cathode, inventory?.anodeX, inventory?.residual].map(cell),
        inactive.map(({ how, share, esd }) => `${withEsd(100 * share, 100 * esd)} % (${how})`).join("; "),
      ];
    }),
  };
}

function notesOf({ cells, comparison }: StudyFindings): string[] {
  const own = cells.flatMap(({ label, places, lithium, echem }) =>
    [
      ...places.report.notes,
      ...(lithium?.notes ?? []),
      ...(echem?.description.notes ?? []),
      ...(echem?.record.notes ?? []),
    ].map((note) => `${label}: ${note}`),
  );
  return [...comparison.notes, ...own];
}
