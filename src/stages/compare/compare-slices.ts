/** Cells side by side: one grid, common masks, statistics, differences. */
import { InputError, type ParameterMap, type PhaseRoles, type Places, type SliceMaps } from "../../data/index.ts";
import { type Grid, IDENTITY, type Registration, resampleLabels, usable } from "../../registration/index.ts";
import { type AlignedCell, alignCells, type ComparedCell } from "./align-cells.ts";
import type { CompareConfig } from "./config.ts";
import { cropLabels } from "./crop.ts";
import { type Regions, regionsOf } from "./regions.ts";
import { divideOut, isLength, measureStandard, type StandardOutcome, withWitnesses } from "./standard.ts";
import { describe, LEAST_VOXELS, type Statistics } from "./statistics.ts";
import { unchangedNotes } from "./unchanged-notes.ts";

export interface StatisticsRow extends Statistics {
  readonly cell: string;
  readonly map: string;
  readonly unit: string;
  readonly region: string;
}

/** One cell less another, of the means of a region. */
export interface PairRow {
  readonly cell: string;
  readonly minus: string;
  readonly map: string;
  readonly unit: string;
  readonly region: string;
  readonly n: number;
  readonly difference: number;
  /** of the means; `paired`: from the spread of the voxels' own differences */
  readonly esd: number;
  readonly paired: boolean;
  /** what the standard, or the lack of one, leaves open; 0 where there is none */
  readonly standardEsd: number;
  /** difference over its whole uncertainty */
  readonly z: number;
}

export interface DifferenceMaps {
  readonly cell: string;
  readonly map: string;
  /** cell less reference, its uncertainty from both */
  readonly difference: ParameterMap;
  /** difference over its uncertainty */
  readonly significance?: ParameterMap;
}

export interface Comparison extends Grid {
  readonly reference: string;
  readonly cells: readonly AlignedCell[];
  /** of the reference */
  readonly places?: Places;
  readonly maps: readonly string[];
  /** by phase: [y, x] 1 for voxels that count in every cell */
  readonly masks: ReadonlyMap<string, Uint8Array>;
  readonly regions: Regions;
  readonly statistics: readonly StatisticsRow[];
  readonly pairs: readonly PairRow[];
  readonly differences: readonly DifferenceMaps[];
  readonly standard: readonly StandardOutcome[];
  readonly notes: readonly string[];
}

export interface CompareInput {
  readonly cells: readonly ComparedCell[];
  /** name of one of them */
  readonly reference: string;
  readonly roles: PhaseRoles;
  /** on the reference's own grid: masks that a user drew */
  readonly masks?: ReadonlyMap<string, Uint8Array>;
  /** by name: where slices lie on the reference, where that was found before */
  readonly registrations?: ReadonlyMap<string, Registration>;
}

/**
 * @throws InputError "compare-cells" | "compare-maps" | "compare-standard" | "compare-standard-doubtful" |
 *   "compare-no-amounts" | "registration-image"
 */
export function compareSlices(
  { cells, reference: name, roles, masks: drawn = new Map(), registrations }: CompareInput,
  config: CompareConfig,
): Comparison {
  const reference = checkCells(cells, name);
  const aligned = alignCells(cells, reference, roles, config, registrations);
  const own = aligned[cells.indexOf(reference)]!;
  const names = mapsToCompare(aligned, config);
  const slices = cells.map(({ slice }) => slice);
  const standard = config.standard
    ? withWitnesses(measureStandard(slices, reference.slice, config.standard), slices, reference.slice, {
        roles,
        vouchedPpm: config.standardEsdPpm,
      })
    : [];
  const corrected = aligned.map((cell, i) => ({ ...cell, aligned: divideOut(cell.aligned, standard[i]?.error ?? 0) }));
  const grid: Grid = { ny: own.aligned.ny, nx: own.aligned.nx, voxelMm: own.aligned.voxelMm };
  const holds = corrected.map((cell) => phaseMasks(cell.aligned, names, config.leastWeightFraction));
  const masks = new Map(phasesOf(names).map((phase) => [phase, commonOf(holds.map((of) => of.get(phase)!))] as const));
  const onGrid = new Map(
    [...drawn].map(([mask, values]) => [mask, maskOnGrid(values, reference.slice, grid)] as const),
  );
  const regions = regionsOf(grid.ny * grid.nx, own.places, config, onGrid);
  const context: Context = {
    cells: corrected,
    names,
    holds,
    masks,
    regions,
    config,
    standard,
    countable: countableOf(corrected, names, config.mask === "common" ? masks : holds),
    own: corrected[cells.indexOf(reference)]!,
  };
  const [statistics, pairs] = [statisticsOf(context), pairsOf(context)];
  const meanOf = (map: string): number => statistics.find((row) => row.map === map)?.mean ?? Number.NaN;
  return {
    ...grid,
    ...{ reference: name, cells: corrected, maps: names, masks, regions, standard },
    ...(own.places && { places: own.places }),
    ...{ statistics, pairs },
    differences: differencesOf(context),
    notes: [
      ...placementNotes(corrected),
      ...maskNotes(context),
      ...standardNotes(standard),
      ...unchangedNotes(pairs, roles, meanOf),
    ],
  };
}

