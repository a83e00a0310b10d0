/**
 * The long products on the GPU that this machine has, beside the kernels on one thread in the same run; wall time, with all
 * that is sent and fetched. Needs the optional package: `npm install --no-save webgpu && npm run bench -- gpu`, or
 * XRDCT_WEBGPU=FOLDER with the package elsewhere. On a software adapter everything is smaller: XRDCT_GPU_SIZE says how
 * large (549, or 96 of it), XRDCT_GPU_ANGLES of how many angles (400 at 549), XRDCT_GPU_BINDING_MIB what one binding may
 * have.
 *
 *   check             what a run with --device auto decides by
 *   project, backproject   one pass of 16 bins
 *   fbp, cgls         reconstructBlock of 32 bins: a slice, and a slice and iteration
 *   forward, adjoint  DLSR: thin rings of a disc, 22 %, K = 32, 16 depth nodes, stencil of 16; a pair is a voxel at one angle
 */
import { availableParallelism } from "node:os";
import { checkGpu, createGpuDlsr, createGpuProjectorPair, Gpu } from "../src/gpu/index.ts";
import { dlsrScratchLength } from "../src/kernels/dlsr-scratch.ts";
import { openGpu } from "../src/pipeline/gpu/open-gpu.ts";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { backprojectPacked, placeProjector, projectPacked } from "../src/projector/index.ts";
import { createVoxelList } from "../src/stages/dlsr/voxel-list.ts";
import {
  createReconstructionPlan,
  type ReconstructConfigInput,
  reconstructBlock,
  reconstructBlockAway,
  reconstructionFootprint,
} from "../src/stages/reconstruct/index.ts";
import { seededRandom } from "../tests/seeded-random.ts";
import { report, round, time } from "./common.ts";

const opened = await openGpu();
if (typeof opened === "string") {
  console.log(`no GPU to measure: ${opened}`);
  process.exit(2);
}
const { isSoftware } = opened;
const mib = process.env["XRDCT_GPU_BINDING_MIB"];
const gpu = mib ? new Gpu(opened.gpu.device, opened.gpu.name, { bindingBytes: Number(mib) * 2 ** 20 }) : opened.gpu;
const kernels = loadKernels();
const { arena, run } = kernels;
const size = Number(process.env["XRDCT_GPU_SIZE"] ?? (isSoftware ? 96 : 549));
const angles = Number(process.env["XRDCT_GPU_ANGLES"] ?? Math.round((400 * size) / 549));
const repeats = isSoftware ? 1 : 5;
const omegaDeg = Float64Array.from({ length: angles }, (_, a) => (180 * a) / angles);
const random = seededRandom(42);
const filled = (length: number): Float32Array => {
  const out = arena.f32(length);
  for (let i = 0; i < length; i++) out[i] = random();
  return out;
};
const distance = (got: Float32Array, wanted: Float32Array): number => {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < wanted.length; i++) {
    difference += (got[i]! - wanted[i]!) ** 2;
    norm += wanted[i]! ** 2;
  }
  return Math.sqrt(difference / norm);
};
const dot = (a: Float32Array, b: Float32Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};
const best = async (work: () => void | Promise<void>): Promise<number> =>
  Math.min(...(await time(work, repeats)).wallMs);

/** Both ways of the same work, in milliseconds a unit. */
async function compare(
  what: string,
  units: number,
  unit: string,
  here: () => void,
  there: () => Promise<unknown>,
  pair?: readonly [got: Float32Array, wanted: Float32Array],
): Promise<void> {
  const [ofKernels, ofGpu] = [await best(here), await best(async () => void (await there()))];
  report({
    ...{ what, size, angles, gpu: gpu.name, unit, oneThread: round(ofKernels / units), onGpu: round(ofGpu / units) },
    ...{ ratio: round(ofKernels / ofGpu), ...(pair && { difference: round(distance(...pair)) }) },
  });
}

function planOf(config: ReconstructConfigInput) {
  return createReconstructionPlan(config, { omegaDeg, translations: size, rotationAxis: 0.499 * size, stepMm: 0.02 });
}

async function projector(): Promise<void> {
  const mark = arena.mark();
  const { projector: geometry } = planOf({ method: "cgls" });
  const placed = placeProjector(kernels, geometry);
  const pair = createGpuProjectorPair(gpu, geometry);
  const [image, rays] = [filled(16 * size * size), filled(16 * angles * geometry.rowLength)];
  const [rows, back] = [arena.f32(rays.length), arena.f32(image.length)];
  const [rowsThere, backThere] = [new Float32Array(rays.length), new Float32Array(image.length)];
  await compare(
    ...(["project", 1, "ms a pass of 16 bins"] as const),
    () => projectPacked(kernels, placed, image, rows.fill(0)),
    () => pair.project(image, rowsThere),
    [rowsThere, rows],
  );
  await compare(
    ...(["backproject", 1, "ms a pass of 16 bins"] as const),
    () => backprojectPacked(kernels, placed, rays, back.fill(0)),
    () => pair.backproject(rays, backThere),
    [backThere, back],
  );
  for (let v = 0; v < size * size; v++) {
    const [x, y] = [v % size, Math.floor(v / size)];
    if (x < geometry.spans[2 * y]! || x >= geometry.spans[2 * y + 1]!) image.fill(0, 16 * v, 16 * v + 16);
  }
  const gap = Math.abs(dot(rowsThere, rays) - dot(image, backThere));
  report({ what: "transposed to", gap: round(gap / Math.sqrt(dot(rowsThere, rowsThere) * dot(rays, rays))) });
  arena.release(mark);
}

