/** A study the whole way: the scans of its cells, then everything that takes several of them. */
import { mkdirSync } from "node:fs";
import type { SliceMaps } from "../../data/index.ts";
import type { Comparison } from "../../stages/compare/index.ts";
import type { Closing } from "../../stages/lithium/index.ts";
import { type AnalysedCell, analyseCells, checkRoles, rolesOf } from "./analyse-cell.ts";
import { closeCells } from "./close-lithium.ts";
import { compareCells } from "./compare-cells.ts";
import { countHidden, findHiddenPhases, type HiddenPhases } from "./hidden-phases.ts";
import { checkStudyFiles, runCells, type StudyOptions } from "./run-cells.ts";
import type { Study } from "./study-config.ts";
import { placeStudyImages, type StudyImage } from "./study-images.ts";
import type { StudyCell, StudyOutcome } from "./study-outcome.ts";

/** Everything that a study found; `outcome` is what figures are drawn from. */
export interface StudyFindings {
  readonly study: Study;
  readonly cells: readonly AnalysedCell[];
  readonly comparison: Comparison;
  readonly outcome: StudyOutcome;
  /** lithium between cells, against the charge between them */
  readonly closings: readonly Closing[];
  readonly hidden: readonly HiddenPhases[];
  readonly images: readonly StudyImage[];
}

/**
 * Several cells from raw scans to tables, figures and one file of maps.
 *
 * @throws InputError of every part: of the scans, the cycler's files, the registration ...
 */
export async function runStudy(study: Study, options: StudyOptions): Promise<StudyFindings> {
  checkStudyFiles(study);
  mkdirSync(options.output, { recursive: true });
  const results = await runCells(study, options);
  await options.beforeOwn?.();
  options.onStep?.("places, lithium and cycling of each cell");
  const analysed = await analyseCells(study, results);
  options.signal.throwIfAborted();
  const slices = analysed.map(({ slice }) => slice);
  checkRoles(study, slices);
  const roles = rolesOf(study, slices);
  const hidden = await findHiddenPhases(study, analysed, options);
  const cells = countHidden(analysed, hidden);
  options.signal.throwIfAborted();
  options.onStep?.("cells on one grid");
  const reference = cells.find(({ config }) => config.name === study.reference)!;
  const comparison = await compareCells(cells, {
    ...{ reference: study.reference, roles, config: study.config.compare },
    ...{ workers: options.workers, signal: options.signal },
    masks: reference.masks,
  });
  const outcome: StudyOutcome = {
    ...{ title: study.config.title, reference: study.reference, roles },
    cells: cells.map((cell, i) => studyCell(cell, comparison.cells[i]!)),
  };
  const images = await placeStudyImages(study, cells, options);
  return { study, cells, comparison, outcome, closings: closeCells(cells), hidden, images };
}

function studyCell(cell: AnalysedCell, { aligned, places }: Comparison["cells"][number]): StudyCell {
  const { config, label, slice, lithium, echem } = cell;
  const isLithium = (name: string): boolean => lithium?.maps.maps.has(name) ?? false;
  return {
    ...{ name: config.name, label, own: slice, aligned: part(aligned, (name) => !isLithium(name)) },
    places: places!,
    lithium: part(aligned, isLithium),
    ...(echem && { cycling: echem }),
    ...(config.state !== undefined && { state: config.state }),
  };
}

const part = (slice: SliceMaps, isWanted: (name: string) => boolean): SliceMaps => ({
  ...slice,
  maps: new Map([...slice.maps].filter(([name]) => isWanted(name))),
});
