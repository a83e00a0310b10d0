/**
 * The products of direct least-squares reconstruction, CPU time a voxel and angle, beside what a core can do in float32
 * in the same run.
 *
 *   forward, adjoint   549 translations x 400 angles, 16 depth nodes, stencil of 16 of a table of 40 x 40; 8192
 *                      voxels of thin rings, 22 % of a disc, as in a jelly roll. A pair is a voxel at one angle: 6 K
 *                      multiply-adds; a voxel's table look-ups are in it, over 400 angles
 *   gram               the same with 3 unknowns, every 4th angle; time a voxel
 *   reduce             20 000 rays of 1000 bins
 *   blur, dots, add    220 000 rays of 32; bytes read and written a second
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dlsrScratchLength } from "../src/kernels/dlsr-scratch.ts";
import type { Kernels } from "../src/kernels/index.ts";
import { fastestBuild, loadKernels } from "../src/pipeline/load-kernels.ts";
import type { VoxelList } from "../src/stages/dlsr/types.ts";
import { createVoxelList } from "../src/stages/dlsr/voxel-list.ts";
import { seededRandom } from "../tests/seeded-random.ts";
import { report, time } from "./common.ts";

const [TRANSLATIONS, ANGLES, DEPTHS, STENCIL, SIDE, VOXELS] = [549, 400, 16, 16, 40, 8192];
const SIZE = TRANSLATIONS;
const STRIP = 512;

/** Fused multiply-adds of registers, twelve chains side by side: more than a core's latency needs. */
const TURNS = 1_000_000;
const CHAINS = Array.from({ length: 12 }, (_, k) => `s${k}`);
const SOURCE = `
export function chains(turns: i32, a: f32, b: f32): f32 {
  const f = f32x4.splat(a);
  const g = f32x4.splat(b);
  ${CHAINS.map((s, k) => `let ${s} = f32x4.splat(a + ${k}.0);`).join("\n  ")}
  for (let i = 0; i < turns; i++) {
    ${CHAINS.map((s) => `${s} = f32x4.relaxed_madd(${s}, f, g);`).join("\n    ")}
  }
  return f32x4.extract_lane(${CHAINS.reduce((a, b) => `f32x4.add(${a}, ${b})`)}, 0);
}
`;