function checkCells(cells: readonly ComparedCell[], name: string): ComparedCell {
  const names = cells.map(({ slice }) => slice.name);
  const twice = names.find((one, i) => names.indexOf(one) !== i);
  const wrong =
    cells.length < 2
      ? `two cells or more are needed, ${cells.length} given`
      : twice !== undefined
        ? `two cells are called "${twice}"; give each a name of its own`
        : undefined;
  const reference = cells.find(({ slice }) => slice.name === name);
  if (!wrong && reference) return reference;
  throw new InputError(
    "compare-cells",
    `Cells cannot be compared: ${wrong ?? `the reference "${name}" is none of them; they are ${names.join(", ")}`}.`,
  );
}

const USUAL = /^[^/]+\/(a|b|c|alpha|beta|gamma|weight_fraction|x)$/;

/** Maps that every cell has: those asked for, else cells, weight fractions and lithium of all phases. */
function mapsToCompare(cells: readonly AlignedCell[], { maps }: CompareConfig): string[] {
  const [first, ...others] = cells;
  const common = [...first!.aligned.maps.keys()].filter((map) => others.every(({ aligned }) => aligned.maps.has(map)));
  const missing = maps?.find((map) => !common.includes(map));
  if (missing !== undefined) {
    const without = cells.find(({ aligned }) => !aligned.maps.has(missing))!;
    throw new InputError(
      "compare-maps",
      `${without.name} has no map ${missing}. All cells have ${common.slice(0, 30).join(", ") || "no map in common"}.`,
    );
  }
  const names = maps ?? common.filter((map) => USUAL.test(map));
  if (names.length > 0) return names;
  throw new InputError(
    "compare-maps",
    `The cells have no lattice parameter or weight fraction in common. In common are ${common.slice(0, 30).join(", ") || "no maps"}: name those to compare with --maps.`,
  );
}

/** "NMC532" of "NMC532/c"; "" of "rwp" */
const phaseOf = (map: string): string => (map.includes("/") ? map.split("/")[0]! : "");
const phasesOf = (names: readonly string[]): string[] => [...new Set(names.map(phaseOf))];

/** By phase: voxels that hold enough of it, or all voxels that have a value where nothing says how much they hold. */
function phaseMasks({ maps, ny, nx }: SliceMaps, names: readonly string[], least: number): Map<string, Uint8Array> {
  return new Map(
    phasesOf(names).map((phase) => {
      const amount = maps.get(`${phase}/weight_fraction`)?.values;
      const mask = new Uint8Array(ny * nx);
      for (let i = 0; i < mask.length; i++) mask[i] = !amount || amount[i]! >= least ? 1 : 0;
      return [phase, mask] as const;
    }),
  );
}

function commonOf(masks: readonly Uint8Array[]): Uint8Array {
  return masks[0]!.map((_, i) => (masks.every((mask) => mask[i]) ? 1 : 0)) as Uint8Array;
}

function maskOnGrid(values: Uint8Array, slice: SliceMaps, grid: Grid): Uint8Array {
  return slice.voxelMm === grid.voxelMm
    ? cropLabels(values, slice, grid)
    : resampleLabels(values, slice, IDENTITY, grid);
}

