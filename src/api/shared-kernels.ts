import type { Kernels } from "../kernels/index.ts";
import { loadKernels } from "../pipeline/load-kernels.ts";

let loaded: Kernels | undefined;

/** The kernels of this thread, loaded once; what a function takes of their memory it gives back. */
export function sharedKernels(): Kernels {
  loaded ??= loadKernels();
  return loaded;
}

/** Runs work that takes kernel memory, and gives that memory back whatever happens. */
export function withKernels<T>(work: (kernels: Kernels) => T): T {
  const kernels = sharedKernels();
  const mark = kernels.arena.mark();
  try {
    return work(kernels);
  } finally {
    kernels.arena.release(mark);
  }
}
