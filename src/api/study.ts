/** "xrdct/study": several cells side by side, lithium, electrochemistry, figures of a paper. */
export { type CompareCellsOptions, compareCells } from "../pipeline/study/compare-cells.ts";
export { type FoundPlaces, findPlaces, PlacesConfig } from "../pipeline/study/find-places.ts";
export {
  type CellLithium,
  type LithiumInput,
  lithiumOfCell,
  readStructures,
} from "../pipeline/study/lithium-of-cell.ts";
export { type EchemCell, readEchem } from "../pipeline/study/read-echem.ts";
export { readSliceMaps } from "../pipeline/study/read-slice-maps.ts";
export type { StudyOptions } from "../pipeline/study/run-cells.ts";
export { runStudy, type StudyFindings } from "../pipeline/study/run-study.ts";
export { readStudy, type Study, StudyConfig } from "../pipeline/study/study-config.ts";
export {
  readSummedPattern,
  type StudyFigure,
  studyFigures,
  writeStudyFigures,
} from "../pipeline/study/study-figures.ts";
export type { StudyCell, StudyOutcome } from "../pipeline/study/study-outcome.ts";
export { writeStudy } from "../pipeline/study/write-study.ts";
export { type NetCharge, netChargeAh } from "../stages/echem/index.ts";