interface Context {
  readonly cells: readonly AlignedCell[];
  readonly own: AlignedCell;
  readonly names: readonly string[];
  /** of each cell, by phase */
  readonly holds: readonly ReadonlyMap<string, Uint8Array>[];
  readonly masks: ReadonlyMap<string, Uint8Array>;
  readonly regions: Regions;
  readonly config: CompareConfig;
  readonly standard: readonly StandardOutcome[];
  readonly countable: ReadonlyMap<string, readonly Uint8Array[]>;
}

/**
 * By map, for each cell: voxels that hold the phase and have a converged value, in this cell or in all.
 *
 * @param holds by phase: of all cells, or of each its own
 */
function countableOf(
  cells: readonly AlignedCell[],
  names: readonly string[],
  holds: ReadonlyMap<string, Uint8Array> | readonly ReadonlyMap<string, Uint8Array>[],
): Map<string, Uint8Array[]> {
  return new Map(
    names.map((map) => {
      const used = cells.map(({ aligned }) => usable(aligned.maps.get(map)!));
      if (holds instanceof Map) {
        const common = commonOf([...used, holds.get(phaseOf(map))!]);
        return [map, cells.map(() => common)];
      }
      const own = holds as readonly ReadonlyMap<string, Uint8Array>[];
      return [map, used.map((of, i) => commonOf([of, own[i]!.get(phaseOf(map))!]))];
    }),
  );
}

/** Voxels of one map that count inside a region. */
const counted = ({ countable }: Context, map: string, region: Uint8Array, cell: number): Uint8Array =>
  commonOf([region, countable.get(map)![cell]!]);

function statisticsOf(context: Context): StatisticsRow[] {
  const rows: StatisticsRow[] = [];
  for (const map of context.names)
    for (const [region, mask] of context.regions)
      context.cells.forEach(({ name: cell, aligned }, i) => {
        const of = aligned.maps.get(map)!;
        const found = describe(of, counted(context, map, mask, i));
        if (found) rows.push({ cell, map, unit: of.unit, region, ...found });
      });
  return rows;
}

function pairsOf(context: Context): PairRow[] {
  const { cells, names, config } = context;
  return names.flatMap((map) =>
    cells.flatMap((minus, i) =>
      cells.slice(i + 1).flatMap((cell, k) => {
        const j = i + 1 + k;
        const standardEsd = standardOf(context, map, i, j);
        const found = config.mask === "common" ? pairedMeans(context, map, i, j) : twoMeans(context, map, i, j);
        return found.map(
          (row): PairRow => ({
            ...{ cell: cell.name, minus: minus.name, map, unit: cell.aligned.maps.get(map)!.unit, standardEsd },
            ...row,
            z: row.difference / Math.hypot(row.esd, standardEsd),
          }),
        );
      }),
    ),
  );
}

type Found = Pick<PairRow, "region" | "n" | "difference" | "esd" | "paired">;

/** By region, from the differences of the voxels: what both cells share from place to place falls out. */
function pairedMeans(context: Context, map: string, i: number, j: number): Found[] {
  const { difference } = subtract(context.cells[j]!.aligned.maps.get(map)!, context.cells[i]!.aligned.maps.get(map)!);
  return [...context.regions].flatMap(([region, mask]) => {
    const found = describe(difference, counted(context, map, mask, j));
    return found ? [{ region, n: found.n, difference: found.mean, esd: found.esd, paired: true }] : [];
  });
}

function twoMeans(context: Context, map: string, i: number, j: number): Found[] {
  return [...context.regions].flatMap(([region, mask]) => {
    const [a, b] = [i, j].map((k) =>
      describe(context.cells[k]!.aligned.maps.get(map)!, counted(context, map, mask, k)),
    );
    if (!a || !b) return [];
    return [
      { region, n: Math.min(a.n, b.n), difference: b.mean - a.mean, esd: Math.hypot(a.esd, b.esd), paired: false },
    ];
  });
}

