/** Crystals: cells, symmetry, reflections with |F|^2, composition, attenuation. */
export * from "./anomalous.ts";
export * from "./attenuation.ts";
export { bondWarnings, type Neighbour, type SiteOverlap, siteNeighbours, siteOverlaps } from "./bond-lengths.ts";
export * from "./cell.ts";
export * from "./composition.ts";
export { B_PER_U, equivalentBIso } from "./displacement.ts";
export * from "./freedom.ts";
export * from "./hall-symbol.ts";
export * from "./phases.ts";
export * from "./reflections.ts";
export * from "./scattering-factor.ts";
export * from "./setting-of-operations.ts";
export * from "./space-group.ts";
export * from "./structure.ts";
export * from "./structure-factors.ts";
export * from "./symmetry.ts";
export * from "./unit-cell-atoms.ts";
