/** Tables of a comparison as text: CSV with every number, Markdown with uncertainties as papers print them. */
import { withEsd } from "../../data/with-esd.ts";
import type { Comparison, PairRow, StatisticsRow } from "./compare-slices.ts";

export type Cell = string | number;
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** RFC 4180: fields with commas, quotes or line ends are quoted; NaN is an empty field. */
export function csvTable({ head, rows }: Table): string {
  const field = (cell: Cell): string => {
    if (typeof cell === "number") return Number.isFinite(cell) ? String(Number(cell.toPrecision(9))) : "";
    return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  };
  return `${[head, ...rows].map((row) => row.map(field).join(",")).join("\n")}\n`;
}

export function markdownTable({ head, rows }: Table): string {
  const line = (row: readonly Cell[]): string =>
    `| ${row.map((cell) => (typeof cell === "number" ? number(cell) : cell.replaceAll("|", "\\|"))).join(" | ")} |`;
  return `${[line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n")}\n`;
}

const number = (value: number): string => (Number.isFinite(value) ? String(Number(value.toPrecision(6))) : "");
const esdText = (value: number, esd: number): string =>
  Number.isFinite(value) ? withEsd(value, Number.isFinite(esd) ? esd : null) : "";
/** No more digits than the uncertainty lets stand. */
const like = (value: number, esd: number): string =>
  esd > 0 ? value.toFixed(Math.max(0, 1 - Math.floor(Math.log10(esd)))) : number(value);

/** @param form "csv": a column for each number; "markdown": means with their uncertainties */
export function statisticsTable(rows: readonly StatisticsRow[], form: "csv" | "markdown"): Table {
  if (form === "csv") {
    const columns = [
      ...["n", "effective", "mean", "esd", "weightedMean", "weightedEsd", "sd", "median", "lowerQuartile"],
      ...["upperQuartile", "min", "max", "voxelEsd", "heterogeneity", "heterogeneityEsd"],
    ] as (keyof StatisticsRow)[];
    return {
      head: ["map", "unit", "region", "cell", ...columns.map(snake)],
      rows: rows.map((row) => [row.map, row.unit, row.region, row.cell, ...columns.map((column) => row[column])]),
    };
  }
  return {
    head: [
      "map",
      "region",
      "cell",
      "mean",
      "weighted mean",
      "sd",
      "median (quartiles)",
      "beyond counting",
      "voxels (independent)",
    ],
    rows: rows.map((row) => [
      row.unit ? `${row.map} (${row.unit})` : row.map,
      ...[row.region, row.cell, esdText(row.mean, row.esd), esdText(row.weightedMean, row.weightedEsd)],
      like(row.sd, row.esd),
      `${like(row.median, row.esd)} (${like(row.lowerQuartile, row.esd)} to ${like(row.upperQuartile, row.esd)})`,
      esdText(row.heterogeneity, row.heterogeneityEsd),
      `${row.n} (${row.effective.toFixed(0)})`,
    ]),
  };
}

export function pairTable(rows: readonly PairRow[], form: "csv" | "markdown"): Table {
  if (form === "csv") {
    return {
      head: ["map", "unit", "region", "cell", "minus", "n", "difference", "esd", "standard_esd", "z", "paired"],
      rows: rows.map((row) => [
        ...[row.map, row.unit, row.region, row.cell, row.minus, row.n, row.difference, row.esd, row.standardEsd],
        ...[row.z, row.paired ? "yes" : "no"],
      ]),
    };
  }
  return {
    head: ["map", "region", "cell", "minus", "difference", "z", "voxels"],
    rows: rows.map((row) => [
      row.unit ? `${row.map} (${row.unit})` : row.map,
      ...[row.region, row.cell, row.minus, esdText(row.difference, Math.hypot(row.esd, row.standardEsd))],
      ...[row.z.toFixed(1), row.n],
    ]),
  };
}

export function placementTable({ cells }: Comparison, form: "csv" | "markdown"): Table {
  const placed = cells.flatMap(({ name, registration }) => (registration ? [{ name, at: registration }] : []));
  if (form === "csv") {
    return {
      head: [
        ...["cell", "status", "rotation_deg", "rotation_esd_deg", "shift_x_mm", "shift_x_esd_mm", "shift_y_mm"],
        ...["shift_y_esd_mm", "scale", "scale_esd", "mirrored", "correlation", "roll_correlation"],
        ...["next_roll_correlation", "next_rotation_deg", "overlap"],
      ],
      rows: placed.map(({ name, at }) => [
        ...[name, at.status, at.rotationDeg, at.rotationEsdDeg, at.shiftMm[0], at.shiftEsdMm[0], at.shiftMm[1]],
        ...[at.shiftEsdMm[1], at.scale, at.scaleEsd, at.isMirrored ? "yes" : "no", at.correlation],
        ...[at.rollCorrelation, at.nextRollCorrelation, at.nextRotationDeg, at.overlap],
      ]),
    };
  }
  return {
    head: [
      "cell",
      "status",
      "rotation (°)",
      "shift x (mm)",
      "shift y (mm)",
      "scale",
      "correlation",
      "of the roll",
      "next best",
    ],
    rows: placed.map(({ name, at }) => [
      ...[name, at.status, esdText(at.rotationDeg, at.rotationEsdDeg)],
      ...[esdText(at.shiftMm[0], at.shiftEsdMm[0]), esdText(at.shiftMm[1], at.shiftEsdMm[1])],
      ...[esdText(at.scale, at.scaleEsd), at.correlation.toFixed(3), at.rollCorrelation.toFixed(3)],
      at.nextRollCorrelation > 0 ? `${at.nextRollCorrelation.toFixed(3)} at ${at.nextRotationDeg.toFixed(0)}°` : "",
    ]),
  };
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
