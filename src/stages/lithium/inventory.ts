/**
 * Lithium of both electrodes, counted: relative to the cathode's formula units first, which takes no standard, and in
 * absolute terms where something says how many formula units there are.
 */
import { withEsd } from "../../data/with-esd.ts";
import { MAH_PER_MOL } from "./formula.ts";
import type { LithiumRow } from "./groups.ts";
import type { HiddenOxide } from "./hidden-oxide.ts";
import { combine, divide, esdOf, multiply, significance, subtract, type Uncertain, uncertain } from "./uncertain.ts";

/** What a slice says of its electrodes. */
export interface ElectrodeSums {
  /** name of the cell: what is counted in it is its own */
  readonly cell: string;
  /** of the whole slice, the cathode's phases in the map */
  readonly cathode: LithiumRow;
  /** what one standard deviation of the lattice's scale does to the mean */
  readonly cathodeByScale: number;
  /** standard deviation of the mean by how far samples lie off the table's curve */
  readonly cathodeByCurve: number;
  readonly tableXEsd: number;
  readonly tableSlopeEsd: number;
  /** x where the table is right by definition: 1, or that of the reference state */
  readonly tableAnchorX: number;
  readonly anode: LithiumRow | undefined;
  /** of the anode's x, by the compositions of its stages */
  readonly stagesEsd: number;
  /** of the anode's x, by the amounts of its stages against each other; names of these */
  readonly stageAmountsEsd: number;
  readonly stages: string;
  /** carbon atoms a formula unit of the cathode, with its esd from counting */
  readonly carbonPerUnit: number;
  readonly carbonPerUnitEsd: number;
  readonly scaleRatioEsd: number;
  /** oxide besides the map's, and the standard uncertainty of the share that nobody saw */
  readonly hidden: readonly HiddenOxide[];
  readonly unseenShareEsd: number;
}

/** All in moles a mole of the cathode's formula units, those of hidden oxide included. */
export interface LithiumInventory {
  readonly cell: string;
  /** x of the oxide that the map has, and of all oxide */
  readonly mapped: Uncertain;
  readonly cathode: Uncertain;
  readonly hidden: readonly HiddenOxide[];
  readonly unseenShareEsd: number;
  /** lithium that left the cathode since it held startX */
  readonly released: Uncertain;
  /** x in Li_x C6 */
  readonly anodeX: Uncertain | undefined;
  /** lithium in the anode, and what it took up since it held startAnodeX */
  readonly anode: Uncertain | undefined;
  readonly taken: Uncertain | undefined;
  /** both electrodes */
  readonly both: Uncertain | undefined;
  /** C6 a formula unit: places for lithium in the anode over those in the cathode */
  readonly placesRatio: Uncertain | undefined;
  /** released - taken: lithium in films on particles, plated, or missed */
  readonly residual: Uncertain | undefined;
}

/**
 * Of the error of amounts: not alike in cells whose anodes are of the same stages. Their ratio scatters by 1.5 % between
 * simulated ones where it is off by 5. Cells of other stages share nothing: other lines, on another background.
 */
const OWN_SHARE = 0.3;

const sharedAndOwn = (source: string, cell: string, esd: number): Record<string, number> => ({
  [source]: Math.sqrt(1 - OWN_SHARE ** 2) * esd,
  [`${source}, of ${cell}`]: OWN_SHARE * esd,
});

