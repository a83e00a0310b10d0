/** What the mean pattern of each cell of a study hides. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openResult } from "../../files/result-reader.ts";
import { UnexplainedConfig } from "../../stages/unexplained/index.ts";
import type { AddedPhase } from "./added-phase.ts";
import type { AnalysedCell } from "./analyse-cell.ts";
import { readCandidates } from "./candidate-structures.ts";
import type { FoundPhase } from "./hidden-oxides.ts";
import { type CellLithium, recount } from "./lithium-of-cell.ts";
import type { StudyOptions } from "./run-cells.ts";
import type { Study } from "./study-config.ts";
import { findUnexplained, type UnexplainedPhases } from "./unexplained-phases.ts";
import { writeUnexplained } from "./write-unexplained.ts";

export interface HiddenPhases {
  /** of the cell */
  readonly name: string;
  readonly label: string;
  readonly found: UnexplainedPhases;
  /** candidates that explain what was found, tried in the pattern of its hot spots */
  readonly added: readonly AddedPhase[];
  /** folder of its report, maps and figures */
  readonly folder: string;
  readonly written: readonly string[];
}

/** Each into a folder of its own: unexplained/CELL. Nothing where the study.yaml says `unexplained: false`. */
export async function findHiddenPhases(
  study: Study,
  cells: readonly AnalysedCell[],
  options: StudyOptions,
): Promise<HiddenPhases[]> {
  const settings = study.config.unexplained;
  if (settings === false) return [];
  const { cifs, ...rest } = settings;
  const config = UnexplainedConfig.parse(rest);
  const { candidates } = readCandidates(cifs === undefined ? undefined : study.resolve(cifs));
  const hidden: HiddenPhases[] = [];
  for (const { config: cell, label, result: path } of cells) {
    options.signal.throwIfAborted();
    options.onStep?.(`phases that the mean pattern hides: ${label}`);
    const folder = join(options.output, "unexplained", cell.name);
    mkdirSync(folder, { recursive: true });
    const result = await openResult(path);
    try {
      const found = await findUnexplained(result, { ...options, config, candidates, folder });
      const { added } = found;
      const written = await writeUnexplained(result, found, added, {
        ...{ config, folder, modelPath: join(folder, "model.yaml") },
      });
      hidden.push({ name: cell.name, label, found, added, folder, written });
    } finally {
      result.close();
    }
  }
  return hidden;
}

/** Lithium of the cells anew: with the oxide that the search found, and in the knowledge that there was a search. */
export function countHidden(cells: readonly AnalysedCell[], hidden: readonly HiddenPhases[]): AnalysedCell[] {
  return cells.map((cell) => {
    const found = hidden.find(({ name }) => name === cell.config.name);
    return found && cell.lithium ? { ...cell, lithium: recount(cell.lithium, foundPhases(found, cell.lithium)) } : cell;
  });
}

/** The cell that the refinement of the hot spots gives, where it is good, without the parallax of where these lie. */
function foundPhases({ found: { components, phases }, added }: HiddenPhases, lithium: CellLithium): FoundPhase[] {
  return phases.flatMap(({ component, name, bulkShare, bulkShareEsd }) => {
    const found = components.find(({ index }) => index === component);
    if (!found?.best) return [];
    const tried = added.find((one) => one.component === component);
    const refined = tried?.after.phases.find((phase) => phase.name === name);
    const isGood = tried?.after.status === "converged" && refined && !refined.isHeld;
    const cell = isGood ? refined.cell : found.best.cell;
    const shift = parallaxOf(lithium, found.spots.voxels);
    const scale = 1 - (shift ?? 0);
    const structure = {
      ...found.best.structure,
      cell: { ...cell, a: cell.a * scale, b: cell.b * scale, c: cell.c * scale },
    };
    const isCorrected = shift !== undefined;
    return [{ name, structure, isCorrected, massShare: bulkShare, massShareEsd: bulkShareEsd }];
  });
}

/** Relative, as the cathode's own cells have it in these voxels; undefined where the map does not say. */
function parallaxOf({ input: { cell }, oxides }: CellLithium, voxels: readonly number[]): number | undefined {
  const shifts = oxides.flatMap(({ lithium: { name } }) => {
    const map = cell.maps.get(`${name}/parallax_shift`);
    return map ? voxels.map((voxel) => 1e-6 * map.values[voxel]!).filter(Number.isFinite) : [];
  });
  return shifts.length > 0 ? shifts.reduce((sum, shift) => sum + shift, 0) / shifts.length : undefined;
}
