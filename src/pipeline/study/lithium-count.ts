/** What the slice of a cell holds in all: lithium of both electrodes, moles, material without part. */
import { REGIONS } from "../../data/index.ts";
import { withEsd } from "../../data/with-esd.ts";
import {
  type CathodeUnits,
  type Closing,
  cathodeUnits,
  closeDifference,
  countLithium,
  electrodeVoxels,
  type GraphiteLithium,
  type LithiumConfig,
  type LithiumInventory,
  type LithiumRow,
  type PhaseAmount,
  stageAmountsEsd,
  type TwoHumps,
  twoHumps,
  type Uncertain,
  uncertain,
  whereEnough,
} from "../../stages/lithium/index.ts";
import type { HiddenCount } from "./hidden-oxides.ts";
import type { CellLithium, InactiveShare, LithiumInput, MappedLithium, OxidePhase } from "./lithium-of-cell.ts";

/** Sum over the voxels that can hold an electrode, and its noise. */
interface SliceSum {
  readonly value: number;
  readonly esd: number;
}

type Summing = (values: Float64Array, esd: Float64Array) => SliceSum;

/**
 * Over the voxels of an electrode and one around, inside the casing where that is known: elsewhere, what stronger phases
 * leave in the scales of weaker ones adds up.
 *
 * @param parts what the electrode holds, of all its phases
 */
function summingOf(
  { cell, places, config }: LithiumInput,
  parts: readonly { readonly amount: Float64Array; readonly esd: Float64Array }[],
): Summing {
  const size = cell.ny * cell.nx;
  const all = Float64Array.from({ length: size }, (_, v) =>
    parts.reduce((sum, { amount }) => sum + finite(amount[v]!), 0),
  );
  const noise = Float64Array.from({ length: size }, (_, v) => Math.hypot(...parts.map(({ esd }) => finite(esd[v]!))));
  const isOf = electrodeVoxels(whereEnough(all, noise, config.leastShare), cell.nx);
  const isInside = (v: number): boolean =>
    !places || (places.region[v] !== REGIONS.outside && places.region[v] !== REGIONS.casing);
  return (values, esd) => {
    let [sum, variance] = [0, 0];
    for (let v = 0; v < size; v++) {
      if (!isOf[v] || !Number.isFinite(values[v]!) || !isInside(v)) continue;
      sum += values[v]!;
      variance += finite(esd[v]!) ** 2;
    }
    return { value: sum, esd: Math.sqrt(variance * config.voxelsPerResolution) };
  };
}

const finite = (value: number): number => (Number.isFinite(value) ? value : 0);

const ofOxides = (input: LithiumInput, oxides: readonly OxidePhase[]): Summing =>
  summingOf(
    input,
    oxides.flatMap(({ units }) => units ?? []),
  );

const ofGraphite = (input: LithiumInput, { carbon, carbonEsd }: GraphiteLithium): Summing =>
  summingOf(input, [{ amount: carbon, esd: carbonEsd }]);

