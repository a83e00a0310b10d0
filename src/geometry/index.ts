export * from "./detectors.ts";
export * from "./poni.ts";
export * from "./scan-plan.ts";
