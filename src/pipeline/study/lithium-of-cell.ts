/** Lithium of one cell: maps, profiles, inventory, and what of it the cycler confirms. */
import { cellContent, type Structure } from "../../crystal/index.ts";
import { InputError, type ParameterMap, type PhaseRoles, type Places, type SliceMaps } from "../../data/index.ts";
import type { Result } from "../../files/result-reader.ts";
import { resolveModel } from "../../refinement/index.ts";
import {
  anchorCalibration,
  type CathodeUnits,
  type Closing,
  calibrationFor,
  closeInventory,
  electrodeGroups,
  type GraphiteLithium,
  graphiteLithium,
  graphiteRow,
  type LithiumCalibration,
  type LithiumConfig,
  type LithiumInventory,
  type LithiumRow,
  type OxideLithium,
  oxideLithium,
  oxideRow,
  type PhaseAmount,
  phaseAmount,
  stagedPhase,
  type TwoHumps,
  whereEnough,
} from "../../stages/lithium/index.ts";
import { parseModel } from "../refine/load-model.ts";
import { type FoundPhase, hiddenOxidesOf } from "./hidden-oxides.ts";
import { chargeOf, countCell, humpsOf, inactiveShares, unitsOf } from "./lithium-count.ts";
import { systematicsOf } from "./lithium-systematics.ts";
import { readCalibration } from "./read-calibration.ts";

/** What lithium is counted from. */
export interface LithiumInput {
  /** name of the cell, and its maps */
  readonly cell: SliceMaps;
  /** of the model that its scales are of */
  readonly structures: ReadonlyMap<string, Structure>;
  readonly roles: PhaseRoles;
  readonly places?: Places | undefined;
  readonly config: LithiumConfig;
  /** instead of config.capacityMah: net charge since config.startX, positive where the cell is charged */
  readonly netChargeAh?: { readonly value: number; readonly esd: number } | undefined;
  /** phases that the map's model does not have; left out where nobody looked for any */
  readonly hidden?: readonly FoundPhase[] | undefined;
}

export interface OxidePhase {
  readonly lithium: OxideLithium;
  readonly table: LithiumCalibration;
  readonly scaleEsd: number;
  /** [y, x] formula units, S V Z; undefined without scales */
  readonly units: { readonly amount: Float64Array; readonly esd: Float64Array } | undefined;
  /** cells as they were used */
  readonly a: ParameterMap;
  readonly c: ParameterMap;
  readonly isInactive: boolean;
}

/** Material without part in the cycling, by one way of seeing it. */
export interface InactiveShare {
  readonly electrode: string;
  readonly how: string;
  readonly share: number;
  readonly esd: number;
  /** without a phase in the map: in the inventory as hidden oxide */
  readonly isHidden?: true;
}

/** What no fit tells: an error of all voxels alike, with its size in x or relative. */
export interface Systematic {
  readonly name: string;
  readonly of: string;
  readonly size: string;
  readonly note: string;
}

/** What the maps say before anything is summed. */
export interface MappedLithium {
  readonly oxides: readonly OxidePhase[];
  readonly graphite: GraphiteLithium | undefined;
  readonly amounts: ReadonlyMap<string, PhaseAmount>;
  /** [oxide][group] */
  readonly oxideRows: readonly (readonly LithiumRow[])[];
  readonly anodeRows: readonly LithiumRow[];
  readonly notes: readonly string[];
}

/** Lithium of one cell. */
export interface CellLithium {
  readonly name: string;
  /** what it was counted from: see recount */
  readonly input: LithiumInput;
  readonly mapped: MappedLithium;
  /** "NMC532/x", "NMC532/x_low", "anode/x" ... */
  readonly maps: SliceMaps;
  readonly oxides: readonly OxidePhase[];
  readonly graphite: GraphiteLithium | undefined;
  readonly rows: readonly LithiumRow[];
  readonly inventory: LithiumInventory | undefined;
  readonly units: CathodeUnits | undefined;
  readonly closings: readonly Closing[];
  readonly inactive: readonly InactiveShare[];
  readonly humps: TwoHumps | undefined;
  readonly systematics: readonly Systematic[];
  readonly notes: readonly string[];
}