export function countLithium(sums: ElectrodeSums, startX: number, startAnodeX: number): LithiumInventory {
  const { cell, hidden, unseenShareEsd } = sums;
  const mapped = mappedOxide(sums);
  const cathode = withHidden(mapped, hidden, cell);
  // where charge is counted from the state that the table is tied to, the table's x has no error there
  const released = unseenIn([cell], combine([1, uncertain(startX)], [-1, cathode]), unseenShareEsd);
  const common = { cell, mapped, cathode, hidden, unseenShareEsd, released };
  if (!sums.anode) {
    const none = { anodeX: undefined, anode: undefined, taken: undefined, both: undefined };
    return { ...common, ...none, placesRatio: undefined, residual: undefined };
  }
  const anodeX = uncertain(sums.anode.x, {
    [`counting, anode of ${cell}`]: sums.anode.esd,
    "compositions of the stages": sums.stagesEsd,
    ...sharedAndOwn(`amounts of ${sums.stages}`, cell, sums.stageAmountsEsd),
  });
  const places = sums.carbonPerUnit / 6;
  const perMapped = uncertain(places, {
    [`counting, amounts of ${cell}`]: sums.carbonPerUnitEsd / 6,
    ...sharedAndOwn(`amounts of anode (${sums.stages}) against cathode`, cell, sums.scaleRatioEsd * places),
  });
  const placesRatio = multiply(perMapped, mappedShare(hidden, cell));
  const anode = multiply(anodeX, placesRatio);
  const taken = multiply(combine([1, anodeX], [-1, uncertain(startAnodeX)]), placesRatio);
  const both = combine([1, cathode], [1, anode]);
  return { ...common, anodeX, anode, taken, both, placesRatio, residual: subtract(released, taken) };
}

function mappedOxide(sums: ElectrodeSums): Uncertain {
  const { x, esd } = sums.cathode;
  return uncertain(x, {
    [`counting, cathode of ${sums.cell}`]: esd,
    "table of x": sums.tableXEsd,
    "samples off the table's curve": sums.cathodeByCurve,
    "slope of the table": sums.tableSlopeEsd * (x - sums.tableAnchorX),
    [`scale of the lattice of ${sums.cell}`]: sums.cathodeByScale,
  });
}

const shareOf = ({ name, share, shareEsd }: HiddenOxide, cell: string): Uncertain =>
  uncertain(share, { [`amount of hidden ${name} in ${cell}`]: shareEsd });

/** Of all oxide, what the map has. */
const mappedShare = (hidden: readonly HiddenOxide[], cell: string): Uncertain =>
  combine([1, uncertain(1)], ...hidden.map((one) => [-1, shareOf(one, cell)] as const));

/** Mean x of all oxide. What the table has wrong is wrong of both. */
function withHidden(mapped: Uncertain, hidden: readonly HiddenOxide[], cell: string): Uncertain {
  const terms = hidden.map((one) => {
    const more = combine([1, uncertain(one.x, { [`x of hidden ${one.name} in ${cell}`]: one.xEsd })], [-1, mapped]);
    // the table's x is one number for all oxide
    const isOwn = ([source]: readonly [string, number]): boolean => source !== "table of x";
    return multiply(shareOf(one, cell), { ...more, parts: new Map([...more.parts].filter(isOwn)) });
  });
  return combine([1, mapped], ...terms.map((term) => [1, term] as const));
}

/** Oxide without part that nobody saw makes less of what passed between two states. */
function unseenIn(cells: readonly string[], passed: Uncertain, ...esds: readonly number[]): Uncertain {
  const unseen = cells.map((cell, i) => [`oxide without part in ${cell}, not seen`, -esds[i]! * passed.value] as const);
  return combine([1, passed], [1, uncertain(0, Object.fromEntries(unseen))]);
}

/** One comparison: two numbers that ought to agree. */
export interface Closing {
  /** released and taken up; released and the cycler's charge; that and taken up */
  readonly kind: "electrodes" | "cathode" | "anode";
  readonly what: string;
  /** of two states: names of the one of more charge and of the other */
  readonly between?: readonly [charged: string, discharged: string];
  readonly unit: string;
  readonly left: Uncertain;
  readonly right: Uncertain;
  readonly residual: Uncertain;
  readonly z: number;
  readonly words: string;
}

interface Compared extends Pick<Closing, "kind" | "what" | "unit" | "left" | "right"> {
  /** what it may mean that the left is more */
  readonly lessMeans: string;
}

