/** One cell of a study by itself: its maps, places, lithium and cycling, on its own grid. */
import { guessRoles, InputError, type PhaseRoles, type SliceMaps } from "../../data/index.ts";
import { openResult } from "../../files/result-reader.ts";
import type { LithiumConfig } from "../../stages/lithium/index.ts";
import { type FoundPlaces, findPlaces } from "./find-places.ts";
import { type CellLithium, lithiumOfCell, readStructures } from "./lithium-of-cell.ts";
import { type EchemCell, readEchem } from "./read-echem.ts";
import { readMasks } from "./read-masks.ts";
import { readSliceMaps } from "./read-slice-maps.ts";
import type { CellConfig, Study } from "./study-config.ts";
import { readSummedPattern, type SummedPattern } from "./study-figures.ts";

export interface AnalysedCell {
  readonly config: CellConfig;
  readonly label: string;
  readonly result: string;
  /** maps of the result and of the lithium */
  readonly slice: SliceMaps;
  readonly places: FoundPlaces;
  /** drawn in the app: on the cell's own grid */
  readonly masks: ReadonlyMap<string, Uint8Array>;
  readonly lithium: CellLithium | undefined;
  readonly echem: EchemCell | undefined;
  readonly pattern: SummedPattern | undefined;
}

/** @param results path of the result by name of the cell */
export async function analyseCells(study: Study, results: ReadonlyMap<string, string>): Promise<AnalysedCell[]> {
  const cells: AnalysedCell[] = [];
  for (const config of study.config.cells) cells.push(await analyseCell(study, config, results.get(config.name)!));
  return cells;
}

async function analyseCell(study: Study, config: CellConfig, path: string): Promise<AnalysedCell> {
  const label = config.label ?? config.name;
  const echem = readCycling(study, config);
  const result = await openResult(path);
  try {
    const slice = readSliceMaps(result, config.name);
    const roles = rolesOf(study, [slice]);
    const places = findPlaces(slice, roles, study.config.places);
    const settings = lithiumSettings(study, config);
    const lithium =
      settings &&
      lithiumOfCell({
        cell: slice,
        structures: readStructures(result),
        roles,
        places,
        config: settings,
        ...(echem?.description.net && {
          netChargeAh: { value: echem.description.net.ah, esd: echem.description.net.esd },
        }),
      });
    const maps = new Map([...slice.maps, ...(lithium?.maps.maps ?? [])]);
    return {
      ...{ config, label, result: path, places, lithium, echem },
      slice: { ...slice, maps },
      masks: readMasks(path, [slice.ny, slice.nx]),
      pattern: readSummedPattern(result, label),
    };
  } finally {
    result.close();
  }
}

function readCycling(study: Study, { name, echem }: CellConfig): EchemCell | undefined {
  const files = [echem ?? []].flat().map(study.resolve);
  return files.length > 0 ? readEchem(name, files, { config: study.config.echem }) : undefined;
}

/** The study's settings, and what is the cell's own. */
function lithiumSettings(study: Study, cell: CellConfig): LithiumConfig | undefined {
  const { lithium } = study.config;
  if (lithium === false) return undefined;
  const own = Object.fromEntries(Object.entries(cell.lithium).filter(([, value]) => value !== undefined));
  return { ...lithium, ...own, table: tablePath(study, lithium.table) };
}

const BUILT_IN = ["auto", "NMC811", "NMC532"];

/** A table's name, or the file as it is seen from here. */
export const tablePath = (study: Study, table: string): string =>
  BUILT_IN.includes(table) ? table : study.resolve(table);

/**
 * As the study.yaml says, and what it leaves out as the names of the phases suggest; phases that none of these slices
 * has are left out, as charged and discharged cells are refined with different ones.
 */
export function rolesOf(study: Study, slices: readonly SliceMaps[]): PhaseRoles {
  const phases = phasesOf(slices);
  const given = Object.entries(study.config.phases).flatMap(([role, names]) =>
    names === undefined ? [] : [[role, names.filter((name) => phases.has(name))]],
  );
  return { ...guessRoles([...phases]), ...Object.fromEntries(given) };
}

/** @throws InputError "study-phases" where a phase that was given is in no cell */
export function checkRoles(study: Study, slices: readonly SliceMaps[]): void {
  const phases = phasesOf(slices);
  const wrong = Object.entries(study.config.phases).flatMap(([role, names = []]) =>
    names.filter((name) => !phases.has(name)).map((name) => `${name} (${role})`),
  );
  if (wrong.length === 0) return;
  throw new InputError(
    "study-phases",
    `${study.path}: no cell has maps of ${wrong.join(", ")}. There are maps of ${[...phases].join(", ")}. Correct the names under \`phases\`.`,
  );
}

/** Names of phases and of peaks that there are maps of. */
function phasesOf(slices: readonly SliceMaps[]): Set<string> {
  const phases = new Set<string>();
  for (const { maps } of slices) {
    for (const name of maps.keys()) {
      const phase = /^(?:peaks\/)?([^/]+)\/[^/]+$/.exec(name)?.[1];
      if (phase) phases.add(phase);
    }
  }
  return phases;
}