/**
 * Lithium of both electrodes of a cell, in voxels and in all, with uncertainties.
 *
 * @throws InputError "lithium-no-electrode" | "lithium-no-table" | "lithium-*" of its settings
 */
export const lithiumOfCell = (input: LithiumInput): CellLithium => countedCell(input, mapLithium(input));

/** Sums and closings anew, once it is known what the map's model does not have; maps stay as they are. */
export const recount = ({ input, mapped }: CellLithium, hidden: readonly FoundPhase[]): CellLithium =>
  countedCell({ ...input, hidden }, mapped);

function mapLithium(input: LithiumInput): MappedLithium {
  const { config, roles, places } = input;
  const notes: string[] = [];
  const amounts = amountsOf(input);
  const oxides = roles.cathode.flatMap((phase) => oxidePhase(input, phase, amounts.get(phase), notes));
  const graphite = graphiteOf(input, amounts, notes);
  if (oxides.length === 0 && !graphite) throw noElectrode(input);
  const { nearMm, depthBins, alongMm, voxelsPerResolution } = config;
  const groups = { nearMm, depthBins, alongMm };
  const cathodeGroups = electrodeGroups("cathode", places, groups);
  const oxideRows = oxides.map(({ lithium, table, units }) => {
    const amount = units?.amount ?? lithium.x.values.map((x) => (Number.isFinite(x) ? 1 : 0));
    const settings = { lithium, amount, xEsd: table.xEsd, voxelsPerResolution };
    return cathodeGroups.map((group) => oxideRow(group, settings));
  });
  const anodeRows = graphite
    ? electrodeGroups("anode", places, groups).map((group) =>
        graphiteRow(group, {
          phases: graphite.phases,
          x: graphite.x.values,
          esd: graphite.x.esd!,
          carbon: graphite.carbon,
          voxelsPerResolution,
          scaleRatioEsd: config.scaleRatioEsd,
        }),
      )
    : [];
  return { oxides, graphite, amounts, oxideRows, anodeRows, notes };
}

function countedCell(input: LithiumInput, mapped: MappedLithium): CellLithium {
  const { cell, config } = input;
  const { oxides, graphite, amounts, oxideRows, anodeRows } = mapped;
  const notes = [...mapped.notes];
  const hidden = hiddenOxidesOf(input, mapped, notes);
  const counted = countCell(input, mapped, hidden, notes);
  const units = unitsOf(input, oxides, amounts, notes);
  const charge = chargeOf(input);
  const since = config.startX === undefined ? undefined : charge;
  if (charge && counted && !units?.inCell) notes.push(NO_UNITS);
  if (charge && !since) notes.push(NO_START);
  const humps = humpsOf(oxides, config);
  return {
    ...{ name: cell.name, input, mapped, oxides, graphite, units, humps, notes },
    maps: { ...cell, maps: lithiumMaps(oxides, graphite) },
    rows: [...oxideRows.flat(), ...anodeRows].filter(({ voxels }) => voxels > 0),
    inventory: counted,
    closings: counted ? closeInventory(counted, units?.inCell, since) : [],
    inactive: inactiveShares(input, mapped, hidden, humps),
    systematics: systematicsOf(cell, oxides, graphite, config),
  };
}

const NO_START =
  "the charge of the cycler says what changed, and not from which lithium on: give startX (1 for a cell as assembled) to hold this cell against it; differences of cells need none";
const NO_UNITS =
  "the charge of the cycler cannot be held against the electrodes: nothing says how much oxide the cell holds. Give cathodeMassG, or cathodeLoadingMgCm2 with electrodeAreaCm2, or standard with electrodeHeightMm";

