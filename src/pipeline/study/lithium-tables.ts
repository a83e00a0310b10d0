/** What was found of lithium, as tables for spreadsheets and a report for people. */

import { withEsd } from "../../data/with-esd.ts";
import { type Closing, esdOf, inMah, type LithiumRow, type Uncertain } from "../../stages/lithium/index.ts";
import type { CellLithium } from "./lithium-of-cell.ts";

const number = (value: number | null): string =>
  value === null || !Number.isFinite(value) ? "" : String(Number(value.toPrecision(6)));
const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** One line for each group of voxels. */
export function lithiumCsv(cells: readonly CellLithium[]): string {
  const head =
    "cell,electrode,kind,where,from,to,voxels,x,x_esd_counting,x_esd_total,sd,heterogeneity,share_unknown,share_ambiguous";
  const lines = cells.flatMap(({ name, rows }) =>
    rows.map((row) =>
      [
        quoted(name),
        quoted(row.electrode),
        row.kind,
        quoted(row.where),
        ...[row.from, row.to, row.voxels, row.x, row.esd, row.total, row.sd, row.heterogeneity].map(number),
        ...[row.unknown, row.ambiguous].map(number),
      ].join(","),
    ),
  );
  return `${[head, ...lines].join("\n")}\n`;
}

export interface InventoryLine {
  readonly quantity: string;
  readonly value: number;
  readonly esd: number;
  readonly unit: string;
  /** what the uncertainty comes from, largest first */
  readonly from: string;
}

/** Every quantity of the inventory with its unit, absolute ones where they are known. */
export function inventoryLines({ inventory, units }: CellLithium): InventoryLine[] {
  if (!inventory) return [];
  const line = (quantity: string, of: Uncertain | undefined, unit: string): InventoryLine[] =>
    of ? [{ quantity, value: of.value, esd: esdOf(of), unit, from: sourcesOf(of) }] : [];
  const { mapped, hidden, cathode, released, anodeX, anode, taken, both, placesRatio, residual } = inventory;
  const perUnit = "mol/mol oxide";
  const scaled = (quantity: string, of: Uncertain | undefined): InventoryLine[] => [
    ...(of && units?.inCell ? line(quantity, inMah(of, units.inCell), "mAh") : []),
    ...(of && units?.perMm ? line(quantity, inMah(of, units.perMm), "mAh/mm") : []),
  ];
  return [
    ...(hidden.length > 0 ? line("x in the oxide that the map has", mapped, "Li a formula unit") : []),
    ...line("x in the cathode", cathode, "Li a formula unit"),
    ...line("x in the anode, Li_x C6", anodeX, ""),
    ...line("C6 a formula unit of the cathode (N/P by places)", placesRatio, perUnit),
    ...line("lithium in the anode", anode, perUnit),
    ...line("lithium in both electrodes", both, perUnit),
    ...line("released by the cathode", released, perUnit),
    ...line("taken up by the anode", taken, perUnit),
    ...line("released less taken up", residual, perUnit),
    ...line("oxide in the cell", units?.inCell, "mol"),
    ...line("oxide a mm of height", units?.perMm, "mol/mm"),
    ...scaled("lithium in the cathode", cathode),
    ...scaled("lithium in the anode", anode),
    ...scaled("released by the cathode", released),
    ...scaled("taken up by the anode", taken),
  ];
}

/** How many sources of an uncertainty are told in a table for people, and in one for spreadsheets. */
const [FEW, ALL] = [3, 100] as const;

function sourcesOf({ parts }: Uncertain, most: number = FEW): string {
  return [...parts]
    .filter(([, part]) => part !== 0)
    .sort((p, q) => Math.abs(q[1]) - Math.abs(p[1]))
    .slice(0, most)
    .map(([source, part]) => `${source} ${Math.abs(part).toPrecision(2)}`)
    .join("; ");
}

export function inventoryCsv(cells: readonly CellLithium[]): string {
  const lines = cells.flatMap((cell) =>
    inventoryLines(cell).map(({ quantity, value, esd, unit, from }) =>
      [quoted(cell.name), quoted(quantity), number(value), number(esd), quoted(unit), quoted(from)].join(","),
    ),
  );
  return `${["cell,quantity,value,esd,unit,uncertainty_from", ...lines].join("\n")}\n`;
}

export function closingsCsv(
  cells: readonly { readonly name: string; readonly closings: readonly Closing[] }[],
): string {
  const lines = cells.flatMap(({ name, closings }) =>
    closings.map(({ kind, between, what, unit, left, right, residual, z, words }) =>
      [
        quoted(name),
        quoted(what),
        unit,
        ...[left.value, esdOf(left), right.value, esdOf(right), residual.value, esdOf(residual), z].map(number),
        quoted(words),
        kind,
        ...[between?.[0] ?? "", between?.[1] ?? "", sourcesOf(residual, ALL)].map(quoted),
      ].join(","),
    ),
  );
  const head =
    "cell,what,unit,left,left_esd,right,right_esd,residual,residual_esd,z,words,kind,charged,discharged,uncertainty_from";
  return `${[head, ...lines].join("\n")}\n`;
}

/** For people: what was found, and how far it can be believed. */
export function lithiumReport(cell: CellLithium): string {
  const parts = [`# Lithium of ${cell.name}`, ""];
  for (const { lithium, table, scaleEsd } of cell.oxides) {
    parts.push(
      `${lithium.name}: x by table ${table.name} (${table.source}), x good to ${table.xEsd}; a and c with ${(1e6 * scaleEsd).toFixed(0)} ppm in common.`,
      "",
    );
  }
  if (cell.closings.length > 0) {
    parts.push("## Does it add up?", "");
    for (const { what, words } of cell.closings) parts.push(`- ${what}: ${words}`);
    parts.push("");
  }
  parts.push("## By place", "", ...markdownRows(cell.rows.filter(({ kind }) => kind !== "along" && kind !== "depth")));
  const lines = inventoryLines(cell);
  if (lines.length > 0) {
    parts.push("", "## Inventory", "", "| quantity | value | unit | uncertainty from |", "|---|---|---|---|");
    for (const { quantity, value, esd, unit, from } of lines) {
      parts.push(`| ${quantity} | ${withEsd(value, esd)} | ${unit} | ${from} |`);
    }
  }
  if (cell.inactive.length > 0) {
    parts.push("", "## Without part in the cycling", "");
    for (const { electrode, how, share, esd } of cell.inactive) {
      parts.push(`- ${electrode}: ${how}: ${withEsd(100 * share, 100 * esd)} %`);
    }
  }
  parts.push("", "## Errors of all voxels alike", "", "| error | of | size | what |", "|---|---|---|---|");
  for (const { name, of, size, note } of cell.systematics) parts.push(`| ${name} | ${of} | ${size} | ${note} |`);
  if (cell.notes.length > 0) parts.push("", "## Notes", "", ...cell.notes.map((note) => `- ${note}`));
  return `${parts.join("\n")}\n`;
}

function markdownRows(rows: readonly LithiumRow[]): string[] {
  const head = [
    "| electrode | where | voxels | x | with systematics ± | sd | beyond noise | unknown |",
    "|---|---|---|---|---|---|---|---|",
  ];
  return [
    ...head,
    ...rows.map(
      (row) =>
        `| ${row.electrode} | ${row.where} | ${row.voxels} | ${withEsd(row.x, row.esd)} | ${row.total.toFixed(3)} | ${row.sd.toFixed(3)} | ${row.heterogeneity.toFixed(3)} | ${(100 * row.unknown).toFixed(0)} % |`,
    ),
  ];
}
