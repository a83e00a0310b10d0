/** Where the pixels of a detector lie around the sample, which detectors there are, and what a scan will give. */
export * from "./detectors.ts";
export * from "./parallax.ts";
export * from "./poni.ts";
export * from "./rings.ts";
export * from "./scan-plan.ts";
