import { describe, expect, it } from "vitest";
import { normal, seededRandom } from "../../../tests/seeded-random.ts";
import { clusterRows } from "./cluster.ts";
import { commonMisfit } from "./common-misfit.ts";
import { factorise } from "./factorise.ts";
import { planPooling, poolRows } from "./pooling.ts";
import { medianOfSurroundings, withoutOutliers } from "./surroundings.ts";

const [ROWS, COLUMNS] = [400, 60];
const AUTO = { rank: "auto", maxRank: 5, leastGain: 2, iterations: 60 } as const;

function gaussian(seed: number): () => number {
  const random = seededRandom(seed);
  return () => normal(random);
}
const line =
  (at: number) =>
  (c: number): number =>
    Math.exp(-(((c - at) / 1.5) ** 2));

/** Two patterns of three lines each, in a few rows of their own, over noise. */
function twoPhases(): Float32Array {
  const noise = gaussian(4);
  const patterns = [[8, 24, 41].map(line), [14, 33, 52].map(line)];
  return Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => {
    const [r, c] = [Math.floor(i / COLUMNS), i % COLUMNS];
    const which = r % 20 === 3 ? 0 : r % 25 === 7 ? 1 : -1;
    const signal = which < 0 ? 0 : 12 * patterns[which]!.reduce((sum, of) => sum + of(c), 0);
    return noise() + signal;
  });
}
const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return ab / Math.sqrt(aa * bb);
};

describe("factorise", () => {
  const data = twoPhases();
  const truth = [
    [8, 24, 41],
    [14, 33, 52],
  ].map((lines) => Float64Array.from({ length: COLUMNS }, (_, c) => lines.reduce((sum, at) => sum + line(at)(c), 0)));

  it("finds how many patterns there are, what they are, and where", async () => {
    const { rank, amounts, patterns, explained } = await factorise(data, COLUMNS, AUTO);
    expect(rank).toBe(2);
    const found = [0, 1].map((k) => patterns.subarray(k * COLUMNS, (k + 1) * COLUMNS));
    const order = cosine(found[0]!, truth[0]!) > 0.5 ? [0, 1] : [1, 0];
    for (const k of [0, 1]) expect(cosine(found[order[k]!]!, truth[k]!)).toBeGreaterThan(0.97);
    const first = Array.from({ length: ROWS }, (_, r) => amounts[r * rank + order[0]!]!);
    const where = Array.from({ length: ROWS }, (_, r) => (r % 20 === 3 ? 1 : 0));
    expect(cosine(first, where)).toBeGreaterThan(0.95);
    expect(explained[1]).toBeGreaterThan(explained[0]!);
  });

  it("finds nothing in noise, and the same in the same residuals", async () => {
    const noise = gaussian(9);
    const nothing = Float32Array.from({ length: ROWS * COLUMNS }, noise);
    expect((await factorise(nothing, COLUMNS, AUTO)).rank).toBe(0);
    expect(await factorise(data, COLUMNS, AUTO)).toEqual(await factorise(data.slice(), COLUMNS, AUTO));
  });

  it("lowers the misfit with every component, to what a given rank can", async () => {
    const { explained } = await factorise(data, COLUMNS, { ...AUTO, rank: 4 });
    for (let k = 1; k < explained.length; k++) expect(explained[k]).toBeGreaterThan(explained[k - 1]!);
  });
});

describe("clusterRows", () => {
  it("puts rows of one form together, whatever their size", () => {
    const data = twoPhases();
    const rows = [3, 23, 43, 63, 7, 32, 57, 82];
    for (let c = 0; c < COLUMNS; c++) data[3 * COLUMNS + c]! *= 5;
    const groups = clusterRows(data, COLUMNS, rows, 0.4).map(({ members }) => members.map((i) => i));
    expect(groups).toHaveLength(2);
    expect(groups.flat().sort((a, b) => a - b)).toEqual([...rows].sort((a, b) => a - b));
    for (const group of groups) expect(new Set(group.map((row) => (row % 20 === 3 ? 0 : 1))).size).toBe(1);
  });
});

describe("commonMisfit", () => {
  it("is what goes with the scales, and not what a few rows hold besides", () => {
    const noise = gaussian(5);
    const random = seededRandom(6);
    const misfit = [0, 1].map((p) => Float64Array.from({ length: COLUMNS }, (_, c) => Math.sin((c * (p + 2)) / 9)));
    const scales = Float64Array.from({ length: ROWS * 2 }, () => 20 * random());
    const data = Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => {
      const [r, c] = [Math.floor(i / COLUMNS), i % COLUMNS];
      const hidden = r < 12 && c === 30 ? 400 : 0;
      return noise() + hidden + scales[2 * r]! * misfit[0]![c]! + scales[2 * r + 1]! * misfit[1]![c]!;
    });
    // the rows that hold something have the most of phase 1: plain least squares would follow them
    for (let r = 0; r < 12; r++) scales[2 * r + 1] = 20;
    const found = commonMisfit(data, COLUMNS, scales, 2);
    for (const p of [0, 1]) {
      for (const c of [3, 17, 30, 48]) expect(Math.abs(found[p * COLUMNS + c]! - misfit[p]![c]!)).toBeLessThan(0.35);
    }
  });

  it("takes nothing out for a phase that is nowhere", () => {
    const data = Float32Array.from({ length: 100 }, (_, i) => (i % 10) - 4.5);
    const scales = Float64Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 1 : 0));
    expect([...commonMisfit(data, 10, scales, 2).subarray(10)]).toEqual(Array(10).fill(0));
  });
});

describe("pooling", () => {
  it("keeps what fits, and pools voxels before bins", () => {
    expect(planPooling(61, 61, 600, 1000e6)).toMatchObject({ voxels: 1, points: 1 });
    const full = planPooling(549, 549, 1000, 1000e6);
    expect(16 * full.ny * full.nx * full.columns).toBeLessThanOrEqual(1000e6);
    expect(full).toMatchObject({ voxels: 2, points: 2 });
  });

  it("gives means over the voxels that there are", () => {
    const plan = { voxels: 2, points: 2, ny: 2, nx: 2, columns: 2 };
    // [3 x 3 voxels, 3 points]: voxel number + point / 10; voxel 4 left out
    const row = (y: number): Float32Array =>
      Float32Array.from({ length: 9 }, (_, i) =>
        3 * y + Math.floor(i / 3) === 4 ? Number.NaN : 3 * y + Math.floor(i / 3) + (i % 3) / 10,
      );
    const { data, pool } = poolRows(plan, { ny: 3, nx: 3, points: 3 }, row);
    expect([...pool]).toEqual([0, 1, 2, 3]);
    const mean = (voxels: number[]): number => voxels.reduce((a, b) => a + b) / voxels.length;
    const expected = [[0, 1, 3], [2, 5], [6, 7], [8]].flatMap((voxels) => [mean(voxels) + 0.05, mean(voxels) + 0.2]);
    data.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 5);
    });
  });
});

describe("medianOfSurroundings", () => {
  it("is not moved by one voxel that is different, and says nothing where there is too little", () => {
    const map = Float64Array.from({ length: 49 }, (_, i) => 14.5 + 0.001 * (i % 7));
    map[24] = 14.2;
    expect(medianOfSurroundings(map, 7, 7, 2)[24]).toBeCloseTo(14.503, 3);
    const lone = new Float64Array(49).fill(Number.NaN);
    lone[24] = 14.2;
    expect([...medianOfSurroundings(lone, 7, 7, 2)].some(Number.isFinite)).toBe(false);
    expect(withoutOutliers(map)[24]).toBeNaN();
  });
});
