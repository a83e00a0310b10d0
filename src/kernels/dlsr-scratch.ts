/** As in assembly/dlsr/place.ts: voxels whose patterns are held at once, and angles placed together. */
const [BLOCK, ANGLES] = [64, 16];

/** Float32 elements of scratch that one thread needs for dlsrForward, dlsrAdjoint and dlsrGram. */
export const dlsrScratchLength = (terms: number, depths: number): number =>
  BLOCK * depths * (terms + 1) + ANGLES * terms + 4096;
