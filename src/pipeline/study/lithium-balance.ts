/** Whether the lithium of a study adds up, for people: the answer first, then every two cells in a line. */
import { withEsd } from "../../data/with-esd.ts";
import type { Table } from "../../stages/compare/index.ts";
import { type Closing, esdOf, type LithiumInventory, type Uncertain } from "../../stages/lithium/index.ts";
import type { AnalysedCell } from "./analyse-cell.ts";
import type { InactiveShare } from "./lithium-of-cell.ts";

/** |z| below which a comparison closes. */
const CLOSES = 2;

type Kind = Closing["kind"];
const KINDS: readonly (readonly [Kind, string, string])[] = [
  ["cathode", "Cathode less cycler", "mAh"],
  ["anode", "Cycler less anode", "mAh"],
  ["electrodes", "Cathode less anode", "mol a mole of oxide"],
];

/** Bullets: does it close, by how much, to which side, and what its uncertainty comes from. */
export function balanceLines(cells: readonly AnalysedCell[], closings: readonly Closing[]): string[] {
  const told = closings.filter(({ z }) => Number.isFinite(z));
  if (told.length === 0) return [];
  const open = told.filter(({ z }) => Math.abs(z) >= CLOSES);
  const rms = Math.sqrt(told.reduce((sum, { z }) => sum + z * z, 0) / told.length);
  const verdict = open.length === 0 ? "The lithium adds up" : "The lithium does not add up everywhere";
  return [
    `- **${verdict}**: ${told.length - open.length} of ${told.length} comparisons close within ${CLOSES} standard uncertainties; rms z ${rms.toFixed(1)}. They share cells, so they are not independent.`,
    ...KINDS.flatMap(([kind, name, unit]) => kindLine(cells, told, kind, name, unit)),
    ...placesLine(cells),
    ...open.map(({ what, words }) => `- Open: ${what}: ${words}`),
  ];
}

function kindLine(
  cells: readonly AnalysedCell[],
  closings: readonly Closing[],
  kind: Kind,
  name: string,
  unit: string,
): string[] {
  const own = closings.filter((closing) => closing.kind === kind);
  if (own.length === 0) return [];
  const values = own.map(({ residual }) => residual.value);
  const esds = own.map(({ residual }) => esdOf(residual));
  const more = values.filter((value) => value > 0).length;
  return [
    `- ${name}: ${range(values)} ${unit}, ${more} of ${own.length} positive; stated uncertainties ${range(esds)}, mostly from ${dominant(cells, own)}.`,
  ];
}

function range(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const digits = Math.max(0, 1 - Math.floor(Math.log10(Math.max(Math.abs(low), Math.abs(high), 1e-9))));
  return low === high ? low.toFixed(digits) : `${low.toFixed(digits)} to ${high.toFixed(digits)}`;
}

/** The kind of source that has most of the variance of some comparisons, and how much. */
function dominant(cells: readonly AnalysedCell[], closings: readonly Closing[]): string {
  const variance = new Map<string, number>();
  let all = 0;
  for (const { residual } of closings) {
    const square = esdOf(residual) ** 2;
    for (const [source, part] of residual.parts) {
      const kind = withoutCell(source, cells);
      variance.set(kind, (variance.get(kind) ?? 0) + part ** 2 / square);
    }
    all += 1;
  }
  const [[source, share] = ["", 0]] = [...variance].sort((p, q) => q[1] - p[1]);
  return `${source} (${((100 * share) / all).toFixed(0)} % of the variance)`;
}

/** "cycler of charged-C20" is a source of the kind "cycler". */
const withoutCell = (source: string, cells: readonly AnalysedCell[]): string =>
  cells.reduce((text, { config: { name } }) => text.replace(new RegExp(`,? (of|in) ${name}(?![\\w-])`), ""), source);

