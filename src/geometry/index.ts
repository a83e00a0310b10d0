export * from "./detectors.ts";
export * from "./poni.ts";
export * from "./scan-plan.ts";
export * from "./pixel-corners.ts";
