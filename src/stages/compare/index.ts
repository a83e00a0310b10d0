/** The stage `compare`: cells on one grid, statistics by region, differences. */
export { type AlignedCell, alignCells, type ComparedCell, placePlaces } from "./align-cells.ts";
export { amountChannels } from "./channels.ts";
export {
  type CompareInput,
  type Comparison,
  compareSlices,
  type DifferenceMaps,
  type PairRow,
  type StatisticsRow,
} from "./compare-slices.ts";
export { CompareConfig } from "./config.ts";
export { regionsOf } from "./regions.ts";
export { isLength, type StandardOutcome } from "./standard.ts";
export { describe, type Statistics } from "./statistics.ts";
export {
  type Cell as TableCell,
  csvTable,
  markdownTable,
  pairTable,
  placementTable,
  statisticsTable,
  type Table,
} from "./tables.ts";
