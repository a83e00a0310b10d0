import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import { seededRandom } from "../../tests/seeded-random.ts";
import { dlsrScratchLength } from "./dlsr-scratch.ts";
import { createReferenceKernels, type Kernels } from "./index.ts";

const TRANSLATIONS = 23;
/** more than the kernels hold at once */
const VOXELS = 71;
const STEP = 0.37;
const OMEGA = [0, 7, 12.5, 90, 33.3, 180, 45, 101, 200, 270, 359, 66, 62, 58, 54, 50, 46, 42, 38, 34, 30];

interface Problem {
  readonly terms: number;
  readonly depths: number;
  readonly stencil: number;
  readonly unknowns: number;
  readonly rays: Float32Array;
  readonly shared: { [name in (typeof SHARED)[number]]: Float32Array };
  readonly nodes: Int32Array;
  readonly offsets: Int32Array;
  readonly directions: Float64Array;
}
const SHARED = ["places", "weights", "table", "rayWeights"] as const;

/** The rotation axis, depth nodes a step, and the depth node of the axis: some voxels lie beside scan and table. */
const view = (depths: number) => [11.23, STEP, depths / 2 - 0.4] as const;

function createProblem({ arena }: Kernels, terms: number, stencil: number, depths = 7, unknowns = 3): Problem {
  const random = seededRandom(7);
  const f32 = (length: number, value: (i: number) => number) => {
    const array = arena.f32(length);
    for (let i = 0; i < length; i++) array[i] = value(i);
    return array;
  };
  const noise = () => random() - 0.5;
  const tableNodes = 40;
  const nodes = arena.i32(VOXELS);
  for (let v = 0; v < VOXELS; v++) nodes[v] = Math.floor(random() * 10);
  const offsets = arena.i32(stencil);
  for (let q = 0; q < stencil; q++) offsets[q] = Math.floor(random() * (tableNodes - 10));
  const directions = arena.f64(2 * OMEGA.length);
  OMEGA.forEach(
    (deg, a) => void directions.set([Math.cos((deg * Math.PI) / 180), Math.sin((deg * Math.PI) / 180)], 2 * a),
  );
  const shared = {
    places: f32(2 * VOXELS, () => 27 * noise()),
    weights: f32(unknowns * VOXELS * stencil, noise),
    table: f32(tableNodes * depths * terms, noise),
    rayWeights: f32(OMEGA.length * TRANSLATIONS, random),
  };
  // on a ray, on the scan's ends, and beside it
  shared.places.set([0, 0, -11.23, 0.5, 11, -0.25, 40, 3, -40, -40, 11.77, 0]);
  const rays = f32(OMEGA.length * TRANSLATIONS * terms, noise);
  return { terms, depths, stencil, unknowns, rays, shared, nodes, offsets, directions };
}

type Range = readonly [first: number, end: number, angle: number, angleEnd: number];
const ALL: Range = [0, VOXELS, 0, OMEGA.length];

function forward({ run, arena }: Kernels, p: Problem, rays: Float32Array, [first, end, angle, angleEnd]: Range): void {
  const { places, weights, table } = p.shared;
  const mark = arena.mark();
  const scratch = arena.f32(dlsrScratchLength(p.terms, p.depths));
  run.dlsrForward(
    ...([rays, TRANSLATIONS, p.terms, places, p.nodes, weights, p.offsets, p.stencil, table, p.depths] as const),
    ...([first, end, p.directions, angle, angleEnd, ...view(p.depths), scratch] as const),
  );
  arena.release(mark);
}

function adjoint({ run, arena }: Kernels, p: Problem, out: Float32Array, [first, end, angle, angleEnd]: Range): void {
  const { places, table } = p.shared;
  const mark = arena.mark();
  const scratch = arena.f32(dlsrScratchLength(p.terms, p.depths));
  run.dlsrAdjoint(
    ...([out, p.rays, TRANSLATIONS, p.terms, places, p.nodes, p.offsets, p.stencil, table, p.depths] as const),
    ...([first, end, p.directions, angle, angleEnd, ...view(p.depths), scratch] as const),
  );
  arena.release(mark);
}

