/** The parallel-beam projector pair, exact transposes, over stacks of radial bins; and the pair that knows depth. */
export * from "./attenuated.ts";
export * from "./geometry.ts";
export * from "./parallax.ts";
export * from "./parcels.ts";
export * from "./path-out.ts";
export * from "./project.ts";
