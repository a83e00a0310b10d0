/**
 * A device is held against the kernels before it is believed: the products of a small seeded problem, on it and here. A
 * driver that is wrong is found, and so is a device that is slower than the processor.
 */
import { dlsrScratchLength } from "../kernels/dlsr-scratch.ts";
import type { Kernels } from "../kernels/index.ts";
import {
  backprojectPacked,
  createProjectorGeometry,
  imageLength,
  placeProjector,
  projectPacked,
  type RayFrame,
  rowsLength,
} from "../projector/index.ts";
import { createGpuDlsr } from "./dlsr-products.ts";
import type { Gpu } from "./gpu.ts";
import { createGpuProjectorPair } from "./projector-pair.ts";

/** Largest difference of a product from the kernels', over its norm, that is rounding (docs/validation/gpu.md). */
export const GPU_BOUND = 4e-6;

export interface GpuCheck {
  /** largest difference of the four products from the kernels', each over its norm */
  readonly difference: number;
  /** of a pair of projections, each with what it costs to send and fetch: kernels' time over the device's */
  readonly speed: number;
}

/**
 * @param now milliseconds of a clock
 * @param options.size of the grid whose projections are timed; `speed` is of this size
 * @throws InputError "gpu-failed"
 */
export async function checkGpu(
  gpu: Gpu,
  kernels: Kernels,
  now: () => number,
  { size }: { readonly size: number },
): Promise<GpuCheck> {
  const projector = await checkProjector(gpu, kernels, now, size);
  return { ...projector, difference: Math.max(projector.difference, await checkDlsr(gpu, kernels)) };
}

async function checkProjector(gpu: Gpu, kernels: Kernels, now: () => number, size: number): Promise<GpuCheck> {
  const { arena } = kernels;
  const mark = arena.mark();
  const angles = Math.ceil(0.7 * size);
  const geometry = createProjectorGeometry({
    omegaDeg: Float64Array.from({ length: angles }, (_, i) => 0.3 + (180 * i) / angles),
    translations: size,
    rotationAxis: 0.497 * size,
  });
  const random = sequence();
  const image = fill(arena.f32(imageLength(geometry)), random);
  const rays = fill(arena.f32(rowsLength(geometry)), random);
  const [rows, back] = [arena.f32(rays.length), arena.f32(image.length)];
  const placed = placeProjector(kernels, geometry);
  const pair = createGpuProjectorPair(gpu, geometry);
  const [rowsThere, backThere] = [new Float32Array(rows.length), new Float32Array(back.length)];
  // twice, for the first time compiles
  const [here, there] = [[Infinity], [Infinity]];
  for (let round = 0; round < 2; round++) {
    const start = now();
    projectPacked(kernels, placed, image, rows.fill(0));
    backprojectPacked(kernels, placed, rays, back.fill(0));
    const middle = now();
    await pair.project(image, rowsThere);
    await pair.backproject(rays, backThere);
    here.push(middle - start);
    there.push(now() - middle);
  }
  const difference = Math.max(distance(rowsThere, rows), distance(backThere, back));
  arena.release(mark);
  return { difference, speed: Math.min(...here) / Math.min(...there) };
}

const [TRANSLATIONS, TERMS, DEPTHS, STENCIL, NODES] = [24, 16, 8, 4, 12];

async function checkDlsr(gpu: Gpu, kernels: Kernels): Promise<number> {
  const { arena, run } = kernels;
  const mark = arena.mark();
  const random = sequence();
  const frame: RayFrame = {
    ...{ angles: 18, translations: TRANSLATIONS, terms: TERMS, depths: DEPTHS, rotationAxis: 11.7 },
    directions: arena.f64(36),
    ...{ depthScale: 0.18, depthOrigin: 3.4 },
  };
  for (let a = 0; a < frame.angles; a++) {
    frame.directions.set([Math.cos(0.01 + a / 5.7), Math.sin(0.01 + a / 5.7)], 2 * a);
  }
  const voxels = TRANSLATIONS * 16;
  const parcels = {
    ...{ voxels, stencil: STENCIL },
    places: arena.f32(2 * voxels),
    nodes: arena.i32(voxels),
    offsets: arena.i32(STENCIL),
    table: fill(arena.f32(NODES * DEPTHS * TERMS), random),
    weights: fill(arena.f32(voxels * STENCIL), random),
  };
  for (let v = 0; v < voxels; v++) {
    parcels.places.set([(v % TRANSLATIONS) - 11.5, Math.floor(v / TRANSLATIONS) - 7.5], 2 * v);
    parcels.nodes[v] = Math.floor(random() * (NODES - STENCIL));
  }
  parcels.offsets.set([0, 1, 2, 3]);
  const u = fill(arena.f32(frame.angles * TRANSLATIONS * TERMS), random);
  const [rays, gathered] = [arena.f32(u.length).fill(0), arena.f32(voxels * STENCIL)];
  const rest = [
    ...([parcels.offsets, STENCIL, parcels.table, DEPTHS, 0, voxels, frame.directions, 0, frame.angles] as const),
    ...([
      frame.rotationAxis,
      frame.depthScale,
      frame.depthOrigin,
      arena.f32(dlsrScratchLength(TERMS, DEPTHS)),
    ] as const),
  ] as const;
  run.dlsrForward(rays, TRANSLATIONS, TERMS, parcels.places, parcels.nodes, parcels.weights, ...rest);
  run.dlsrAdjoint(gathered, u, TRANSLATIONS, TERMS, parcels.places, parcels.nodes, ...rest);
  const dlsr = createGpuDlsr(gpu);
  const [raysThere, gatheredThere] = [new Float32Array(rays.length), new Float32Array(gathered.length)];
  await dlsr.forward(frame, [parcels], raysThere);
  await dlsr.adjoint(frame, parcels, u, gatheredThere);
  const difference = Math.max(distance(raysThere, rays), distance(gatheredThere, gathered));
  arena.release(mark);
  return difference;
}

/** Numbers between 0 and 1, always the same: a linear congruence (Numerical Recipes, 3rd ed., section 7.1.4). */
function sequence(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function fill(out: Float32Array, random: () => number): Float32Array {
  for (let i = 0; i < out.length; i++) out[i] = random();
  return out;
}

/** Norm of the difference over the norm; infinite where anything is not finite. */
function distance(got: Float32Array, wanted: Float32Array): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < wanted.length; i++) {
    difference += (got[i]! - wanted[i]!) ** 2;
    norm += wanted[i]! ** 2;
  }
  const share = Math.sqrt(difference / norm);
  return Number.isFinite(share) ? share : Infinity;
}
