/** Lithium of every cell against the most lithiated one, as charge of the cell: what the figure of the inventory shows. */
import { esdOf, inMah, movedBetween, type Uncertain } from "../../stages/lithium/index.ts";
import { chargeBetween } from "./close-lithium.ts";
import type { StudyFindings } from "./run-study.ts";
import type { LithiumCount } from "./study-figures.ts";

/** Nothing where no amounts in moles are known, or only one cell has them. */
export function studyCounts({ cells }: Pick<StudyFindings, "cells">): LithiumCount[] {
  const counted = cells.flatMap((cell) => {
    const inventory = cell.lithium?.inventory;
    const units = cell.lithium?.units?.inCell;
    return inventory && units ? [{ cell, inventory, units }] : [];
  });
  const [first] = counted;
  if (!first) return [];
  const base = counted.reduce((most, one) => (one.inventory.cathode.value > most.inventory.cathode.value ? one : most));
  return counted
    .filter((one) => one !== base)
    .map(({ cell, inventory, units }) => {
      const { released, taken } = movedBetween(inventory, base.inventory);
      const [cathode, anode] = [inMah(released, units), taken && inMah(taken, units)];
      const cycler = chargeBetween(cell, base.cell);
      return {
        label: `${cell.label} − ${base.cell.label}`,
        ...{ cathodeMAh: cathode.value, cathodeEsd: esdOf(cathode) },
        ...{ anodeMAh: numberOf(anode), anodeEsd: anode ? esdOf(anode) : Number.NaN },
        ...{ cyclerMAh: numberOf(cycler), cyclerEsd: cycler ? esdOf(cycler) : Number.NaN },
      };
    });
}

const numberOf = (of: Uncertain | undefined): number => of?.value ?? Number.NaN;
