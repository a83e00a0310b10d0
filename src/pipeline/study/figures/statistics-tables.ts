/** (9) Means and deviations of every quantity of every cell, as a figure, CSV and Markdown. */
import { REGIONS } from "../../../data/index.ts";
import { describe } from "../../../stages/compare/index.ts";
import { inRows, letterAt, lettered, plusMinus, printFigure, tableBlock } from "../../../stages/figure/index.ts";
import type { StudyCell, StudyOutcome } from "../study-outcome.ts";
import { contentsOf, phasesOf, shownValues } from "./shown-maps.ts";
import { PRINT, type StudyFigure } from "./study-figure.ts";

/** Of one quantity in one part of one cell. */
export interface StatisticsRow {
  readonly cell: string;
  readonly quantity: string;
  readonly unit: string;
  /** the whole slice, or a third of the way from core to casing */
  readonly part: Part;
  readonly voxels: number;
  readonly mean: number;
  readonly standardDeviation: number;
  /** standard uncertainty of the mean, as in the tables of the comparison; NaN where there are fewer than three voxels */
  readonly esdOfMean: number;
  readonly median: number;
}

const PARTS = ["whole slice", "inner third", "middle third", "outer third"] as const;
type Part = (typeof PARTS)[number];

interface Quantity {
  readonly name: string;
  readonly unit: string;
  readonly factor: number;
  readonly valuesOf: (cell: StudyCell) => Float64Array | undefined;
}

function quantitiesOf(study: StudyOutcome): Quantity[] {
  const ofPhases = phasesOf(study).flatMap((phase) => [
    quantity(`${phase}/weight_fraction`, "wt%", 100),
    ...["a", "b", "c"].map((symbol) => quantity(`${phase}/${symbol}`, "Å", 1)),
  ]);
  const contents = contentsOf(study).map(
    (name): Quantity => ({ name, unit: "", factor: 1, valuesOf: ({ lithium }) => shownValues(lithium, name) }),
  );
  return [...contents, ...ofPhases, quantity("rwp", "%", 100)];
}

const quantity = (name: string, unit: string, factor: number): Quantity => ({
  name,
  unit,
  factor,
  valuesOf: ({ aligned }) => shownValues(aligned, name),
});

/** Every cell, quantity and part for which there are voxels. */
export function studyStatistics(study: StudyOutcome): StatisticsRow[] {
  const thirds = study.cells.map(thirdsOf);
  return quantitiesOf(study).flatMap((quantity) =>
    study.cells.flatMap((cell, c) => {
      const values = quantity.valuesOf(cell)?.map((value) => quantity.factor * value);
      if (!values) return [];
      return PARTS.flatMap((part, p) => {
        const isIn = (i: number): boolean => (p === 0 ? thirds[c]![i]! !== OUTSIDE : thirds[c]![i]! === p);
        const statistics = statisticsOf(cell, values, isIn);
        return statistics
          ? [{ cell: cell.name, quantity: quantity.name, unit: quantity.unit, part, ...statistics }]
          : [];
      });
    }),
  );
}

const OUTSIDE = 255;

/** 1, 2, 3 of the way from core to casing, 0 where that is not known; `OUTSIDE` outside the sample. */
function thirdsOf({ places }: StudyCell): Uint8Array {
  return Uint8Array.from(places.region, (region, i) => {
    if (region === REGIONS.outside) return OUTSIDE;
    const outwards = places.toCoreMm[i]! / (places.toCoreMm[i]! + places.toCasingMm[i]!);
    return Number.isFinite(outwards) ? 1 + Math.min(2, Math.max(0, Math.floor(3 * outwards))) : 0;
  });
}

function statisticsOf(
  { aligned: { ny, nx } }: StudyCell,
  values: Float64Array,
  isIn: (i: number) => boolean,
): Pick<StatisticsRow, "voxels" | "mean" | "standardDeviation" | "esdOfMean" | "median"> | undefined {
  const found = describe(
    { ny, nx, values },
    Uint8Array.from(values, (_, i) => (isIn(i) ? 1 : 0)),
  );
  return (
    found && {
      ...{ voxels: found.n, mean: found.mean, standardDeviation: found.sd },
      ...{ esdOfMean: found.esd, median: found.median },
    }
  );
}

