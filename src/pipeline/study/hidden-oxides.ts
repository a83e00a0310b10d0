/** Which of the phases that no map stands for are oxide of the cathode, how much of it they are, and their lithium. */
import { cellContent, cellMass, type Structure } from "../../crystal/index.ts";
import { InputError } from "../../data/index.ts";
import {
  createLithiumCurve,
  type HiddenMass,
  type HiddenOxide,
  hiddenOxides,
  type LithiumCalibration,
  type LithiumPosterior,
  type PhaseAmount,
  unseenShareEsd,
} from "../../stages/lithium/index.ts";
import { isLayered, type LithiumInput, type MappedLithium } from "./lithium-of-cell.ts";

/** A phase as a search of the residuals finds it. */
export interface FoundPhase {
  readonly name: string;
  /** at the cell that was found */
  readonly structure: Structure;
  /** without the parallax of where it lies */
  readonly isCorrected: boolean;
  /** of the slice's mass */
  readonly massShare: number;
  readonly massShareEsd: number;
}

export interface HiddenCount {
  readonly oxides: readonly HiddenOxide[];
  /** of the oxide: what takes no part and nobody saw */
  readonly unseenShareEsd: number;
}

/** @throws InputError "lithium-inactive" where it is not known how much lithium the inactive share holds */
export function hiddenOxidesOf(input: LithiumInput, mapped: MappedLithium, notes: string[]): HiddenCount {
  const { config, hidden } = input;
  const seen = seenOxide(input, mapped);
  const isKnown = config.inactiveShare !== undefined;
  const unseen = config.unseenShareEsd ?? (isKnown || !seen ? 0 : unseenShareEsd(seen.massShare, hidden !== undefined));
  if (isKnown) return { oxides: [knownOxide(input)], unseenShareEsd: unseen };
  const [oxide] = mapped.oxides;
  if (!hidden && unseen > 0) notes.push(notLookedFor(unseen));
  if (!hidden || !seen || !oxide) return { oxides: [], unseenShareEsd: unseen };
  const layered = hidden.filter(({ structure }) => isLayered(structure) && cellContent(structure).has("O"));
  for (const { name } of hidden.filter((one) => !layered.includes(one))) {
    notes.push(`${name} was found besides the phases of the map: no layered oxide, so it counts for no lithium`);
  }
  const masses = layered.map((one) => massOf(one, oxide.table, notes));
  const all = hidden.reduce((sum, { massShare }) => sum + massShare, 0);
  return { oxides: hiddenOxides(masses, seen, all), unseenShareEsd: unseen };
}

const notLookedFor = (unseen: number): string =>
  `nobody looked for oxide that the map has no phase for (xrdct unexplained does): what was released is taken to be good to ${(100 * unseen).toFixed(1)} % for that; give inactiveShare and inactiveX where it is known`;

function knownOxide({ config, cell }: LithiumInput): HiddenOxide {
  const { inactiveShare, inactiveShareEsd, inactiveXEsd } = config;
  const x = config.inactiveX ?? config.startX;
  if (x !== undefined) {
    return { name: "inactive oxide", share: inactiveShare!, shareEsd: inactiveShareEsd, x, xEsd: inactiveXEsd };
  }
  throw new InputError(
    "lithium-inactive",
    `${cell.name}: inactiveShare says that ${(100 * inactiveShare!).toPrecision(3)} % of the oxide takes no part, and nothing says how much lithium is in it. Give inactiveX, or startX where it never took part.`,
  );
}

/** Of the mass of the map's phases, what is oxide of the cathode. */
function seenOxide({ structures }: LithiumInput, { oxides, amounts }: MappedLithium) {
  const massOfAll = (names: Iterable<string>): number =>
    [...names].reduce((sum, name) => {
      const [amount, structure] = [amounts.get(name), structures.get(name)];
      return amount && structure ? sum + total(amount) * cellMass(structure) : sum;
    }, 0);
  const names = oxides.map(({ lithium }) => lithium.name);
  const [part, whole] = [massOfAll(names), massOfAll(amounts.keys())];
  const [first] = names.flatMap((name) => structures.get(name) ?? []);
  return part > 0 && first ? { massShare: part / whole, unitMass: unitMassOf(first) } : undefined;
}

const total = ({ cells }: PhaseAmount): number =>
  cells.reduce((sum, value) => (Number.isFinite(value) ? sum + value : sum), 0);

/** g/mol of LiMO2. */
const unitMassOf = (structure: Structure): number =>
  cellMass(structure) / ((cellContent(structure).get("O") ?? Number.NaN) / 2);

/** Relative, of a and c alike: as of conventional cells, and of those whose parallax is still in them. */
const SCALE_ESD = { corrected: 5e-4, not: 3e-3 } as const;
/** Relative, of a and c each: lines of hot spots lie on those of the host. 1e-4 to 1e-3 in simulated cells. */
const CELL_ESD = 5e-4;

function massOf(found: FoundPhase, table: LithiumCalibration, notes: string[]): HiddenMass {
  const { name, structure, massShare, massShareEsd } = found;
  const { a, c } = structure.cell;
  const scaleEsd = found.isCorrected ? SCALE_ESD.corrected : SCALE_ESD.not;
  const read = createLithiumCurve(table, { scaleEsd }).evaluate(a, c, CELL_ESD * a, CELL_ESD * c);
  const mass = { name, massShare, massShareEsd, unitMass: unitMassOf(structure) };
  if (!read.isOutside) return { ...mass, ...ofBothBranches(read) };
  const [low, high] = [table.x[0]!, table.x.at(-1)!];
  notes.push(
    `${name}, found besides the phases of the map: its cell (${a.toFixed(3)}, ${c.toFixed(3)} Å) is none of table ${table.name}, so its lithium may be any from ${low} to ${high}`,
  );
  return { ...mass, x: (low + high) / 2, xEsd: (high - low) / Math.sqrt(12) };
}

/** Where a and c allow two x, both count with their probability. */
function ofBothBranches({ x, sd, weight, other }: LithiumPosterior): { x: number; xEsd: number } {
  if (!Number.isFinite(other)) return { x, xEsd: sd };
  return { x: weight * x + (1 - weight) * other, xEsd: Math.hypot(sd, Math.sqrt(weight * (1 - weight)) * (x - other)) };
}