export function close({ lessMeans, ...compared }: Compared): Closing {
  const residual = subtract(compared.left, compared.right);
  const z = significance(residual);
  return { ...compared, residual, z, words: closingWords(residual, compared.unit, z, lessMeans) };
}

function closingWords(residual: Uncertain, unit: string, z: number, lessMeans: string): string {
  const size = `${withEsd(residual.value, esdOf(residual))} ${unit}`;
  if (!Number.isFinite(z)) return `${size}: no uncertainty is known, so nothing can be said`;
  if (Math.abs(z) < 2) return `${size}: closes within its uncertainty (z = ${z.toFixed(1)})`;
  const [largest] = [...residual.parts].sort((p, q) => Math.abs(q[1]) - Math.abs(p[1]))[0] ?? ["counting"];
  const meaning =
    z > 0 ? `does not close: ${lessMeans}` : "does not close, and the wrong way: an error that is not listed";
  return `${size} (z = ${z.toFixed(1)}) ${meaning}; its largest known uncertainty is that of the ${largest}`;
}

/** mAh of moles a formula unit. @param units moles of formula units */
export const inMah = (perUnit: Uncertain, units: Uncertain): Uncertain =>
  combine([MAH_PER_MOL, multiply(perUnit, units)]);

/**
 * What the electrodes say of each other, and of the charge that the cycler counted.
 *
 * @param units moles of formula units in the cell, where known
 * @param charge net mAh since startX and startAnodeX
 */
export function closeInventory(
  { released, taken }: LithiumInventory,
  units: Uncertain | undefined,
  charge: Uncertain | undefined,
): Closing[] {
  const out: Closing[] = [];
  const lost = "lithium released that the anode does not show: films on particles, plated, stages without lines";
  const tooMuch = "the cathode lost more than the cycler counted: self-discharge, or too large a mass";
  if (taken) {
    const what = "released by the cathode, taken up by the anode";
    out.push(close({ kind: "electrodes", what, unit: "mol/mol", left: released, right: taken, lessMeans: lost }));
  }
  if (!units || !charge) return out;
  const cathode = { left: inMah(released, units), right: charge, lessMeans: tooMuch };
  out.push(close({ kind: "cathode", what: "cathode, cycler", unit: "mAh", ...cathode }));
  if (!taken) return out;
  const anode = { left: charge, right: inMah(taken, units), lessMeans: lost };
  out.push(close({ kind: "anode", what: "cycler, anode", unit: "mAh", ...anode }));
  return out;
}

/** What the cathode of one state holds less than that of the other, and its anode more: a mole of oxide. */
export function movedBetween(
  charged: LithiumInventory,
  discharged: LithiumInventory,
): { readonly released: Uncertain; readonly taken: Uncertain | undefined } {
  const released = unseenIn(
    [charged.cell, discharged.cell],
    subtract(discharged.cathode, charged.cathode),
    charged.unseenShareEsd,
    discharged.unseenShareEsd,
  );
  return { released, taken: charged.anode && discharged.anode ? subtract(charged.anode, discharged.anode) : undefined };
}

/** Two states of like cells: what one cathode holds less, and its anode more; shared errors cancel. */
export function closeDifference(
  charged: LithiumInventory,
  discharged: LithiumInventory,
  units: Uncertain | undefined,
  charge: Uncertain | undefined,
): Closing[] {
  const between = { ...charged, ...movedBetween(charged, discharged) };
  return closeInventory(between, units, charge).map((closing) => ({
    ...closing,
    between: [charged.cell, discharged.cell],
    what: `${closing.what}: ${charged.cell} against ${discharged.cell}`,
  }));
}

/** Moles of formula units that the charge and the change of x ask for. */
export const unitsByCharge = (released: Uncertain, charge: Uncertain): Uncertain =>
  divide(combine([1 / MAH_PER_MOL, charge]), released);
