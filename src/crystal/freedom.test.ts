import { describe, expect, it } from "vitest";
import { inverseDSquared, reciprocalMetric } from "./cell.ts";
import { cellFreedom, inverseDSquaredGradient, siteFreedom } from "./freedom.ts";
import { spaceGroupTriplets } from "./space-group.ts";
import type { Cell, Structure } from "./structure.ts";

const cellOf = (a: number, b: number, c: number, alpha = 90, beta = 90, gamma = 90): Cell => ({
  a,
  b,
  c,
  alpha,
  beta,
  gamma,
});
const structureOf = (group: string, cell: Cell, x = 0.1, y = 0.2, z = 0.3): Structure => ({
  name: group,
  cell,
  operations: spaceGroupTriplets(group, cell),
  sites: [{ label: "Fe", scatterer: "Fe", x, y, z, occupancy: 1, bIso: 0 }],
});

describe("cellFreedom", () => {
  it.each([
    ["P -1", cellOf(4, 5, 6, 81, 97, 103), ["a", "b", "c", "alpha", "beta", "gamma"]],
    ["P 1 21/c 1", cellOf(4, 5, 6, 90, 97, 90), ["a", "b", "c", "beta"]],
    ["P 1 1 21/b", cellOf(4, 5, 6, 90, 90, 97), ["a", "b", "c", "gamma"]],
    ["P 21/b 1 1", cellOf(4, 5, 6, 97, 90, 90), ["a", "b", "c", "alpha"]],
    ["P n m a", cellOf(4, 5, 6), ["a", "b", "c"]],
    ["I 41/a m d:2", cellOf(4, 4, 6), ["a", "c"]],
    ["R -3 m:H", cellOf(4, 4, 6, 90, 90, 120), ["a", "c"]],
    ["R -3 m:R", cellOf(4, 4, 4, 62, 62, 62), ["a", "alpha"]],
    ["P 63/m m c", cellOf(4, 4, 6, 90, 90, 120), ["a", "c"]],
    ["F d -3 m:2", cellOf(4, 4, 4), ["a"]],
  ])("%s leaves %j free", (group, cell, names) => {
    const freedom = cellFreedom(structureOf(group, cell));
    expect(freedom.names).toEqual(names);
    const k = names.length;
    const six = [cell.a, cell.b, cell.c, cell.alpha, cell.beta, cell.gamma];
    six.forEach((value, row) => {
      let follows = freedom.constant[row]!;
      for (let i = 0; i < k; i++) follows += freedom.matrix[row * k + i]! * freedom.values[i]!;
      expect(follows).toBeCloseTo(value, 10);
      // in these settings every parameter is one of the free ones, or fixed
      expect([0, 1]).toContain(freedom.matrix.slice(row * k, row * k + k).reduce((p, q) => p + q, 0));
    });
  });
  it("brings a cell that the group does not allow into the group's", () => {
    const freedom = cellFreedom(structureOf("F d -3 m:2", cellOf(5.4301, 5.4305, 5.4309, 90.01, 90, 90)));
    expect(freedom.values[0]).toBeCloseTo(5.4305, 5);
    expect([...freedom.constant]).toEqual([0, 0, 0, 90, 90, 90]);
  });
});

describe("siteFreedom", () => {
  const hexagonal = cellOf(4, 4, 6, 90, 90, 120);
  it.each([
    ["P -1", cellOf(4, 5, 6, 81, 97, 103), [0.1, 0.2, 0.3], { x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1] }],
    ["P -1", cellOf(4, 5, 6, 81, 97, 103), [0.5, 0, 0.5], {}],
    ["R -3 m:H", hexagonal, [0, 0, 0.2585], { z: [0, 0, 1] }],
    ["R -3 m:H", hexagonal, [0.5, 0, 0], {}],
    ["P 63 m c", hexagonal, [0.1, 0.2, 0.3], { x: [1, 2, 0], z: [0, 0, 1] }],
    ["P 63 m c", hexagonal, [0.2, 0.1, 0.3], { x: [1, 0.5, 0], z: [0, 0, 1] }],
    ["P 63 m c", hexagonal, [0.1, -0.1, 0.3], { x: [1, -1, 0], z: [0, 0, 1] }],
    ["F d -3 m:2", cellOf(8, 8, 8), [0.263, 0.263, 0.263], { x: [1, 1, 1] }],
    ["F d -3 m:2", cellOf(8, 8, 8), [0.125, 0.125, 0.125], {}],
    ["I a -3", cellOf(8, 8, 8), [0.9676, 0, 0.25], { x: [1, 0, 0] }],
    ["P m -3 m", cellOf(4, 4, 4), [0.1996, 0.5, 0.5], { x: [1, 0, 0] }],
  ] as [string, Cell, [number, number, number], Record<string, number[]>][])("%s %j at %j", (group, cell, x, want) => {
    const free = siteFreedom(structureOf(group, cell, ...x), 0);
    expect(Object.fromEntries(free.map(({ name, direction }) => [name, [...direction]]))).toEqual(want);
  });
});

describe("inverseDSquaredGradient", () => {
  it("is 1/d^2, and its derivatives by finite differences", () => {
    const cell = cellOf(4.1, 5.3, 6.2, 81, 97, 103);
    const out = new Float64Array(6);
    for (const [h, k, l] of [
      [1, 0, 0],
      [1, -2, 3],
      [0, 4, -1],
    ] as const) {
      const value = (change: Partial<Cell>): number =>
        inverseDSquared(reciprocalMetric({ ...cell, ...change }), h, k, l);
      expect(inverseDSquaredGradient(cell, h, k, l, out)).toBeCloseTo(value({}), 14);
      (["a", "b", "c", "alpha", "beta", "gamma"] as const).forEach((name, i) => {
        const step = 1e-4;
        const slope = (value({ [name]: cell[name] + step }) - value({ [name]: cell[name] - step })) / (2 * step);
        expect(Math.abs(out[i]! - slope)).toBeLessThan(1e-9);
      });
    }
  });
});
