/** One slice laid on another: registration, and maps and labels of one grid on another. */
export { fitOutline, type Outline } from "./outline.ts";
export { apply, backward, forward, IDENTITY, inverse, type Placement, wrapDeg } from "./placement.ts";
export { type PreparedSlice, prepareSlice } from "./prepared-slice.ts";
export {
  REGISTRATION_STATUS,
  type Registration,
  RegistrationConfig,
  type RegistrationInput,
  type RegistrationStatus,
  registerSlices,
} from "./register-slices.ts";
export { type Grid, resampleLabels, resampleMap, usable } from "./resample.ts";
export type { Explained } from "./rotation-search.ts";
export { type SliceImage, toMm, toVoxels } from "./slice-image.ts";
export { solveSmall } from "./small-matrix.ts";
export { correlationFactor } from "./spatial-correlation.ts";