function gram({ run, arena }: Kernels, p: Problem, out: Float64Array, first: number, end: number, step: number): void {
  const { places, weights, table, rayWeights } = p.shared;
  const mark = arena.mark();
  const scratch = arena.f32(dlsrScratchLength(p.terms, p.depths));
  run.dlsrGram(
    ...([out, rayWeights, TRANSLATIONS, p.terms, places, p.nodes, weights, p.unknowns, VOXELS, p.offsets] as const),
    ...([
      p.stencil,
      table,
      p.depths,
      first,
      end,
      p.directions,
      OMEGA.length,
      step,
      ...view(p.depths),
      scratch,
    ] as const),
  );
  arena.release(mark);
}

/** [angle, translation, K] f64 of one voxel's unknown, by the formulas and nothing else. */
function column(p: Problem, v: number, unknown: number): Float64Array {
  const { terms, depths, stencil, shared, nodes, offsets, directions } = p;
  const [axis, scale, origin] = view(depths);
  const out = new Float64Array(OMEGA.length * TRANSLATIONS * terms);
  const [x, y] = [shared.places[2 * v]!, shared.places[2 * v + 1]!];
  const pattern = Float64Array.from({ length: depths * terms }, (_, e) => {
    let sum = 0;
    for (let q = 0; q < stencil; q++) {
      const node = nodes[v]! + offsets[q]!;
      sum += shared.weights[(unknown * VOXELS + v) * stencil + q]! * shared.table[node * depths * terms + e]!;
    }
    return sum;
  });
  for (let a = 0; a < OMEGA.length; a++) {
    const [c, s] = [directions[2 * a]!, directions[2 * a + 1]!];
    const lateral = axis + x * c + y * s;
    const u = origin + scale * (-x * s + y * c);
    const first = Math.max(0, Math.min(depths - 4, Math.floor(u) - 1));
    for (let k = 0; k < terms; k++) {
      let value = 0;
      for (let i = 0; i < 4; i++) {
        let lagrange = 1;
        for (let l = 0; l < 4; l++) if (l !== i) lagrange *= (u - (first + l)) / (i - l);
        value += lagrange * pattern[(first + i) * terms + k]!;
      }
      for (const j of [Math.floor(lateral), Math.floor(lateral) + 1]) {
        if (j < 0 || j >= TRANSLATIONS) continue;
        out[(a * TRANSLATIONS + j) * terms + k]! += (1 - Math.abs(lateral - j)) * value;
      }
    }
  }
  return out;
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};
const norm = (a: ArrayLike<number>): number => Math.sqrt(dot(a, a));
const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  norm(Float64Array.from(a, (value, i) => value - b[i]!)) / norm(b);

const SHAPES = [1, 4, 16, 64].flatMap((stencil) => [8, 32, 48].map((terms) => ({ stencil, terms })));

