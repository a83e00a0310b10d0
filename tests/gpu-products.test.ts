/** The products in WGSL against float64 formulas of their own, and against the WebAssembly kernels, on a software adapter. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InputError } from "../src/data/index.ts";
import { checkGpu, createGpuDlsr, createGpuProjectorPair, GPU_BOUND, type Gpu } from "../src/gpu/index.ts";
import { dlsrScratchLength } from "../src/kernels/dlsr-scratch.ts";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import {
  backprojectPacked,
  createProjectorGeometry,
  type Footprint,
  type ProjectorGeometry,
  placeProjector,
  projectPacked,
  type RayFrame,
} from "../src/projector/index.ts";
import { seededRandom } from "./seeded-random.ts";
import { hasSoftwareGpu, softwareDevice, softwareGpu } from "./software-gpu.ts";

const kernels = loadKernels();
/** Rounding of one float32 operation. */
const U = 2 ** -24;
/** What a position may be off by on the device: tests of exactPositions hold it. */
const POSITION = 2 ** -22;

function filled(length: number, random: () => number): Float32Array {
  const out = kernels.arena.f32(length);
  for (let i = 0; i < length; i++) out[i] = random() - 0.3;
  return out;
}

const dot = (a: Float32Array, b: Float32Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};
const norm = (a: Float32Array): number => Math.sqrt(dot(a, a));
const distance = (a: Float32Array, b: Float32Array): number =>
  norm(a.map((value, i) => value - b[i]!)) / Math.max(norm(a), norm(b));

/** Calls back with every element of the matrix: ray, voxel, weight, and what bounds the weight's error over that of its place. */
function eachWeight(
  { angles, size, spans, directions, rowLength, rotationAxis, pad }: ProjectorGeometry,
  footprint: Footprint,
  add: (ray: number, voxel: number, weight: number, slope: number) => void,
): void {
  const centre = (size - 1) / 2;
  for (let a = 0; a < angles; a++) {
    const [c, s] = [directions[2 * a]!, directions[2 * a + 1]!];
    const width = footprint === "joseph" ? Math.max(Math.abs(c), Math.abs(s)) : 1;
    for (let y = 0; y < size; y++) {
      for (let x = spans[2 * y]!; x < spans[2 * y + 1]!; x++) {
        const u = rotationAxis + pad + (x - centre) * c + (y - centre) * s;
        for (const j of [Math.floor(u), Math.floor(u) + 1]) {
          const weight = Math.max(0, width - Math.abs(u - j)) / width ** 2;
          add(a * rowLength + j, y * size + x, weight, 1 / width ** 2);
        }
      }
    }
  }
}

/** out = A in, or its transpose, in float64, and for every element the bound of a sum of `terms` in float32. */
function exactly(
  geometry: ProjectorGeometry,
  footprint: Footprint,
  direction: "project" | "backproject",
  given: Float32Array,
  terms: number,
) {
  const { angles, rowLength, size } = geometry;
  const length = 16 * (direction === "project" ? angles * rowLength : size * size);
  const [sum, bound] = [new Float64Array(length), new Float64Array(length)];
  eachWeight(geometry, footprint, (ray, voxel, weight, slope) => {
    const [from, to] = direction === "project" ? [voxel, ray] : [ray, voxel];
    for (let lane = 0; lane < 16; lane++) {
      const value = given[16 * from + lane]!;
      sum[16 * to + lane]! += weight * value;
      bound[16 * to + lane]! += ((terms + 8) * U * weight + POSITION * slope) * Math.abs(value);
    }
  });
  return { sum, bound };
}

/** The largest error over its bound. */
const worst = (got: Float32Array, { sum, bound }: { sum: Float64Array; bound: Float64Array }): number =>
  got.reduce((most, value, i) => Math.max(most, Math.abs(value - sum[i]!) / (bound[i]! || Number.MIN_VALUE)), 0);

const HOLLOW = new Uint8Array(23 * 23).map((_, v) => (v % 23 > 3 + (Math.floor(v / 23) % 5) && v % 23 < 20 ? 1 : 0));

