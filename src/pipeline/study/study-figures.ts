/** The figures and tables of a study, each in files of its own. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { svgToPng } from "../../files/svg-to-png.ts";
import { cyclingFigure, inventoryFigure, type LithiumCount } from "./figures/cycling-figures.ts";
import {
  componentFigure,
  differenceFigures,
  heterogeneityFigure,
  latticeFigures,
  lithiumFigure,
  phaseFigures,
  rwpFigure,
} from "./figures/map-figures.ts";
import { indexedPatternFigure, type SummedPattern } from "./figures/pattern-figures.ts";
import { profileFigures } from "./figures/profile-figures.ts";
import {
  type StatisticsRow,
  statisticsCsv,
  statisticsMarkdown,
  studyStatistics,
  tableFigure,
} from "./figures/statistics-tables.ts";
import type { StudyFigure } from "./figures/study-figure.ts";
import { unwoundFigures } from "./figures/unwound-figures.ts";
import type { StudyOutcome } from "./study-outcome.ts";

export type { LithiumCount } from "./figures/cycling-figures.ts";
export { readSummedPattern, type SummedPattern } from "./figures/pattern-figures.ts";
export type { StudyFigure } from "./figures/study-figure.ts";

/** What a study's maps do not hold; each figure that needs a thing that is left out is left out with it. */
export interface StudyFigureInputs {
  /** in the order of the cells */
  readonly patterns?: readonly SummedPattern[];
  readonly inventory?: readonly LithiumCount[];
}

/** Pixels of a PNG for one of CSS, of which 96 are an inch: 300 dpi. */
const PNG_SCALE = 300 / 96;

/** Every figure that the study has the data for, in the order of a paper. */
export function studyFigures(
  study: StudyOutcome,
  { patterns = [], inventory = [] }: StudyFigureInputs = {},
  statistics: readonly StatisticsRow[] = studyStatistics(study),
): StudyFigure[] {
  return [
    ...componentFigure(study),
    ...indexedPatternFigure(patterns),
    ...cyclingFigure(study),
    ...phaseFigures(study),
    ...latticeFigures(study),
    ...lithiumFigure(study),
    ...heterogeneityFigure(study),
    ...profileFigures(study),
    ...unwoundFigures(study),
    ...rwpFigure(study),
    ...differenceFigures(study),
    ...stateFigures(study),
    ...inventoryFigure(inventory),
    ...tableFigure(study, statistics),
  ];
}

/**
 * Cells of one state by themselves: on scales that their differences fill, larger, and against the first of them.
 * Nothing where all cells are in one state, as the other figures show the same.
 */
function stateFigures(study: StudyOutcome): StudyFigure[] {
  const states = [...new Set(study.cells.flatMap(({ state }) => state ?? []))];
  return states.flatMap((state) => {
    const cells = study.cells.filter((cell) => cell.state === state);
    if (cells.length < 2 || cells.length === study.cells.length) return [];
    const part = { ...study, cells, reference: cells[0]!.name };
    const cathodes = new Set(study.roles.cathode.map((phase) => `lattice-${phase}`));
    const lattice = latticeFigures(part).filter(({ name }) => cathodes.has(name));
    const figures = [...phaseFigures(part), ...lattice, ...lithiumFigure(part), ...differenceFigures(part)];
    return figures.map((figure) => ({ ...figure, name: `${state}-${figure.name}` }));
  });
}

/**
 * Writes all figures of a study, PNG at 300 dpi of their printed width, with `table.csv` and `table.md`.
 *
 * @param folder made where it is missing
 * @returns the paths written
 */
export async function writeStudyFigures(
  study: StudyOutcome,
  folder: string,
  formats: readonly ("svg" | "png")[] = ["png", "svg"],
  inputs: StudyFigureInputs = {},
): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const written: string[] = [];
  const write = (name: string, content: string | Uint8Array): void => {
    const path = join(folder, name);
    writeFileSync(path, content);
    written.push(path);
  };
  const statistics = studyStatistics(study);
  for (const { name, svg } of studyFigures(study, inputs, statistics)) {
    const file = name.replace(/[^\w.+-]+/g, "_");
    for (const format of formats) write(`${file}.${format}`, format === "svg" ? svg : await svgToPng(svg, PNG_SCALE));
  }
  write("table.csv", statisticsCsv(statistics));
  write("table.md", statisticsMarkdown(study, statistics));
  return written;
}