describe.each(kernelBuilds)("DLSR kernels, $name", ({ exact, create }) => {
  const kernels = create();
  /** Bit for bit; fused multiply-add leaves the product unrounded, up to a few thousand of them in a row. */
  const same = (got: Float32Array | Float64Array, want: Float32Array | Float64Array) => {
    if (exact) expect(got).toEqual(want);
    else expect(difference(got, want)).toBeLessThan(3e-6);
  };
  const inArena = <T>(work: () => T): T => {
    const mark = kernels.arena.mark();
    try {
      return work();
    } finally {
      kernels.arena.release(mark);
    }
  };

  it.each(SHAPES)("equals the formulas and its transpose, stencil $stencil, K = $terms", ({ stencil, terms }) =>
    inArena(() => {
      const p = createProblem(kernels, terms, stencil);
      const image = kernels.arena.f32(p.rays.length);
      image.fill(0);
      forward(kernels, p, image, ALL);
      const columns = Array.from({ length: VOXELS }, (_, v) => column(p, v, 0));
      const want = new Float64Array(image.length);
      for (const one of columns) {
        for (let i = 0; i < want.length; i++) want[i] = want[i]! + one[i]!;
      }
      expect(difference(image, want)).toBeLessThan(1e-6);

      const back = kernels.arena.f32(VOXELS * stencil);
      adjoint(kernels, p, back, ALL);
      const weights = p.shared.weights.subarray(0, back.length);
      const mismatch = Math.abs(dot(image, p.rays) - dot(weights, back));
      expect(mismatch / (norm(image) * norm(p.rays))).toBeLessThan(1e-6);
      for (const v of [0, 1, 2, 5, 70]) {
        const one = stencil * v;
        const got = dot(weights.subarray(one, one + stencil), back.subarray(one, one + stencil));
        expect(Math.abs(got - dot(columns[v]!, p.rays)) / (norm(columns[v]!) * norm(p.rays) + 1e-30)).toBeLessThan(
          1e-6,
        );
      }
    }),
  );

  it.each([8, 16, 24, 48])("equals its twin, K = %i", (terms) =>
    inArena(() => {
      const reference = createReferenceKernels();
      const [ours, theirs] = [createProblem(kernels, terms, 5), createProblem(reference, terms, 5)];
      const range: Range = [1, 70, 2, OMEGA.length];
      forward(kernels, ours, ours.rays, range);
      forward(reference, theirs, theirs.rays, range);
      same(ours.rays, theirs.rays);
      const [got, want] = [kernels.arena.f32(VOXELS * 5).fill(0), new Float32Array(VOXELS * 5)];
      adjoint(kernels, ours, got, range);
      adjoint(reference, theirs, want, range);
      same(got, want);
      const [blocks, wantBlocks] = [kernels.arena.f64(VOXELS * 9).fill(0), new Float64Array(VOXELS * 9)];
      gram(kernels, ours, blocks, 1, 70, 2);
      gram(reference, theirs, wantBlocks, 1, 70, 2);
      same(blocks, wantBlocks);
    }),
  );

  it("does not depend on how voxels and angles are split", () =>
    inArena(() => {
      const p = createProblem(kernels, 24, 4);
      const [whole, parts] = [kernels.arena.f32(p.rays.length).fill(0), kernels.arena.f32(p.rays.length).fill(0)];
      forward(kernels, p, whole, ALL);
      for (const [angle, angleEnd] of [
        [0, 3],
        [3, 20],
        [20, 21],
      ] as const) {
        for (const [first, end] of [
          [0, 1],
          [1, 10],
          [10, VOXELS],
        ] as const)
          forward(kernels, p, parts, [first, end, angle, angleEnd]);
      }
      expect(parts).toEqual(whole);
      const [back, backParts] = [kernels.arena.f32(VOXELS * 4), kernels.arena.f32(VOXELS * 4).fill(0)];
      adjoint(kernels, p, back, ALL);
      for (const [first, end] of [
        [0, 1],
        [1, 10],
        [10, VOXELS],
      ] as const)
        adjoint(kernels, p, backParts, [first, end, 0, OMEGA.length]);
      expect(backParts).toEqual(back);
    }));

  it.each([1, 3])("gram is the columns' scalar products, every %i. angle", (step) =>
    inArena(() => {
      const p = createProblem(kernels, 8, 4);
      const blocks = kernels.arena.f64(VOXELS * 9);
      gram(kernels, p, blocks, 0, VOXELS, step);
      for (let v = 0; v < VOXELS; v += 5) {
        const columns = [0, 1, 2].map((i) => column(p, v, i));
        const size = columns.map(norm);
        for (let i = 0; i < 3; i++) {
          for (let l = 0; l < 3; l++) {
            let sum = 0;
            for (let at = 0; at < p.rays.length; at++) {
              const ray = Math.floor(at / 8);
              if (Math.floor(ray / TRANSLATIONS) % step !== 0) continue;
              sum += step * p.shared.rayWeights[ray]! * columns[i]![at]! * columns[l]![at]!;
            }
            expect(Math.abs(blocks[(v * 3 + i) * 3 + l]! - sum)).toBeLessThanOrEqual(2e-6 * step * size[i]! * size[l]!);
          }
        }
      }
    }),
  );

  it("writes nothing beside its rays and voxels", () =>
    inArena(() => {
      const p = createProblem(kernels, 8, 4);
      const before = p.rays.slice();
      forward(kernels, p, p.rays, [0, VOXELS, 5, 9]);
      const row = TRANSLATIONS * 8;
      expect(p.rays.subarray(0, 5 * row)).toEqual(before.subarray(0, 5 * row));
      expect(p.rays.subarray(9 * row)).toEqual(before.subarray(9 * row));
      // a voxel that never meets the scan
      p.shared.places.set([300, 300], 2 * 4);
      const rest = p.rays.slice();
      forward(kernels, p, p.rays, [4, 5, 10, 12]);
      expect(p.rays).toEqual(rest);
      const out = kernels.arena.f32(VOXELS * 4).fill(7);
      adjoint(kernels, p, out, [4, 6, 10, 12]);
      expect([...out.subarray(16, 20)]).toEqual([0, 0, 0, 0]);
      expect([...out.subarray(0, 16), ...out.subarray(24)].every((value) => value === 7)).toBe(true);
    }));
});

