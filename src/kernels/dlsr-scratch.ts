/** Voxels whose patterns are held at once, and the most unknowns of dlsrGram. */
const GROUP = 8;

/** Float32 elements of scratch that one thread needs for dlsrForward, dlsrAdjoint and dlsrGram. */
export const dlsrScratchLength = (terms: number, depths: number): number =>
  (GROUP + 1) * depths * terms + 8 * depths + 4096;
