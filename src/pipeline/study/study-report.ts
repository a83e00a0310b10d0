/** What a study found, for people: Markdown, the short answer first. */
import { withEsd } from "../../data/with-esd.ts";
import { markdownTable, pairTable, placementTable, type Table } from "../../stages/compare/index.ts";
import type { AnalysedCell } from "./analyse-cell.ts";
import { rateText } from "./echem-tables.ts";
import { balanceLines, balanceTable, lithiumTable } from "./lithium-balance.ts";
import type { StudyFindings } from "./run-study.ts";

export function studyReport(findings: StudyFindings): string {
  const { cells, comparison, closings, outcome } = findings;
  const balanced = balanceLines(cells, closings);
  const balance = balanced.length > 0 ? ["## Does the lithium add up?", balanced.join("\n")] : [];
  const parts = [
    `# ${outcome.title || "Study"}`,
    `${cells.length} cells on the grid of ${comparison.reference}: ${comparison.ny} x ${comparison.nx} voxels of ${comparison.voxelMm.toPrecision(4)} mm. Numbers in brackets are standard uncertainties of the last digits.`,
    ...balance,
    "## Cells",
    markdownTable(cellTable(cells)),
    "## How they lie",
    markdownTable(placementTable(comparison, "markdown")),
  ];
  const lithium = cells.filter((cell) => cell.lithium);
  if (lithium.length > 0) {
    parts.push("## Lithium", markdownTable(lithiumTable(lithium)), LITHIUM_WORDS);
    if (closings.length > 0) {
      parts.push("## Lithium between cells, against the charge between them", BALANCE_WORDS);
      parts.push(markdownTable(balanceTable(closings)));
    }
  }
  if (findings.hidden.length > 0) parts.push("## Phases that the mean patterns hide", hiddenLines(findings.hidden));
  if (findings.images.length > 0)
    parts.push("## Other images", findings.images.map(({ line: told }) => `- ${told}`).join("\n"));
  const means = comparison.pairs.filter(({ region }) => region === "all" || region === "");
  parts.push(
    "## Differences of means",
    markdownTable(pairTable(means.length > 0 ? means : comparison.pairs, "markdown")),
  );
  const notes = notesOf(findings);
  if (notes.length > 0) parts.push("## To be known", notes.map((note) => `- ${note}`).join("\n"));
  return `${parts.join("\n\n")}\n`;
}

const LITHIUM_WORDS =
  "x in the cathode is that of the oxide that the maps have a phase for. Oxide found besides it counts with the lithium that its own cell tells, so nothing is assumed of when it was left behind; hidden phases that are no layered oxide count for nothing. Lithium in both electrodes less than 1 is in films on particles, or was never there.";
const BALANCE_WORDS =
  "What the first cell's cathode holds less, its anode more, and what the cycler counted, in mAh of the first cell: the second is scaled to as much oxide. z is a difference over its standard uncertainty; below 2 it closes. All sources of each uncertainty are in tables/closing.csv.";

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

/** One line for each phase that was found, and for each thing that stands out without one. */
function hiddenLines(hidden: StudyFindings["hidden"]): string {
  const lines = hidden.flatMap(({ label, found, added }) => {
    const told = found.components
      .filter(({ verdict }) => verdict === "phase" || verdict === "unknown")
      .map((component) => {
        const { index, verdict, best, why } = component;
        const amount = found.phases.find((phase) => phase.component === index);
        const tried = added.find((phase) => phase.component === index);
        const share = amount
          ? `; ${withEsd(100 * amount.bulkShare, 100 * amount.bulkShareEsd)} wt% of the slice, ${(100 * amount.largestShare).toFixed(0)} wt% where there is most`
          : "";
        const rwp = tried
          ? `; Rwp of its hot spots ${percent(tried.before.statistics.rwp)} without it, ${percent(tried.after.statistics.rwp)} with it`
          : "";
        return `- ${label}: ${verdict === "phase" ? `${best!.name}` : "lines of no known structure"} (${why})${share}${rwp}`;
      });
    return told.length > 0 ? told : [`- ${label}: nothing`];
  });
  return lines.join("\n");
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

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