/** @returns undefined where there are no scales */
export function countCell(
  input: LithiumInput,
  { oxides, oxideRows, graphite, anodeRows }: MappedLithium,
  hidden: HiddenCount,
  notes: string[],
): LithiumInventory | undefined {
  const counted = oxides.flatMap(({ units, ...oxide }, p) =>
    units ? [{ ...oxide, units, row: oxideRows[p]![0]! }] : [],
  );
  if (counted.length === 0) {
    if (oxides.length > 0) notes.push("no scales: x is known, and not how much oxide has it");
    return undefined;
  }
  const { cell, config } = input;
  const [anode] = anodeRows;
  const summing = ofOxides(input, oxides);
  const sums = counted.map(({ units, row }) =>
    row.voxels > 0 ? summing(units.amount, units.esd) : { value: 0, esd: 0 },
  );
  const total = sums.reduce((all, { value }) => all + value, 0);
  const mean = (of: (oxide: (typeof counted)[number]) => number): number =>
    counted.reduce((all, oxide, p) => all + (sums[p]!.value > 0 ? (sums[p]!.value / total) * of(oxide) : 0), 0);
  const row = { ...counted[0]!.row, x: mean(({ row: { x } }) => x), esd: mean(({ row: { esd } }) => esd) };
  const noise = Math.hypot(...sums.map(({ esd }) => esd));
  const carbon = graphite ? ofGraphite(input, graphite)(graphite.carbon, graphite.carbonEsd) : { value: 0, esd: 0 };
  const { table } = counted[0]!;
  return countLithium(
    {
      cell: cell.name,
      cathode: row,
      cathodeByScale: mean(({ lithium, units }) => weightedMean(lithium.byScale, units.amount)),
      cathodeByCurve: mean(({ lithium, units }) => weightedMean(lithium.byCurve, units.amount)),
      tableXEsd: table.xEsd,
      tableSlopeEsd: table.slopeEsd,
      tableAnchorX: config.referenceStates[0]?.x ?? table.x.at(-1)!,
      anode,
      ...stagesOf(input, graphite, anode),
      carbonPerUnit: carbon.value / total,
      carbonPerUnitEsd: Math.hypot(carbon.esd / total, (carbon.value * noise) / total ** 2),
      scaleRatioEsd: config.scaleRatioEsd,
      hidden: hidden.oxides,
      unseenShareEsd: hidden.unseenShareEsd,
    },
    config.startX ?? 1,
    config.startAnodeX,
  );
}

/** What the anode's x owes to its stages: to what they are, and to how much of each there is. */
function stagesOf(input: LithiumInput, graphite: GraphiteLithium | undefined, anode: LithiumRow | undefined) {
  if (!graphite || !anode) return { stagesEsd: 0, stageAmountsEsd: 0, stages: "" };
  const summing = ofGraphite(input, graphite);
  const sums = graphite.phases.map(({ carbon, esd }) => summing(carbon, esd).value);
  const all = sums.reduce((sum, value) => sum + value, 0);
  const shares = sums.map((value) => Math.max(0, value / all));
  const byAmounts = stageAmountsEsd(graphite.phases, shares, input.config.scaleRatioEsd);
  const others = anode.total ** 2 - anode.esd ** 2 - byAmounts ** 2;
  const stages = graphite.phases.map(({ name }) => name).join(", ");
  return { stagesEsd: Math.sqrt(Math.max(0, others)), stageAmountsEsd: byAmounts, stages };
}

function weightedMean(values: Float64Array, weight: Float64Array): number {
  let [sum, all] = [0, 0];
  for (let v = 0; v < values.length; v++) {
    if (!(weight[v]! > 0) || values[v] === 0) continue;
    sum += weight[v]! * values[v]!;
    all += weight[v]!;
  }
  return all > 0 ? sum / all : 0;
}

/** Moles of oxide, by what is known of the cell. */
export function unitsOf(
  input: LithiumInput,
  oxides: readonly OxidePhase[],
  amounts: ReadonlyMap<string, PhaseAmount>,
  notes: string[],
): CathodeUnits | undefined {
  const [first] = oxides;
  if (!first) return undefined;
  const { cell, config, places } = input;
  const summing = ofOxides(input, oxides);
  const slice = oxides.reduce((sum, { units }) => sum + (units ? summing(units.amount, units.esd).value : 0), 0);
  const standard = config.standard && amounts.get(config.standard.phase);
  const { formula } = first.table;
  const of = { cell: cell.name, config, formula, voxelMm: cell.voxelMm, slice, standard, places };
  const units = cathodeUnits(of);
  notes.push(
    units
      ? `amounts in moles by ${units.source}`
      : "no absolute amounts: electrodes are compared with each other, in moles a mole of oxide",
  );
  return units;
}