describe.each(kernelBuilds)("kernels of reduced rays, $name", ({ exact, create }) => {
  const { arena, run } = create();
  const random = seededRandom(11);
  const f32 = (length: number) => {
    const array = arena.f32(length);
    for (let i = 0; i < length; i++) array[i] = random() - 0.5;
    return array;
  };
  const close = (got: Float32Array, want: Float32Array) => {
    if (exact) expect(got).toEqual(want);
    else expect(difference(got, want)).toBeLessThan(2e-6);
  };
  const reference = createReferenceKernels().run;

  it.each([8, 16, 24, 32, 40])("reduceBins equals the matrix product, K = %i", (terms) => {
    const [rays, bins] = [101, 301];
    const [out, data, matrix] = [f32(rays * terms), f32(rays * bins), f32(bins * terms)];
    const start = out.slice();
    const twin = out.slice();
    reference.reduceBins(twin, data, matrix, rays, bins, terms);
    run.reduceBins(out, data, matrix, rays, bins, terms);
    close(out, twin);
    const want = Float64Array.from(start, (value, i) => {
      const [ray, k] = [Math.floor(i / terms), i % terms];
      let sum = value;
      for (let bin = 0; bin < bins; bin++) sum += data[ray * bins + bin]! * matrix[bin * terms + k]!;
      return sum;
    });
    expect(difference(out, want)).toBeLessThan(1e-6);
  });

  it("rayDots, rayAdd and rayScale are what they say", () => {
    const [rays, terms] = [13, 24];
    const [a, b, factors, dots] = [f32(rays * terms), f32(rays * terms), f32(rays), arena.f64(rays)];
    run.rayDots(dots, a, b, rays, terms);
    for (let ray = 0; ray < rays; ray++) {
      const [from, to] = [ray * terms, (ray + 1) * terms];
      expect(dots[ray]).toBeCloseTo(dot(a.subarray(from, to), b.subarray(from, to)), 14);
    }
    const twin = b.slice();
    const want = Float64Array.from(b, (value, i) => value + factors[Math.floor(i / terms)]! * a[i]!);
    reference.rayAdd(twin, a, factors, rays, terms);
    run.rayAdd(b, a, factors, rays, terms);
    close(b, twin);
    expect(difference(b, want)).toBeLessThan(1e-7);
    const scaled = Float32Array.from(b, (value, i) => value * factors[Math.floor(i / terms)]!);
    run.rayScale(b, factors, rays, terms);
    expect(b).toEqual(scaled);
  });

  it.each([1, 2, 17])("raysBlur is its own transpose and keeps the sum inside, %i translations", (n) => {
    const [angles, terms] = [3, 8];
    const [x, y, bx, by] = [0, 0, 0, 0].map(() => f32(angles * n * terms)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const side = 1 / 24;
    run.raysBlur(bx, x, angles, n, terms, side);
    run.raysBlur(by, y, angles, n, terms, side);
    expect(Math.abs(dot(bx, y) - dot(x, by))).toBeLessThan(1e-6 * norm(x) * norm(y));
    const want = Float64Array.from(x, (value, i) => {
      const j = Math.floor(i / terms) % n;
      return (1 - 2 * side) * value + side * ((j > 0 ? x[i - terms]! : 0) + (j < n - 1 ? x[i + terms]! : 0));
    });
    expect(difference(bx, want)).toBeLessThan(1e-6);
    const twin = new Float32Array(x.length);
    reference.raysBlur(twin, x, angles, n, terms, side);
    expect(bx).toEqual(twin);
  });
});
