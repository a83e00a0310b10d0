/** Every build of the kernels, for `describe.each(kernelBuilds)`: the twin tests run on all of them. */
import { createReferenceKernels, type Kernels } from "../src/kernels/index.ts";
import { loadKernels } from "../src/pipeline/load-kernels.ts";

/** `exact`: this build must give the reference's bits; relaxed SIMD may fuse multiply and add. */
export const kernelBuilds: { name: string; exact: boolean; create: () => Kernels }[] = [
  { name: "reference", exact: true, create: () => createReferenceKernels() },
  { name: "simd", exact: true, create: () => loadKernels({ build: "simd" }) },
  { name: "relaxed-simd", exact: false, create: () => loadKernels({ build: "relaxed-simd" }) },
];