async function reconstruction(method: "fbp" | "cgls", iterations: number): Promise<void> {
  const mark = arena.mark();
  const bins = 32;
  const plan = planOf({ method, iterations, nonNegative: false, tolerance: 0 });
  const pair = createGpuProjectorPair(gpu, plan.projector, reconstructionFootprint(plan));
  const block = { plan, bins, sinogram: filled(angles * size * bins) };
  const [out, outThere] = [arena.f32(size * size * bins), arena.f32(size * size * bins)];
  await compare(
    ...([method, bins * iterations, method === "fbp" ? "ms a slice" : "ms a slice and iteration"] as const),
    () => void reconstructBlock(kernels, block, out),
    () => reconstructBlockAway(kernels, pair, block, outThere),
    [outThere, out],
  );
  arena.release(mark);
}

async function dlsr(): Promise<void> {
  const [terms, depths, stencil, side] = [32, 16, 16, 40];
  const mask = Uint8Array.from({ length: size * size }, (_, at) => {
    const radius = Math.hypot((at % size) - size / 2, Math.floor(at / size) - size / 2);
    return radius < 0.455 * size && radius % 18 < 7 ? 1 : 0;
  });
  const { places, count: voxels } = createVoxelList(kernels, mask, size);
  const nodes = arena.i32(voxels);
  for (let v = 0; v < voxels; v++) nodes[v] = (10 + Math.floor(8 * random())) * side + 10 + Math.floor(16 * random());
  const offsets = arena.i32(stencil);
  for (let q = 0; q < stencil; q++) offsets[q] = Math.floor(q / 4) * side + (q % 4);
  const directions = arena.f64(2 * angles);
  omegaDeg.forEach((deg, a) => {
    directions.set([Math.cos((deg * Math.PI) / 180), Math.sin((deg * Math.PI) / 180)], 2 * a);
  });
  const frame = {
    ...{ angles, translations: size, terms, depths, directions, rotationAxis: size / 2 },
    ...{ depthScale: (depths - 4) / (0.91 * size), depthOrigin: (depths - 1) / 2 },
  };
  const [table, weights] = [filled(side * side * depths * terms), filled(voxels * stencil)];
  const parcels = { voxels, places, nodes, offsets, stencil, table, weights };
  const u = filled(angles * size * terms);
  const [rays, out] = [arena.f32(u.length), arena.f32(voxels * stencil)];
  const [raysThere, outThere] = [new Float32Array(rays.length), new Float32Array(out.length)];
  const scratch = arena.f32(dlsrScratchLength(terms, depths));
  const strips = (work: (first: number, end: number) => void) => {
    for (let first = 0; first < voxels; first += 512) work(first, Math.min(first + 512, voxels));
  };
  const rest = (first: number, end: number) =>
    [
      ...([offsets, stencil, table, depths, first, end, directions, 0, angles] as const),
      ...([frame.rotationAxis, frame.depthScale, frame.depthOrigin, scratch] as const),
    ] as const;
  const products = createGpuDlsr(gpu);
  const pairs = (voxels * angles) / 1e6;
  report({
    what: "dlsr",
    voxels,
    millionPairs: round(pairs),
    patternsMib: round((4 * voxels * depths * terms) / 2 ** 20),
  });
  await compare(
    ...(["forward", pairs, "ns a pair"] as const),
    () => {
      rays.fill(0);
      strips((first, end) => run.dlsrForward(rays, size, terms, places, nodes, weights, ...rest(first, end)));
    },
    () => products.forward(frame, [parcels], raysThere),
    [raysThere, rays],
  );
  await compare(
    ...(["adjoint", pairs, "ns a pair"] as const),
    () => strips((first, end) => run.dlsrAdjoint(out, u, size, terms, places, nodes, ...rest(first, end))),
    () => products.adjoint(frame, parcels, u, outThere),
    [outThere, out],
  );
  const gap = Math.abs(dot(raysThere, u) - dot(weights, outThere));
  report({ what: "transposed to", gap: round(gap / Math.sqrt(dot(raysThere, raysThere) * dot(u, u))) });
}

const check = await checkGpu(gpu, kernels, () => performance.now(), { size: isSoftware ? 48 : 256 });
report({
  ...{ what: "check", gpu: gpu.name, software: String(isSoftware), bindingMib: Math.floor(gpu.bindingBytes / 2 ** 20) },
  ...{ difference: round(check.difference), timesOneThread: round(check.speed), threads: availableParallelism() },
});
await projector();
await reconstruction("fbp", 1);
await reconstruction("cgls", 5);
await dlsr();
gpu.close();
