/** The nouns: every intermediate result has a name, a shape and a unit. Imports nothing. */
export * from "./axis.ts";
export * from "./cycler-record.ts";
export * from "./errors.ts";
export * from "./frame.ts";
export * from "./pattern.ts";
export * from "./phase-roles.ts";
export * from "./places.ts";
export * from "./region.ts";
export * from "./sinogram.ts";
export * from "./slice-maps.ts";
export * from "./volume.ts";