function compile(): Uint8Array<ArrayBuffer> {
  const folder = mkdtempSync(join(tmpdir(), "xrdct-limit-"));
  try {
    writeFileSync(join(folder, "chains.ts"), SOURCE);
    const asc = fileURLToPath(new URL("../node_modules/assemblyscript/bin/asc.js", import.meta.url));
    const options = ["--runtime", "stub", "-O3", "--enable", "simd", "--enable", "relaxed-simd"];
    execFileSync(process.execPath, [asc, "chains.ts", "-o", "chains.wasm", ...options], { cwd: folder });
    return Uint8Array.from(readFileSync(join(folder, "chains.wasm")));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

fastestBuild(); // sets the flag that relaxed SIMD needs
const { chains } = new WebAssembly.Instance(new WebAssembly.Module(compile())).exports as unknown as {
  chains: (turns: number, a: number, b: number) => number;
};

/** CPU milliseconds, the best of several repeats. */
async function best(work: () => void, repeats = 5): Promise<number> {
  return Math.min(...(await time(work, repeats)).cpuMs);
}

/** GFLOP/s of one core (a multiply-add is two): every figure has its own, taken beside it, because clocks drift. */
async function float32Limit(): Promise<number> {
  return (2 * 4 * CHAINS.length * TURNS) / (await best(() => void chains(TURNS, 0.999, 1e-3))) / 1e6;
}

/** Thin rings; what is timed are some of their voxels from the middle of the list. */
function ringVoxels(kernels: Kernels): VoxelList {
  const mask = new Uint8Array(SIZE * SIZE);
  for (let at = 0; at < mask.length; at++) {
    const radius = Math.hypot((at % SIZE) - SIZE / 2, Math.floor(at / SIZE) - SIZE / 2);
    mask[at] = radius < 250 && radius % 18 < 4 ? 1 : 0;
  }
  return createVoxelList(kernels, mask, SIZE);
}

function prepare(kernels: Kernels, terms: number) {
  const { arena, run } = kernels;
  const random = seededRandom(42);
  const f32 = (length: number) => {
    const array = arena.f32(length);
    for (let i = 0; i < length; i++) array[i] = random();
    return array;
  };
  const rays = f32(ANGLES * TRANSLATIONS * terms);
  const voxels = ringVoxels(kernels);
  const start = (voxels.count - VOXELS) >> 1;
  const places = voxels.places.subarray(2 * start, 2 * (start + VOXELS));
  const nodes = arena.i32(VOXELS);
  for (let v = 0; v < VOXELS; v++) nodes[v] = (10 + Math.floor(8 * random())) * SIDE + 10 + Math.floor(16 * random());
  const offsets = arena.i32(STENCIL);
  for (let q = 0; q < STENCIL; q++) offsets[q] = Math.floor(q / 4) * SIDE + (q % 4);
  const directions = arena.f64(2 * ANGLES);
  for (let a = 0; a < ANGLES; a++) {
    directions.set([Math.cos((a * Math.PI) / ANGLES), Math.sin((a * Math.PI) / ANGLES)], 2 * a);
  }
  const [weights, out] = [f32(3 * VOXELS * STENCIL), arena.f32(VOXELS * STENCIL)];
  const [table, rayWeights] = [f32(SIDE * SIDE * DEPTHS * terms), f32(ANGLES * TRANSLATIONS)];
  const [gram, scratch] = [arena.f64(9 * VOXELS), arena.f32(dlsrScratchLength(terms, DEPTHS))];
  const view = [TRANSLATIONS / 2, (DEPTHS - 4) / 500, (DEPTHS - 1) / 2, scratch] as const;
  const strips = (work: (first: number, end: number) => void) => () => {
    for (let first = 0; first < VOXELS; first += STRIP) work(first, Math.min(first + STRIP, VOXELS));
  };
  const lookUp = [offsets, STENCIL, table, DEPTHS] as const;
  return {
    forward: strips((first, end) =>
      run.dlsrForward(
        ...([rays, TRANSLATIONS, terms, places, nodes, weights, ...lookUp] as const),
        ...([first, end, directions, 0, ANGLES, ...view] as const),
      ),
    ),
    adjoint: strips((first, end) =>
      run.dlsrAdjoint(
        ...([out, rays, TRANSLATIONS, terms, places, nodes, ...lookUp] as const),
        ...([first, end, directions, 0, ANGLES, ...view] as const),
      ),
    ),
    gram: strips((first, end) =>
      run.dlsrGram(
        ...([gram, rayWeights, TRANSLATIONS, terms, places, nodes, weights, 3, VOXELS, ...lookUp] as const),
        ...([first, end, directions, ANGLES, 4, ...view] as const),
      ),
    ),
  };
}

const round = (value: number): number => Number(value.toPrecision(3));

async function products(build: "simd" | "relaxed-simd", terms: number): Promise<void> {
  const work = prepare(loadKernels({ build }), terms);
  for (const name of ["forward", "adjoint"] as const) {
    const ns = ((await best(work[name])) * 1e6) / (VOXELS * ANGLES);
    const [gflops, limit] = [(12 * terms) / ns, await float32Limit()];
    report({
      ...{ bench: "dlsr-kernels", case: name, build, terms, ns_pair: round(ns), gflops: round(gflops) },
      ...{ limit_gflops: round(limit), share_of_limit: round(gflops / limit) },
    });
  }
  const us = ((await best(work.gram)) * 1e3) / VOXELS;
  report({ bench: "dlsr-kernels", case: "gram", build, terms, us_voxel: round(us) });
}

async function streams(build: "simd" | "relaxed-simd"): Promise<void> {
  const { arena, run } = loadKernels({ build });
  const [rays, bins, terms, all] = [20_000, 1000, 32, ANGLES * TRANSLATIONS];
  const [out, data, matrix] = [arena.f32(rays * terms), arena.f32(rays * bins).fill(0.5), arena.f32(bins * terms)];
  const ms = await best(() => {
    for (let ray = 0; ray < rays; ray += 2000) {
      const [from, to] = [out.subarray(ray * terms), data.subarray(ray * bins)];
      run.reduceBins(from, to, matrix, 2000, bins, terms);
    }
  });
  const [gflops, limit] = [(2 * rays * bins * terms) / ms / 1e6, await float32Limit()];
  report({
    ...{ bench: "dlsr-kernels", case: "reduce", build, terms, gflops: round(gflops), limit_gflops: round(limit) },
    ...{ share_of_limit: round(gflops / limit), ms_220k_rays: round((ms * 220_000) / rays) },
  });
  const [a, b, factors, dots] = [arena.f32(all * terms), arena.f32(all * terms), arena.f32(all), arena.f64(all)];
  const cases = [
    ["blur", () => run.raysBlur(b, a, ANGLES, TRANSLATIONS, terms, 1 / 24), 2],
    ["dots", () => run.rayDots(dots, a, b, all, terms), 2],
    ["add", () => run.rayAdd(b, a, factors, all, terms), 3],
  ] as const;
  for (const [name, work, arrays] of cases) {
    const one = await best(work);
    const rate = (arrays * 4 * all * terms) / one / 1e6;
    report({ bench: "dlsr-kernels", case: name, build, terms, ms: round(one), gb_s: round(rate) });
  }
}

for (const build of ["simd", "relaxed-simd"] as const) {
  for (const terms of [16, 32, 48]) await products(build, terms);
  await streams(build);
}