function noElectrode({ cell, roles }: LithiumInput): InputError {
  const phases = [
    ...new Set([...cell.maps.keys()].filter((name) => name.includes("/")).map((name) => name.split("/")[0])),
  ];
  return new InputError(
    "lithium-no-electrode",
    `${cell.name}: no electrode to find lithium in. Needed are maps of a and c of a layered oxide, or scales of graphite and its stages; the cathode's phases are [${roles.cathode.join(", ")}], the anode's [${roles.anode.join(", ")}], and the maps are of ${phases.join(", ") || "no phase"}. Say which phases are which.`,
  );
}

function amountsOf({ cell, structures, config }: LithiumInput): Map<string, PhaseAmount> {
  const amounts = new Map<string, PhaseAmount>();
  for (const [name, structure] of structures) {
    const amount = phaseAmount(cell, name, structure);
    if (amount) amounts.set(name, amount);
  }
  if (config.standard && !structures.has(config.standard.phase)) {
    throw new InputError(
      "lithium-standard",
      `standard.phase "${config.standard.phase}" is no phase of the model; there are ${[...structures.keys()].join(", ")}.`,
    );
  }
  return amounts;
}

function oxidePhase(
  input: LithiumInput,
  phase: string,
  amount: PhaseAmount | undefined,
  notes: string[],
): OxidePhase[] {
  const { cell, config, structures } = input;
  const [a, c] = [latticeMap(cell, phase, "a", notes), latticeMap(cell, phase, "c", undefined)];
  if (!a || !c) {
    notes.push(`${phase}: no maps of a and c, so no lithium content`);
    return [];
  }
  const structure = structures.get(phase);
  const table = tableFor(config, phase, structure);
  const isDirect = a.name.startsWith("dlsr/") && c.name.startsWith("dlsr/");
  // a scale that is not known at all leaves c/a
  const scaleEsd = config.lattice === "ratio" ? 0.02 : (config.scaleEsd ?? (isDirect ? 2e-4 : 5e-4));
  const units = amount && formulaUnits(amount);
  const mask = units && whereEnough(units.amount, units.esd, config.leastShare);
  const lithium = oxideLithium({ name: phase, a, c, table, scaleEsd, ...(mask && { mask }) });
  const isInactive = config.inactive.includes(phase) || (config.inactive.length === 0 && /inactive/i.test(phase));
  return [{ lithium, table, scaleEsd, units, a, c, isInactive }];
}

/** Without parallax where that is known. */
function latticeMap(
  cell: SliceMaps,
  phase: string,
  edge: string,
  notes: string[] | undefined,
): ParameterMap | undefined {
  const map = cell.maps.get(`${phase}/${edge}`);
  const corrected = cell.maps.get(`${phase}/${edge}_parallax_corrected`);
  if (!map || !corrected || !map.name.startsWith("map/")) return map;
  notes?.push(`${phase}: cells of the conventional map, corrected for parallax to first order`);
  return corrected;
}

function tableFor(config: LithiumConfig, phase: string, structure: Structure | undefined): LithiumCalibration {
  const content = structure && cellContent(structure);
  const found =
    config.table === "auto"
      ? content && isLayered(structure) && calibrationFor(content)
      : readCalibration(config.table, formulaOf(content));
  if (!found) {
    const why = content
      ? `${formulaOf(content)} is none of the layered oxides that the program has a table for`
      : "its composition is not known";
    throw new InputError(
      "lithium-no-table",
      `${phase}: no table of a and c over lithium for it: ${why}. Give one by \`table\`: a file with x, a and c, or NMC811 or NMC532.`,
    );
  }
  const anchored = anchorCalibration(found, config.referenceStates);
  const fill = (given: number | undefined, own: Float64Array): Float64Array =>
    given === undefined ? own : own.map(() => given);
  return {
    ...anchored,
    esdA: fill(config.tableEsdA, anchored.esdA),
    esdC: fill(config.tableEsdC, anchored.esdC),
    xEsd: config.tableXEsd ?? anchored.xEsd,
    slopeEsd: config.tableSlopeEsd ?? slopeOf(config.tableXEsd, anchored),
  };
}