/** In the unit of the map. */
function standardOf({ standard, cells }: Context, map: string, i: number, j: number): number {
  if (standard.length === 0 || !isLength(map)) return 0;
  const value = cells[j]!.aligned.maps.get(map)!.values.find((v) => Number.isFinite(v)) ?? 0;
  return Math.abs(value) * Math.hypot(standard[i]!.errorEsd, standard[j]!.errorEsd);
}

function differencesOf({ cells, own, names, masks }: Context): DifferenceMaps[] {
  return cells
    .filter((cell) => cell !== own)
    .flatMap(({ name: cell, aligned }) =>
      names.map((map) => {
        const maps = subtract(aligned.maps.get(map)!, own.aligned.maps.get(map)!, masks.get(phaseOf(map))!);
        return { cell, map, ...maps };
      }),
    );
}

/** Where both have a converged value, and inside the mask where there is one. */
function subtract(
  a: ParameterMap,
  b: ParameterMap,
  mask?: Uint8Array,
): Pick<DifferenceMaps, "difference" | "significance"> {
  const [ofA, ofB] = [usable(a), usable(b)];
  const isBoth = (i: number): boolean => Boolean(ofA[i] && ofB[i] && (!mask || mask[i]));
  const values = Float32Array.from(a.values, (value, i) => (isBoth(i) ? value - b.values[i]! : Number.NaN));
  const common = { ny: a.ny, nx: a.nx };
  if (!a.esd || !b.esd) return { difference: { ...common, name: a.name, unit: a.unit, values } };
  const esd = values.map((value, i) => (Number.isFinite(value) ? Math.hypot(a.esd![i]!, b.esd![i]!) : Number.NaN));
  return {
    difference: { ...common, name: a.name, unit: a.unit, values, esd },
    significance: { ...common, name: a.name, unit: "", values: values.map((value, i) => value / esd[i]!) },
  };
}

function placementNotes(cells: readonly AlignedCell[]): string[] {
  return cells.flatMap(({ name, registration: at }) => {
    if (!at) return [];
    if (at.status === "unambiguous")
      return Number.isFinite(at.rotationEsdDeg)
        ? []
        : [`${name}: its placement did not settle to a part of a voxel and has no uncertainty: look at the maps.`];
    const said = {
      ambiguous: `another rotation, ${at.nextRotationDeg.toFixed(1)}°, fits nearly as well (roll correlation ${at.nextRollCorrelation.toFixed(2)} against ${at.rollCorrelation.toFixed(2)}): look at the maps side by side`,
      "no-rotation":
        "nothing in it tells one rotation from another, and it was not turned: compare by distance to the casing and not by place",
      failed: `it has too little in common with the reference (correlation ${at.correlation.toFixed(2)}): its statistics are of places that do not belong together`,
    }[at.status];
    return [`${name}: ${said}.`];
  });
}

/** A common mask that leaves out most of a cell is no sample of it. */
const LEAST_SHARE = 0.3;

function maskNotes({ cells, holds, masks, config }: Context): string[] {
  if (config.mask !== "common") return [];
  return [...masks].flatMap(([phase, mask]) => {
    const count = (of: Uint8Array): number => of.reduce((sum, inside) => sum + inside, 0);
    const least = cells
      .map(({ name }, i) => ({ name, own: count(holds[i]!.get(phase)!) }))
      .sort((a, b) => b.own - a.own)[0]!;
    const common = count(mask);
    if (phase === "" || least.own < LEAST_VOXELS || common >= LEAST_SHARE * least.own) return [];
    return [
      `${phase}: all cells hold it in ${common} voxels, ${least.name} alone in ${least.own}. The rolls do not lie on each other: with mask "own" each cell counts whole.`,
    ];
  });
}

function standardNotes(standard: readonly StandardOutcome[]): string[] {
  return standard
    .filter(({ errorEsd }) => errorEsd > 0)
    .map(({ phase, cell, map, error, errorEsd, against }) => {
      const said = `${cell}: lattice parameters divided by 1 + ${(1e6 * error).toFixed(0)}(${(1e6 * errorEsd).toFixed(0)}) ppm, by ${phase} (${map}).`;
      return against
        ? `${said} By ${against.phase} it would be ${(1e6 * against.error).toFixed(0)} ppm, which is what makes it so uncertain: lines of one of them overlap with others, or it is not the same in all cells.`
        : said;
    });
}
