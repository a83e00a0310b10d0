/** All kernels by name; each has a twin of the same name in ../assembly. */
export { accumulate } from "./accumulate.ts";
export { backprojectTiles } from "./backproject-tiles.ts";
export { decodeByteOffset } from "./decode-byte-offset.ts";
export { filterRows } from "./filter-rows.ts";
export { integrateClipped } from "./integrate-clipped.ts";
export { integrateRegroup } from "./integrate-regroup.ts";
export { integrateShares, integrateWhole } from "./integrate-sums.ts";
export { integrateTrimmed } from "./integrate-trimmed.ts";
export { chiSquared, normalEquations } from "./normal-equations.ts";
export { patternLines } from "./pattern-lines.ts";
export { peakFit } from "./peak-fit.ts";
export { peakNormal } from "./peak-normal.ts";
export { peakExp2, peakProfile } from "./peak-profile.ts";
export * from "./project-lanes.ts";
export { projectTiles } from "./project-tiles.ts";
export { flagAbove, gatherRows, gatherVariances, slidingMaximum } from "./sinogram.ts";
