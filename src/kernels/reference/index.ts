/** All kernels by name; each has a twin of the same name in ../assembly. */
export { accumulate } from "./accumulate.ts";
export { decodeByteOffset } from "./decode-byte-offset.ts";
export { backprojectTiles } from "./backproject-tiles.ts";
export { filterRows } from "./filter-rows.ts";
export * from "./project-lanes.ts";
export { projectTiles } from "./project-tiles.ts";
export { peakFit } from "./peak-fit.ts";
export { peakNormal } from "./peak-normal.ts";
export { peakExp2, peakProfile } from "./peak-profile.ts";
