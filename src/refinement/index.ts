/** A model of a powder pattern, fitted: what the refine and map stages share. */
export * from "./model-config.ts";
export * from "./pattern-data.ts";
export * from "./pattern-fit.ts";
export * from "./radiation.ts";
export * from "./resolve-model.ts";
export * from "./statistics.ts";
export * from "./weight-fractions.ts";