/** mAh since config.startX. */
export function chargeOf({ config, netChargeAh }: LithiumInput): Uncertain | undefined {
  if (netChargeAh) return uncertain(1000 * netChargeAh.value, { "charge by the cycler": 1000 * netChargeAh.esd });
  if (config.capacityMah === undefined) return undefined;
  return uncertain(config.capacityMah, { "charge by the cycler": config.capacityEsdMah });
}

/** Whether x of the active oxide has two humps. */
export function humpsOf(oxides: readonly OxidePhase[], config: LithiumConfig): TwoHumps | undefined {
  const active = oxides.find(({ isInactive }) => !isInactive);
  if (!active) return undefined;
  const { x } = active.lithium;
  const there = [...x.values.keys()].filter((v) => x.status![v] === 0 && (active.units?.amount[v] ?? 1) > 0);
  const pick = (values: ArrayLike<number>): Float64Array => Float64Array.from(there, (v) => values[v]!);
  const amount = active.units ? pick(active.units.amount) : new Float64Array(there.length).fill(1);
  return twoHumps(pick(x.values), pick(x.esd!), amount, config.voxelsPerResolution);
}

export function inactiveShares(
  input: LithiumInput,
  { oxides, graphite }: MappedLithium,
  hidden: HiddenCount,
  humps: TwoHumps | undefined,
): InactiveShare[] {
  const out: InactiveShare[] = [];
  const summing = ofOxides(input, oxides);
  const share = (part: SliceSum, all: number): { share: number; esd: number } => ({
    share: part.value / all,
    esd: part.esd / all,
  });
  const all = oxides.reduce((sum, { units }) => sum + (units ? summing(units.amount, units.esd).value : 0), 0);
  for (const { lithium, units, isInactive } of oxides) {
    if (!isInactive || !units) continue;
    out.push({
      electrode: "cathode",
      how: `${lithium.name}, a phase of its own`,
      ...share(summing(units.amount, units.esd), all),
    });
  }
  for (const { name, share: hiddenShare, shareEsd, x, xEsd } of hidden.oxides) {
    out.push({
      electrode: "cathode",
      how: `${name}, oxide that the map's model has no phase for, x = ${withEsd(x, xEsd)}`,
      ...{ share: hiddenShare, esd: shareEsd, isHidden: true },
    });
  }
  if (humps?.isBimodal) {
    const [low, high] = humps.means.map((mean) => mean.toFixed(2));
    out.push({
      electrode: "cathode",
      how: `x has two humps, at ${low} and ${high}: that of more lithium, left behind where the cell is charged`,
      share: humps.share,
      esd: humps.shareEsd,
    });
  }
  if (!graphite) return out;
  const inAnode = ofGraphite(input, graphite);
  const carbon = inAnode(graphite.carbon, graphite.carbonEsd).value;
  for (const phase of graphite.phases) {
    if (phase.x > 0.05) continue;
    out.push({
      electrode: "anode",
      how: `${phase.name}: carbon without lithium (inactive only where the cell is fully charged)`,
      ...share(inAnode(phase.carbon, phase.esd), carbon),
    });
  }
  return out;
}

/**
 * Two states of like cells, or of one: what one cathode holds less, and its anode more, each against the charge between
 * them. What both share, as the table, cancels.
 *
 * @param netChargeAh from the discharged to the charged state
 */
export function lithiumBetween(
  charged: CellLithium,
  discharged: CellLithium,
  netChargeAh?: { readonly value: number; readonly esd: number },
): Closing[] {
  if (!charged.inventory || !discharged.inventory) return [];
  const charge =
    netChargeAh &&
    uncertain(1000 * netChargeAh.value, {
      [`charge by the cycler, ${discharged.name} to ${charged.name}`]: 1000 * netChargeAh.esd,
    });
  return closeDifference(charged.inventory, discharged.inventory, charged.units?.inCell, charge);
}