describe.skipIf(!hasSoftwareGpu)("projector pair on a GPU (needs a software adapter)", () => {
  let gpu: Gpu;
  beforeAll(async () => {
    gpu = await softwareGpu();
  });
  afterAll(() => gpu?.close());

  it.each<[string, Footprint, Parameters<typeof createProjectorGeometry>[0]]>([
    [
      "Joseph",
      "joseph",
      { omegaDeg: [0, 17.3, 45, 89.9, 90, 131, 135, 180, 263], translations: 24, rotationAxis: 11.3 },
    ],
    ["interpolating", "interpolate", { omegaDeg: [0, 3, 44.9, 45, 90, 100, 135], translations: 21, rotationAxis: 10 }],
    [
      "Joseph, a sample with hollows on a grid of its own",
      "joseph",
      { omegaDeg: [10, 70, 160], translations: 19, rotationAxis: 6.7, size: 23, sample: HOLLOW },
    ],
  ])(
    "%s is its formula in float64 to the rounding of its sums, and exactly transposed",
    async (_, footprint, options) => {
      const geometry = createProjectorGeometry(options);
      const { angles, rowLength, size } = geometry;
      const random = seededRandom(7);
      const image = filled(16 * size * size, random);
      const rays = filled(16 * angles * rowLength, random);
      const pair = createGpuProjectorPair(gpu, geometry, footprint);
      const [rows, back] = [new Float32Array(rays.length).fill(9), new Float32Array(image.length).fill(9)];
      await pair.project(image, rows);
      await pair.backproject(rays, back);
      expect(worst(rows, exactly(geometry, footprint, "project", image, 3 * size))).toBeLessThan(1);
      expect(worst(back, exactly(geometry, footprint, "backproject", rays, 2 * angles))).toBeLessThan(1);
      for (let v = 0; v < image.length; v++) {
        const [x, y] = [(v >> 4) % size, Math.floor((v >> 4) / size)];
        if (x < geometry.spans[2 * y]! || x >= geometry.spans[2 * y + 1]!) image[v] = 0;
      }
      expect(Math.abs(dot(rows, rays) - dot(image, back))).toBeLessThan(2e-8 * norm(rows) * norm(rays));
      const placed = placeProjector(kernels, geometry, footprint);
      const [rowsHere, backHere] = [kernels.arena.f32(rows.length), kernels.arena.f32(back.length)];
      projectPacked(kernels, placed, image, rowsHere.fill(0));
      backprojectPacked(kernels, placed, rays, backHere.fill(0));
      expect(distance(rows, rowsHere)).toBeLessThan(GPU_BOUND);
      expect(distance(back, backHere)).toBeLessThan(GPU_BOUND);
    },
  );

  it("is the same where image and rows do not fit into one binding, and the same bits again", async () => {
    const geometry = createProjectorGeometry({ omegaDeg: [5, 50, 95, 140, 33], translations: 20, rotationAxis: 9.2 });
    const { angles, rowLength, size } = geometry;
    const random = seededRandom(3);
    const image = filled(16 * size * size, random);
    const rays = filled(16 * angles * rowLength, random);
    const work = async (device: Gpu) => {
      const pair = createGpuProjectorPair(device, geometry);
      const [rows, back] = [new Float32Array(rays.length), new Float32Array(image.length)];
      await pair.project(image, rows);
      await pair.backproject(rays, back);
      return { rows, back };
    };
    const whole = await work(gpu);
    expect(await work(gpu)).toEqual(whole);
    // 5 lines of the image, 3 angles of the rows
    const small = await softwareGpu({ bindingBytes: 4 * 16 * 100 });
    const parts = await work(small);
    small.close();
    expect(distance(parts.rows, whole.rows)).toBeLessThan(1e-7);
    expect(parts.back).toEqual(whole.back);
  });

  it("passes its own check, which finds another product", async () => {
    const { difference } = await checkGpu(gpu, kernels, () => 0, { size: 24 });
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(GPU_BOUND);
    const wrong = { ...kernels, run: { ...kernels.run, dlsrAdjoint: () => {} } };
    expect((await checkGpu(gpu, wrong, () => 0, { size: 24 })).difference).toBeGreaterThan(0.1);
  });
});

const FRAME = {
  angles: 14,
  translations: 22,
  terms: 24,
  depths: 9,
  rotationAxis: 10.6,
  depthScale: 0.3,
  depthOrigin: 4.2,
};

function parcelsOf({ side, stencil }: { side: number; stencil: number }, random: () => number) {
  const places: number[] = [];
  for (let y = -10.5; y < 11; y++) for (let x = -10.5; x < 11; x++) if (Math.hypot(x, y) < 13) places.push(x, y);
  const voxels = places.length / 2;
  const { arena } = kernels;
  const parcels = {
    ...{ voxels, stencil, places: arena.f32(2 * voxels), nodes: arena.i32(voxels), offsets: arena.i32(stencil) },
    table: filled(side * side * FRAME.depths * FRAME.terms, random),
    weights: filled(voxels * stencil, random),
  };
  parcels.places.set(places);
  const root = Math.ceil(Math.sqrt(stencil));
  for (let q = 0; q < stencil; q++) parcels.offsets[q] = Math.floor(q / root) * side + (q % root);
  for (let v = 0; v < voxels; v++)
    parcels.nodes[v] = Math.floor(random() * (side - root)) * side + Math.floor(random() * (side - root));
  return parcels;
}

