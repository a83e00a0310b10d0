/** The parallel-beam projector pair, exact transposes, over stacks of radial bins. */
export * from "./geometry.ts";
export * from "./project.ts";
