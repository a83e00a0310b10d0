import { beforeAll, describe, expect, it } from "vitest";
import {
  CUBIC,
  inDisc,
  LAYERED,
  type MadePart,
  makeData,
  makeProblem,
  SCAN,
  TERMS,
} from "../../../tests/dlsr/gaussian-problem.ts";
import { normal, seededRandom } from "../../../tests/seeded-random.ts";
import type { Kernels } from "../../kernels/index.ts";
import { loadKernels } from "../../pipeline/load-kernels.ts";
import { dot } from "./conjugate-gradients.ts";
import { measureMisfit, placeState, projectModel, totalRoughness } from "./forward-model.ts";
import { applyNormal, type Linearisation, linearise, pushOfNoise } from "./linearisation.ts";
import { serialRunner } from "./runner.ts";
import { createSolverWorkspace, type SolverWorkspace } from "./solver-workspace.ts";
import { afterStep, type SolverState, startState } from "./unknowns.ts";

const kernels: Kernels = loadKernels({ build: "simd" });
const mask = inDisc(SCAN.size);
const PARTS: MadePart[] = [
  {
    made: LAYERED,
    scale: (x, y) => 1 + 0.03 * x + 0.02 * y,
    cell: (x, y) => [2.84 * (1 + 2e-4 * x), 14.4 * (1 - 3e-4 * y)],
  },
  { made: CUBIC, scale: (x) => 0.8 + 0.02 * x, cell: () => [3.6 * 1.001] },
];
const MODEL = { side: 1 / 24, geometry: { rotationAxis: true, distance: true } };
const SMOOTH = { cell: 0.05, scale: 0.02 } as const;

async function createAt(rayScale: boolean): Promise<{ w: SolverWorkspace; state: SolverState; lin: Linearisation }> {
  // every kind of unknown: spatial cells, both kinds of scale map, factors, global cell, both kinds of width, geometry
  const problem = makeProblem(kernels, SCAN, makeData(SCAN, PARTS, mask), mask, [
    { made: LAYERED, refinesWidth: true },
    { made: CUBIC, cell: "global", refinesWidth: true },
    {
      made: { ...CUBIC, name: "frozen" },
      cell: "global",
      scaleMap: "frozen",
      hasGlobalScale: true,
      refinesWidth: true,
    },
    { made: { ...LAYERED, name: "shape" }, scaleMap: "frozen", hasGlobalScale: true },
  ]);
  const w = createSolverWorkspace(kernels, serialRunner(kernels), problem, { ...MODEL, rayScale });
  let state = startState(problem, 1e-3);
  const random = seededRandom(5);
  state = afterStep(
    state,
    w.unknowns,
    Float64Array.from({ length: w.unknowns.count }, () => 0.3 * normal(random)),
  );
  await placeState(w, state);
  await projectModel(w, state, w.model);
  return { w, state, lin: await linearise(w, state, SMOOTH) };
}

const randomVector = (n: number, seed: number): Float64Array => {
  const random = seededRandom(seed);
  return Float64Array.from({ length: n }, () => normal(random));
};
const norm = (a: ArrayLike<number>): number => Math.sqrt(Array.from(a).reduce((sum, x) => sum + x * x, 0));