describe.skipIf(!hasSoftwareGpu)("products of DLSR on a GPU (needs a software adapter)", () => {
  const random = seededRandom(11);
  const directions = kernels.arena.f64(2 * FRAME.angles);
  for (let a = 0; a < FRAME.angles; a++) directions.set([Math.cos(0.02 + a / 4), Math.sin(0.02 + a / 4)], 2 * a);
  const frame: RayFrame = { ...FRAME, directions };
  const several = parcelsOf({ side: 7, stencil: 16 }, random);
  const one = parcelsOf({ side: 2, stencil: 1 }, random);
  const u = filled(FRAME.angles * FRAME.translations * FRAME.terms, random);
  const ofKernels = {
    rays: kernels.arena.f32(u.length).fill(0),
    gathered: [several, one].map(({ weights }) => kernels.arena.f32(weights.length)),
  };
  [several, one].forEach((parcels, i) => {
    const { voxels, places, nodes, offsets, stencil, table, weights } = parcels;
    const { translations, terms, depths, angles, rotationAxis, depthScale, depthOrigin } = frame;
    const scratch = kernels.arena.f32(dlsrScratchLength(terms, depths));
    const rest = [
      ...([offsets, stencil, table, depths, 0, voxels, directions, 0, angles, rotationAxis] as const),
      ...([depthScale, depthOrigin, scratch] as const),
    ] as const;
    kernels.run.dlsrForward(ofKernels.rays, translations, terms, places, nodes, weights, ...rest);
    kernels.run.dlsrAdjoint(ofKernels.gathered[i]!, u, translations, terms, places, nodes, ...rest);
  });

  it.each([
    ["whole", Infinity],
    // 9 voxels, 9 nodes of the table, 3 angles
    ["in parts", 4 * 9 * 24 * 9],
  ])("are the kernels' up to rounding, and exactly transposed: %s", async (_, bindingBytes) => {
    const gpu = await softwareGpu({ bindingBytes });
    const dlsr = createGpuDlsr(gpu);
    expect(dlsr.holds(several)).toBe(true);
    const rays = new Float32Array(u.length).fill(9);
    await dlsr.forward(frame, [several, one], rays);
    // sums of up to 9 terms of the look-up, 8 of depth and shares, and 44 voxels; positions to 4e-7 of a step or node
    expect(distance(rays, ofKernels.rays)).toBeLessThan(1e-6);
    let products = 0;
    for (const [i, parcels] of [several, one].entries()) {
      const gathered = new Float32Array(parcels.weights.length).fill(9);
      await dlsr.adjoint(frame, parcels, u, gathered);
      expect(distance(gathered, ofKernels.gathered[i]!)).toBeLessThan(2e-6);
      products += dot(gathered, parcels.weights);
    }
    expect(Math.abs(dot(rays, u) - products)).toBeLessThan(2e-8 * norm(rays) * norm(u));
    gpu.close();
  });

  it("says of voxels off the grid that it cannot take them", async () => {
    const gpu = await softwareGpu();
    const places = several.places.map((value, i) => (i === 4 ? value + 0.3 : value));
    expect(createGpuDlsr(gpu).holds({ ...several, places })).toBe(false);
    gpu.close();
  });
});

describe.skipIf(!hasSoftwareGpu)("a GPU that fails (needs a software adapter)", () => {
  const geometry = createProjectorGeometry({ omegaDeg: [5, 50], translations: 12, rotationAxis: 5 });
  const image = new Float32Array(16 * 144);
  const rows = new Float32Array(32 * geometry.rowLength);

  it("is told when the device is lost, and stays lost", async () => {
    const gpu = await softwareGpu();
    const pair = createGpuProjectorPair(gpu, geometry);
    const working = pair.project(image, rows);
    gpu.device.destroy();
    await expect(working).rejects.toMatchObject({ code: "gpu-failed" });
    await expect(pair.project(image, rows)).rejects.toThrow(/was lost .*--device cpu/);
  });

  it("is told when a program has a fault or memory runs out", async () => {
    const gpu = await softwareGpu();
    const faulty = gpu.work(async (job) => {
      job.start({ name: "faulty", code: "no WGSL" }, [], { ints: [0], floats: [] }, [1]);
      await job.read(job.zeros(4), new Float32Array(4));
    });
    await expect(faulty).rejects.toThrow(InputError);
    await expect(gpu.work(async (job) => job.zeros(2 ** 34))).rejects.toMatchObject({ code: "gpu-failed" });
    // and what comes next is right again
    await createGpuProjectorPair(gpu, geometry).project(image.fill(1), rows);
    expect(Math.max(...rows)).toBeGreaterThan(1);
    gpu.close();
  });

  it("has a device whose limits are those of the standard", async () => {
    const device = await softwareDevice();
    expect(device.limits.maxStorageBufferBindingSize).toBe(2 ** 27);
    device.destroy();
  });
});