/** Cells of one make have one ratio of places: its scatter says how well amounts are known. */
function placesLine(cells: readonly AnalysedCell[]): string[] {
  const ratios = inventories(cells).flatMap(({ placesRatio }) => placesRatio ?? []);
  if (ratios.length < 3) return [];
  const mean = ratios.reduce((sum, { value }) => sum + value, 0) / ratios.length;
  const sd = Math.sqrt(ratios.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / (ratios.length - 1));
  const stated = Math.sqrt(ratios.reduce((sum, one) => sum + esdOf(one) ** 2, 0) / ratios.length);
  const percent = (part: number): string => `${((100 * part) / mean).toFixed(1)} %`;
  return [
    `- Places for lithium in the anode over those in the cathode: ${mean.toFixed(3)}, scattering by ${percent(sd)} from cell to cell where ${percent(stated)} is stated of each. Cells of one make ought to have one ratio, so this scatter is how well amounts of phases are known.`,
  ];
}

const inventories = (cells: readonly AnalysedCell[]): LithiumInventory[] =>
  cells.flatMap(({ lithium }) => lithium?.inventory ?? []);

/** One line for every two cells: what moved by each of the three counts, and the differences over their uncertainty. */
export function balanceTable(closings: readonly Closing[]): Table {
  const pairs = [...new Set(closings.flatMap(({ between }) => (between ? [between.join(" − ")] : [])))];
  const of = (pair: string, kind: Kind): Closing | undefined =>
    closings.find((closing) => closing.kind === kind && closing.between?.join(" − ") === pair);
  const isCharged = closings.some(({ kind }) => kind === "cathode");
  const difference = (closing: Closing | undefined): string =>
    closing ? `${shown(closing.residual)}, z ${closing.z.toFixed(1).replace("-0.0", "0.0")}` : "";
  return {
    head: isCharged
      ? ["cells", "cathode (mAh)", "cycler (mAh)", "anode (mAh)", "cathode − cycler", "cycler − anode"]
      : ["cells", "cathode (mol/mol)", "anode (mol/mol)", "cathode − anode"],
    rows: pairs.map((pair) => {
      const [cathode, anode, both] = (["cathode", "anode", "electrodes"] as const).map((kind) => of(pair, kind));
      return isCharged
        ? [pair, ...[cathode?.left, cathode?.right, anode?.right].map(shown), ...[cathode, anode].map(difference)]
        : [pair, ...[both?.left, both?.right].map(shown), difference(both)];
    }),
  };
}

const shown = (of: Uncertain | undefined): string => (of ? withEsd(of.value, esdOf(of)) : "");

/** Lithium of each cell: of the oxide that the map has, of what it has not, of both, and of the anode. */
export function lithiumTable(cells: readonly AnalysedCell[]): Table {
  const hasHidden = inventories(cells).some(({ hidden }) => hidden.length > 0);
  return {
    head: [
      "cell",
      "x in the cathode",
      ...(hasHidden ? ["left behind, without a phase in the map", "x in all oxide"] : []),
      "x in the anode",
      "C6 a formula unit",
      "Li in both, a formula unit",
      "without part otherwise",
    ],
    rows: cells.map(({ label, config, lithium }) => {
      const inventory = lithium?.inventory;
      const hidden = (inventory?.hidden ?? []).map(
        ({ share, shareEsd, x, xEsd }) => `${withEsd(100 * share, 100 * shareEsd)} %, x = ${withEsd(x, xEsd)}`,
      );
      // graphite without lithium is what a discharged cell is there for
      const isTold = ({ electrode, isHidden }: InactiveShare): boolean =>
        !isHidden && (electrode === "cathode" || config.state !== "discharged");
      const others = (lithium?.inactive ?? []).filter(isTold);
      return [
        label,
        shown(inventory?.mapped),
        ...(hasHidden
          ? [hidden.join("; ") || (lithium?.input.hidden ? "none found" : "not looked for"), shown(inventory?.cathode)]
          : []),
        ...[inventory?.anodeX, inventory?.placesRatio, inventory?.both].map(shown),
        others.map(({ how, share, esd }) => `${withEsd(100 * share, 100 * esd)} % (${how})`).join("; "),
      ];
    }),
  };
}
