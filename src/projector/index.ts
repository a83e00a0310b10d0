/** The parallel-beam projector pair, exact transposes, over stacks of radial bins; and the pair that knows depth. */
export * from "./geometry.ts";
export * from "./parallax.ts";
export * from "./project.ts";
