/**
 * Lithium of both electrodes, counted: relative to the cathode's formula units first, which takes no standard, and in
 * absolute terms where something says how many formula units there are.
 */
import { withEsd } from "../../data/with-esd.ts";
import { MAH_PER_MOL } from "./formula.ts";
import type { LithiumRow } from "./groups.ts";
import { combine, divide, esdOf, multiply, significance, subtract, type Uncertain, uncertain } from "./uncertain.ts";

/** What a slice says of its electrodes. */
export interface ElectrodeSums {
  /** name of the cell: what is counted in it is its own */
  readonly cell: string;
  /** of the whole slice, active phases of the cathode */
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
  /** carbon atoms a formula unit of the cathode, with its esd from counting */
  readonly carbonPerUnit: number;
  readonly carbonPerUnitEsd: number;
  readonly scaleRatioEsd: number;
}

/** All in moles a mole of the cathode's formula units. */
export interface LithiumInventory {
  readonly cell: string;
  /** x of the cathode */
  readonly cathode: Uncertain;
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

/** Of the error of amounts: not alike in like cells. The ratio scatters by 1.5 % between simulated ones where it is off by 5. */
const OWN_SHARE = 0.3;

export function countLithium(sums: ElectrodeSums, startX: number, startAnodeX: number): LithiumInventory {
  const { cell } = sums;
  const x = sums.cathode.x;
  const cathode = uncertain(x, {
    [`counting, cathode of ${cell}`]: sums.cathode.esd,
    "table of x": sums.tableXEsd,
    "samples off the table's curve": sums.cathodeByCurve,
    "slope of the table": sums.tableSlopeEsd * (x - sums.tableAnchorX),
    [`scale of the lattice of ${cell}`]: sums.cathodeByScale,
  });
  // where charge is counted from the state that the table is tied to, the table's x has no error there
  const released = combine([1, uncertain(startX)], [-1, cathode]);
  if (!sums.anode) {
    const none = { anodeX: undefined, anode: undefined, taken: undefined, both: undefined };
    return { cell, cathode, released, ...none, placesRatio: undefined, residual: undefined };
  }
  const anodeX = uncertain(sums.anode.x, {
    [`counting, anode of ${cell}`]: sums.anode.esd,
    "compositions of the stages": sums.stagesEsd,
  });
  const places = sums.carbonPerUnit / 6;
  const placesRatio = uncertain(places, {
    [`counting, amounts of ${cell}`]: sums.carbonPerUnitEsd / 6,
    "amounts of phases": Math.sqrt(1 - OWN_SHARE ** 2) * sums.scaleRatioEsd * places,
    [`amounts of phases of ${cell}`]: OWN_SHARE * sums.scaleRatioEsd * places,
  });
  const anode = multiply(anodeX, placesRatio);
  const taken = multiply(combine([1, anodeX], [-1, uncertain(startAnodeX)]), placesRatio);
  const both = combine([1, cathode], [1, anode]);
  return { cell, cathode, released, anodeX, anode, taken, both, placesRatio, residual: subtract(released, taken) };
}

/** One comparison: two numbers that ought to agree. */
export interface Closing {
  readonly what: string;
  readonly unit: string;
  readonly left: Uncertain;
  readonly right: Uncertain;
  readonly residual: Uncertain;
  readonly z: number;
  readonly words: string;
}

export function close(what: string, unit: string, left: Uncertain, right: Uncertain, lessMeans: string): Closing {
  const residual = subtract(left, right);
  const z = significance(residual);
  return { what, unit, left, right, residual, z, words: closingWords(residual, unit, z, lessMeans) };
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
  if (taken) out.push(close("released by the cathode, taken up by the anode", "mol/mol", released, taken, lost));
  if (units && charge) {
    const tooMuch = "the cathode lost more than the cycler counted: self-discharge, or too large a mass";
    out.push(close("cathode, cycler", "mAh", inMah(released, units), charge, tooMuch));
    if (taken) out.push(close("cycler, anode", "mAh", charge, inMah(taken, units), lost));
  }
  return out;
}

/** Two states of like cells: what one cathode holds less, and its anode more; shared errors cancel. */
export function closeDifference(
  charged: LithiumInventory,
  discharged: LithiumInventory,
  units: Uncertain | undefined,
  charge: Uncertain | undefined,
): Closing[] {
  const released = subtract(discharged.cathode, charged.cathode);
  const taken = charged.anode && discharged.anode ? subtract(charged.anode, discharged.anode) : undefined;
  const between = { ...charged, released, taken };
  return closeInventory(between, units, charge).map((closing) => ({
    ...closing,
    what: `${closing.what}: ${charged.cell} against ${discharged.cell}`,
  }));
}

/** Moles of formula units that the charge and the change of x ask for. */
export const unitsByCharge = (released: Uncertain, charge: Uncertain): Uncertain =>
  divide(combine([1 / MAH_PER_MOL, charge]), released);