const COLUMNS = [
  ["cell", "cell"],
  ["quantity", "quantity"],
  ["unit", "unit"],
  ["part", "part"],
  ["voxels", "voxels"],
  ["mean", "mean"],
  ["standardDeviation", "standard deviation"],
  ["esdOfMean", "standard uncertainty of the mean"],
  ["median", "median"],
] as const satisfies readonly (readonly [keyof StatisticsRow, string])[];

/** RFC 4180, a row for each cell, quantity and part, in full precision. */
export function statisticsCsv(rows: readonly StatisticsRow[]): string {
  const field = (value: string | number): string => {
    const said = typeof value === "number" ? (Number.isFinite(value) ? String(value) : "") : value;
    return /[",\n]/.test(said) ? `"${said.replaceAll('"', '""')}"` : said;
  };
  const lines = rows.map((row) => COLUMNS.map(([key]) => field(row[key])).join(","));
  return `${[COLUMNS.map(([, head]) => head).join(","), ...lines].join("\n")}\n`;
}

const NOTE =
  "Mean ± standard deviation over voxels whose fit converged: weight fractions and Rwp over all of them, lattice parameters and lithium over those that hold the phase. Thirds are of the way from the core to the casing.";

/** A row for each quantity, a column for each cell: mean ± standard deviation over the voxels. */
export function statisticsMarkdown(study: StudyOutcome, rows: readonly StatisticsRow[]): string {
  const tables = PARTS.map((part) => {
    const { heads, rows: lines } = wideTable(study, rows, part);
    if (lines.length === 0) return "";
    const row = (cells: readonly string[]): string =>
      `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
    return [`## ${part}`, "", row(heads), row(heads.map(() => "---")), ...lines.map(row), ""].join("\n");
  });
  return `# ${study.title || "Study"}: means and deviations\n\n${NOTE}\n\n${tables.filter(Boolean).join("\n")}`;
}

function wideTable({ cells }: StudyOutcome, rows: readonly StatisticsRow[], part: Part) {
  const quantities = [...new Set(rows.filter((row) => row.part === part).map(({ quantity }) => quantity))];
  const heads = ["", ...cells.map(({ label }) => label)];
  const lines = quantities.map((name) => {
    const found = cells.map(({ name: cell }) =>
      rows.find((row) => row.cell === cell && row.quantity === name && row.part === part),
    );
    const unit = found.find((row) => row)?.unit;
    return [
      `${name.replace("/weight_fraction", "").replace("/", " ").replace("rwp", "Rwp")}${unit ? ` (${unit})` : ""}`,
      ...found.map((row) => (row ? plusMinus(row.mean, row.standardDeviation) : "–")),
    ];
  });
  return { heads, rows: lines };
}

/** The whole slice; then, of what is in the electrodes, the thirds. */
export function tableFigure(study: StudyOutcome, rows: readonly StatisticsRow[]): StudyFigure[] {
  const active = [...study.roles.cathode, ...study.roles.anode];
  const isOfElectrodes = ({ quantity }: StatisticsRow): boolean =>
    quantity.endsWith("/x") || active.some((phase) => quantity.startsWith(`${phase}/`));
  const [whole, ...thirds] = PARTS;
  return [
    ...tablePage(study, rows, [whole], "table", "Means and deviations"),
    ...tablePage(study, rows.filter(isOfElectrodes), thirds, "table-thirds", "Means and deviations by place"),
  ];
}

function tablePage(
  study: StudyOutcome,
  rows: readonly StatisticsRow[],
  parts: readonly Part[],
  name: string,
  title: string,
): StudyFigure[] {
  const tables = parts
    .map((part) => ({ part, table: wideTable(study, rows, part) }))
    .filter(({ table }) => table.rows.length > 0);
  if (tables.length === 0) return [];
  const blocks = tables.map(({ part, table }, i) =>
    lettered(tables.length > 1 ? letterAt(i) : "", part, tableBlock(table)),
  );
  return [{ name, title, svg: printFigure({ ...PRINT, title, note: NOTE }, inRows(blocks, 1)) }];
}