describe.each([false, true])("the Jacobian, rays scaled: %s", (rayScale) => {
  let made: Awaited<ReturnType<typeof createAt>>;
  beforeAll(async () => {
    made = await createAt(rayScale);
  });

  it("has an exact transpose, with the blur, the factors of rays and all global unknowns", async () => {
    const { w, lin } = made;
    const x = randomVector(w.unknowns.count, 1);
    const u = Float32Array.from(randomVector(w.rays * TERMS, 2));
    const [normalFactors, gradientFactors] = [w.normalFactors.slice(), w.gradientFactors.slice()];
    w.normalFactors.set(gradientFactors);
    const product = new Float64Array(x.length);
    await applyNormal(w, { ...lin, penalties: lin.penalties.map((of) => of.map(() => 0)) }, 0, x, product);
    const jx = w.out.slice();
    const back = await pushOfNoise(w, lin, (rays) => {
      for (let i = 0; i < u.length; i++) rays[i] = u[i]!;
    });
    // u weighed as the products weigh it, over the factors, which are in jx
    w.normalFactors.set(normalFactors);
    const left = jx.reduce((sum, value, i) => sum + value * u[i]!, 0);
    const right = dot(x, back);
    expect(Math.abs(left - right) / (norm(jx) * norm(u))).toBeLessThan(1e-6);
  });

  it("is symmetric and positive in its square", async () => {
    const { w, lin } = made;
    const [x, y] = [randomVector(w.unknowns.count, 3), randomVector(w.unknowns.count, 4)];
    for (let i = 0; i < x.length; i++) if (lin.free[i] === 0) [x[i], y[i]] = [0, 0];
    const [nx, ny] = [new Float64Array(x.length), new Float64Array(x.length)];
    await applyNormal(w, lin, 1e-3, x, nx);
    await applyNormal(w, lin, 1e-3, y, ny);
    expect(Math.abs(dot(x, ny) - dot(y, nx)) / (norm(x) * norm(ny))).toBeLessThan(1e-6);
    expect(dot(x, nx)).toBeGreaterThan(0);
  });

  it("gives the slope of the objective", async () => {
    const { w, lin, state } = made;
    const objectiveAt = async (step: Float64Array): Promise<number> => {
      const moved = afterStep(state, w.unknowns, step);
      await placeState(w, moved);
      await projectModel(w, moved, w.out);
      const { squares, hold } = await measureMisfit(w, w.out);
      return squares + hold + totalRoughness(w, moved, lin.penalties);
    };
    // each kind of unknown on its own, so that none hides behind another
    const kinds = w.unknowns.phases.flatMap(({ first, perVoxel, phase }) =>
      Array.from({ length: perVoxel }, (_, u) => [first + u * phase.voxels.count, phase.voxels.count] as const),
    );
    w.unknowns.globals.forEach((_, i) => kinds.push([w.unknowns.firstGlobal + i, 1]));
    for (const [first, count] of kinds) {
      const direction = new Float64Array(w.unknowns.count);
      direction.set(randomVector(count, first), first);
      const h = 1e-2;
      const up = await objectiveAt(direction.map((x) => h * x));
      const down = await objectiveAt(direction.map((x) => -h * x));
      const slope = -2 * dot(direction, lin.push);
      // by Schwarz's inequality no slope is larger; it is small where the residual does not look like the unknown
      const square = new Float64Array(direction.length);
      await applyNormal(w, { ...lin, free: lin.free.map(() => 1) }, 0, direction, square);
      const largest = 2 * Math.sqrt(lin.objective * dot(direction, square));
      const error = Math.abs((up - down) / (2 * h) - slope);
      expect(error, `unknowns from ${first}`).toBeLessThan(1e-2 * Math.abs(slope) + 1e-3 * largest);
    }
    await placeState(w, state);
  });
});

describe("finite differences of the model", () => {
  const compare = async (which: (unknown: number, firstGlobal: number) => boolean, h: number): Promise<number> => {
    const { w, lin, state } = await createAt(false);
    const direction = randomVector(w.unknowns.count, 9).map((x, i) =>
      which(i, w.unknowns.firstGlobal) ? (i < w.unknowns.firstGlobal ? x : 1) : 0,
    );
    const modelAt = async (side: number): Promise<Float32Array> => {
      const step = direction.map((x) => side * h * x);
      const moved = afterStep(state, w.unknowns, step);
      await placeState(w, moved);
      await projectModel(w, moved, w.out);
      return w.out.slice();
    };
    const [up, down] = [await modelAt(1), await modelAt(-1)];
    await placeState(w, state);
    w.normalFactors.fill(1);
    await applyNormal(w, lin, 0, direction, new Float64Array(direction.length));
    return norm(w.out.map((x, i) => x - (up[i]! - down[i]!) / (2 * h))) / norm(w.out);
  };

  it("are what the Jacobian says, for all maps, factors, cells and widths", async () => {
    expect(await compare((i, firstGlobal) => i < firstGlobal + 7, 0.01)).toBeLessThan(1e-2);
  });

  // a voxel's share of a ray has kinks in the axis, so a difference depends on its step
  it("are what the Jacobian says for the rotation axis and the distance", async () => {
    expect(await compare((i, firstGlobal) => i === firstGlobal + 7, 0.1)).toBeLessThan(1e-2);
    expect(await compare((i, firstGlobal) => i === firstGlobal + 8, 1)).toBeLessThan(1e-2);
  });
});
