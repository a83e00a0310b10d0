/** The projector pair and the products of DLSR on a WebGPU device. */
export { checkGpu, GPU_BOUND, type GpuCheck } from "./check-gpu.ts";
export { createGpuDlsr } from "./dlsr-products.ts";
export { Gpu } from "./gpu.ts";
export { createGpuProjectorPair, type GpuProjectorPair } from "./projector-pair.ts";
