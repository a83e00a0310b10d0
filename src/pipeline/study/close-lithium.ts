/** Lithium between the cells of a study: what one holds more than another, against the charge between them. */
import {
  type Closing,
  closeDifference,
  divide,
  multiply,
  subtract,
  type Uncertain,
  uncertain,
} from "../../stages/lithium/index.ts";
import type { AnalysedCell } from "./analyse-cell.ts";

/** Net charge since the cells were alike; a pristine cell was never cycled. mAh, positive where charged. */
export function chargeOf({ config, echem }: AnalysedCell): Uncertain | undefined {
  const net = echem?.description.net;
  if (net) return uncertain(1000 * net.ah, { [`cycler of ${config.name}`]: 1000 * net.esd });
  const { capacityMah, capacityEsdMah = 0 } = config.lithium;
  if (capacityMah !== undefined) return uncertain(capacityMah, { [`charge of ${config.name}`]: capacityEsdMah });
  return config.state === "pristine" ? uncertain(0) : undefined;
}

/**
 * What passed in a cell less what would have passed in another one, did it hold as much oxide: no two cells are of one
 * size, and charges of different sizes do not subtract. Where the oxide of one is not known they are taken for alike.
 *
 * @returns mAh of the first cell
 */
export function chargeBetween(cell: AnalysedCell, other: AnalysedCell): Uncertain | undefined {
  const [own, theirs] = [chargeOf(cell), chargeOf(other)];
  if (!own || !theirs) return undefined;
  const [units, otherUnits] = [cell.lithium?.units?.inCell, other.lithium?.units?.inCell];
  return subtract(own, units && otherUnits ? multiply(theirs, divide(units, otherUnits)) : theirs);
}

/**
 * Every two cells: the one of more charge against the other. Errors that both share, of the table and of the amounts of
 * phases, cancel as far as they can.
 */
export function closeCells(cells: readonly AnalysedCell[]): Closing[] {
  return cells.flatMap((first, i) => cells.slice(i + 1).flatMap((second) => closePair(first, second)));
}

function closePair(first: AnalysedCell, second: AnalysedCell): Closing[] {
  if (!first.lithium?.inventory || !second.lithium?.inventory) return [];
  const charge = chargeBetween(first, second);
  const isMore = charge
    ? charge.value >= 0
    : first.lithium.inventory.cathode.value <= second.lithium.inventory.cathode.value;
  const [charged, discharged] = isMore ? [first, second] : [second, first];
  const units = charged.lithium!.units?.inCell ?? discharged.lithium!.units?.inCell;
  const inventories = [charged.lithium!.inventory!, discharged.lithium!.inventory!] as const;
  return closeDifference(...inventories, units, chargeBetween(charged, discharged));
}