/** As the table's own, in proportion to what is said of its x. */
const slopeOf = (xEsd: number | undefined, { xEsd: own, slopeEsd }: LithiumCalibration): number =>
  xEsd === undefined || !(own > 0) ? slopeEsd : (slopeEsd * xEsd) / own;

/** A spinel may have the same atoms: hexagonal layers have an a of 2.8 to 2.9 angstrom. */
export const isLayered = ({ cell }: Structure): boolean => cell.gamma === 120 && cell.a > 2.7 && cell.a < 3;

/** Of two oxygens, with one lithium: "LiNi0.5Mn0.3Co0.2O2". */
function formulaOf(content: ReadonlyMap<string, number> | undefined): string | undefined {
  const oxygen = content?.get("O") ?? 0;
  if (!content || !(oxygen > 0)) return undefined;
  const metals = [...content].filter(([element]) => element !== "Li" && element !== "O");
  const count = (n: number): string => `${Number(((2 * n) / oxygen).toFixed(4))}`.replace(/^1$/, "");
  return `Li${metals.map(([element, n]) => `${element}${count(n)}`).join("")}O2`;
}

/** Of LiMO2: two oxygens each. */
function formulaUnits({ content, cells, esd }: PhaseAmount): { amount: Float64Array; esd: Float64Array } | undefined {
  const perCell = (content.get("O") ?? 0) / 2;
  if (!(perCell > 0)) return undefined;
  return { amount: cells.map((n) => n * perCell), esd: esd.map((sigma) => sigma * perCell) };
}

function graphiteOf(
  { cell, roles, config }: LithiumInput,
  amounts: ReadonlyMap<string, PhaseAmount>,
  notes: string[],
): GraphiteLithium | undefined {
  const phases = roles.anode.flatMap((name) => {
    const amount = amounts.get(name);
    const staged = amount && stagedPhase(amount);
    if (!staged)
      notes.push(
        `${name}: ${amount ? "holds no carbon" : "no scale or no structure"}, so it counts for no lithium of the anode`,
      );
    return staged ? [staged] : [];
  });
  if (phases.length === 0) return undefined;
  const spacings = new Map(
    phases.flatMap(({ name }) => {
      const c = cell.maps.get(`${name}/c`);
      return c ? [[name, c] as const] : [];
    }),
  );
  return graphiteLithium({ ny: cell.ny, nx: cell.nx, phases, spacings, leastShare: config.leastShare });
}

function lithiumMaps(oxides: readonly OxidePhase[], graphite: GraphiteLithium | undefined): Map<string, ParameterMap> {
  const maps = new Map<string, ParameterMap>();
  const add = (map: ParameterMap): unknown => maps.set(map.name, map);
  for (const { lithium, units } of oxides) {
    for (const map of [
      lithium.x,
      lithium.total,
      lithium.low,
      lithium.high,
      lithium.flag,
      lithium.other,
      lithium.weight,
    ])
      add(map);
    if (units) add(amountMap(`${lithium.name}/amount`, lithium.x, units.amount, units.esd));
  }
  if (!graphite) return maps;
  for (const map of [graphite.x, graphite.low, graphite.high, graphite.bySpacing]) add(map);
  add(amountMap("anode/carbon", graphite.x, graphite.carbon, graphite.carbonEsd));
  return maps;
}

const amountMap = (name: string, { ny, nx }: ParameterMap, values: Float64Array, esd: Float64Array): ParameterMap => ({
  name,
  ny,
  nx,
  unit: "1/angstrom^3, not scaled",
  values: Float32Array.from(values),
  esd: Float32Array.from(esd),
});

/** The structures of the model that a result was refined with; none where it was not. */
export function readStructures(result: Result): Map<string, Structure> {
  const text = result.readNote("map/model");
  if (text === undefined) return new Map();
  const { config, files } = parseModel(text, `${result.path}: map/model`, ".");
  return new Map(resolveModel(config, files).model.phases.map(({ name, structure }) => [name, structure]));
}
