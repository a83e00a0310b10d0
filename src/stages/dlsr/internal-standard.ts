import { InputError } from "../../data/index.ts";

/**
 * An internal standard against an offset in depth. A rotation axis that is not where the calibrant was shifts all lines
 * as a uniform strain would, and no data of one phase can tell them apart (docs/dlsr.md, what it cannot do). A phase whose cell is
 * known shows the strain; dividing by it takes the offset out of all others.
 */
export interface StandardShift {
  /** relative: found / true - 1, weighted over the parameters */
  readonly shift: number;
  readonly esd: number;
}

/**
 * @param found,esd,truth [parameter] lengths of the standard's cell, angstrom; parameters of which the truth or the esd is
 *   not known are left out
 * @returns undefined where no parameter is known
 */
export function standardShift(
  found: ArrayLike<number>,
  esd: ArrayLike<number>,
  truth: ArrayLike<number | undefined>,
): StandardShift | undefined {
  let [weights, sum] = [0, 0];
  for (let i = 0; i < found.length; i++) {
    const is = truth[i];
    if (is === undefined || !(esd[i]! > 0)) continue;
    const weight = (is / esd[i]!) ** 2;
    weights += weight;
    sum += weight * (found[i]! / is - 1);
  }
  return weights > 0 ? { shift: sum / weights, esd: 1 / Math.sqrt(weights) } : undefined;
}

export interface StandardisedCells {
  readonly cells: Float64Array;
  /** of each value on its own */
  readonly esd: Float64Array;
  /** what all values of a parameter have in common: relative, the standard's own */
  readonly commonEsd: number;
}

/** Lengths divided by 1 + shift. The standard's esd is common to all voxels, so it is not in each one's. */
export function divideByStandard(
  cells: Float64Array,
  esd: Float64Array,
  { shift, esd: commonEsd }: StandardShift,
): StandardisedCells {
  const factor = 1 / (1 + shift);
  return { cells: cells.map((x) => factor * x), esd: esd.map((x) => factor * x), commonEsd: factor * commonEsd };
}

/** A cell further than this from the model's is another phase's, or a slip. */
const FARTHEST = 0.02;

/**
 * Whether what is given as the standard's cell can be it.
 *
 * @param found by free parameter of the standard's cell in the model, angstrom and degrees
 * @throws InputError "dlsr-standard"
 */
export function checkStandard(
  phase: string,
  truth: Readonly<Record<string, number>>,
  found: ReadonlyMap<string, number>,
): void {
  const lengths = [...found.keys()].filter((name) => /^[abc]$/.test(name));
  const unknown = Object.keys(truth).find((name) => !found.has(name));
  if (unknown !== undefined || !lengths.some((name) => truth[name] !== undefined)) {
    throw new InputError(
      "dlsr-standard",
      `dlsr.standard.cell ${unknown === undefined ? "gives no length" : `gives ${unknown}`}, but the lattice parameters of ${phase} are ${[...found.keys()].join(", ")}. Give those whose true value is known, as "cell: {${lengths[0]}: ${found.get(lengths[0]!)!.toFixed(4)}}".`,
    );
  }
  for (const name of lengths) {
    const [is, was] = [truth[name], found.get(name)!];
    if (is === undefined || Math.abs(was / is - 1) <= FARTHEST) continue;
    throw new InputError(
      "dlsr-standard",
      `dlsr.standard.cell gives ${name}: ${is} Å for ${phase}, where the mean pattern has ${was.toFixed(4)} Å: no offset in depth makes so much. Give the true length in angstrom.`,
    );
  }
}
