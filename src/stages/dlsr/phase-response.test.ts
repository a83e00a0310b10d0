import { beforeAll, describe, expect, it } from "vitest";
import { catalogueChannels, catalogueModel } from "../../../tests/catalogue-model.ts";
import { kernelBuilds } from "../../../tests/kernel-builds.ts";
import type { Structure } from "../../crystal/index.ts";
import { cubicWeights } from "./cubic-interpolation.ts";
import { createDepthNodes } from "./depth-nodes.ts";
import { halton } from "./low-discrepancy.ts";
import { createPhaseLines, type PhaseLines } from "./phase-lines.ts";
import { createPhaseResponse } from "./phase-response.ts";
import { createReduction, type Reduction } from "./reduction.ts";
import type { DepthNodes, PhaseResponse } from "./types.ts";

const kernels = kernelBuilds.find(({ name }) => name === "simd")!.create();
const twoTheta = catalogueChannels(700);
const sigma = twoTheta.map((x) => Math.sqrt(1e5 / x));
const RADIUS = 5.05;
const DISTANCE = 1000;
const TERMS = 16;
const DEPTH = RADIUS / DISTANCE;

interface Case {
  readonly lines: PhaseLines;
  readonly reduction: Reduction;
  readonly depth: DepthNodes;
  readonly range: (readonly [number, number])[];
}

function caseOf(
  name: string,
  half: number,
  phase: { structure?: Structure; sizeAxis?: [number, number, number] } = {},
  values: Record<string, number> = {},
): Case {
  const calculator = catalogueModel([name], values, { phases: [phase as never] }, twoTheta);
  const lines = createPhaseLines(calculator, 0);
  const range = Array.from(lines.cell, (value) => [value * (1 - half), value * (1 + half)] as const);
  const reduction = createReduction({
    sigma,
    kept: [{ lines, cell: "spatial", range }],
    terms: TERMS,
    depth: DEPTH,
  });
  return { lines, reduction, range, depth: createDepthNodes([lines], RADIUS, DISTANCE) };
}

/** [K] of the reduced pattern at a cell and depth, without any table */
function directNumbers({ lines, reduction }: Case, cell: ArrayLike<number>, tau: number, width = 1): Float64Array {
  const pattern = new Float64Array(lines.twoTheta.length);
  lines.addPattern(cell, tau, width, pattern);
  return Float64Array.from({ length: TERMS }, (_, k) =>
    pattern.reduce((sum, value, j) => sum + value * reduction.exact[j * TERMS + k]!, 0),
  );
}

/** [K] by the table, as the forward kernel looks it up */
function lookedUp(
  response: PhaseResponse,
  depth: DepthNodes,
  v: number,
  weights: Float32Array,
  tau: number,
): Float64Array {
  const u = (tau - depth.first) / depth.step;
  const at = Math.min(depth.count - 4, Math.max(0, Math.floor(u) - 1));
  const c = new Float64Array(4);
  cubicWeights(u - at - 1, c);
  const out = new Float64Array(TERMS);
  for (let q = 0; q < response.stencil; q++) {
    const w = weights[v * response.stencil + q]!;
    const node = response.nodes[v]! + response.offsets[q]!;
    for (let i = 0; i < 4; i++) {
      for (let k = 0; k < TERMS; k++) {
        out[k]! += w * c[i]! * response.table[(node * depth.count + at + i) * TERMS + k]!;
      }
    }
  }
  return out;
}

const length = (row: Float64Array): number => Math.hypot(...row);
const apart = (p: Float64Array, q: Float64Array): number => length(p.map((value, k) => value - q[k]!)) / length(q);

/** largest relative errors of value and derivatives over cells of the range and depths, ends included */
function errorsOf(one: Case, response: PhaseResponse, points: number): { value: number; slope: number } {
  const { lines, range, depth } = one;
  const n = lines.cell.length;
  const cells = Float64Array.from({ length: points * n }, (_, i) => {
    const [low, high] = range[i % n]!;
    return low + (high - low) * halton(Math.floor(i / n), 1 + (i % n));
  });
  response.place(cells);
  const worst = { value: 0, slope: 0 };
  for (let v = 0; v < points; v++) {
    const cell = cells.slice(v * n, (v + 1) * n);
    const tau = v === 0 ? DEPTH : v === 1 ? -DEPTH : DEPTH * (2 * halton(v, 0) - 1);
    worst.value = Math.max(
      worst.value,
      apart(lookedUp(response, depth, v, response.value, tau), directNumbers(one, cell, tau)),
    );
    for (let q = 0; q < n; q++) {
      const step = 2e-6 * cell[q]!;
      const [high, low] = [1, -1].map((side) => {
        const moved = cell.slice();
        moved[q]! += side * step;
        return directNumbers(one, moved, tau);
      });
      const want = high!.map((value, k) => (value - low![k]!) / (2 * step));
      worst.slope = Math.max(worst.slope, apart(lookedUp(response, depth, v, response.slopes[q]!, tau), want));
    }
  }
  return worst;
}

const POINTS = 40;

describe.each([
  ["one parameter", "Cu", 4, 4e-3],
  ["two parameters", "NMC532", 16, 4e-3],
  ["three parameters", "LFP", 64, 1e-3],
] as const)("numbers of a phase by cell and depth: %s", (_, name, stencil, half) => {
  let one: Case;
  let response: PhaseResponse;
  beforeAll(() => {
    one = caseOf(name, half);
    response = createPhaseResponse(kernels, one.lines, one.reduction, one.depth, POINTS, {
      cell: "spatial",
      range: one.range,
    });
  });

  it("are those of whole patterns within 2e-3, and derivatives within 1e-2", () => {
    expect(response.stencil).toBe(stencil);
    const { value, slope } = errorsOf(one, response, POINTS);
    expect(value).toBeLessThan(2e-3);
    expect(slope).toBeLessThan(1e-2);
  });
});

describe("numbers of a phase whose lines have widths of their own", () => {
  it("are those of whole patterns", () => {
    const sizes = { "NMC532/size": 60, "NMC532/axialSize": 15 };
    const one = caseOf("NMC532", 4e-3, { sizeAxis: [0, 0, 1] }, sizes);
    expect(one.lines.hasCommonWidths).toBe(false);
    const response = createPhaseResponse(kernels, one.lines, one.reduction, one.depth, POINTS, {
      cell: "spatial",
      range: one.range,
    });
    const { value, slope } = errorsOf(one, response, POINTS);
    expect(value).toBeLessThan(2e-3);
    expect(slope).toBeLessThan(1e-2);
  });
});

describe("numbers of a phase with many free parameters", () => {
  it("are each voxel's own, with derivatives", () => {
    const monoclinic = caseOf("LFP", 2e-3, { structure: monoclinicLfp() });
    expect(monoclinic.lines.cellNames).toEqual(["a", "b", "c", "beta"]);
    const response = createPhaseResponse(kernels, monoclinic.lines, monoclinic.reduction, monoclinic.depth, 6, {
      cell: "spatial",
      range: monoclinic.range,
    });
    expect(response.stencil).toBe(5);
    const { value, slope } = errorsOf(monoclinic, response, 6);
    expect(value).toBeLessThan(2e-3);
    expect(slope).toBeLessThan(1e-2);
  });
});

/** The same atoms in the subgroup P 2_1/c (unique axis b), where beta is free. */
function monoclinicLfp(): Structure {
  return {
    name: "LFP",
    cell: { a: 10.33, b: 6.01, c: 4.69, alpha: 90, beta: 90.8, gamma: 90 },
    operations: ["x,y,z", "-x,y+1/2,-z+1/2", "-x,-y,-z", "x,-y+1/2,z+1/2"],
    sites: [
      { label: "Fe1", scatterer: "Fe", x: 0.28, y: 0.25, z: 0.97, occupancy: 1, bIso: 0.5 },
      { label: "P1", scatterer: "P", x: 0.09, y: 0.25, z: 0.42, occupancy: 1, bIso: 0.5 },
    ],
  };
}

describe("one cell for all voxels", () => {
  const one = caseOf("Cu", 4e-3);
  const response = createPhaseResponse(kernels, one.lines, one.reduction, one.depth, 3, {
    cell: "global",
    range: one.range,
  });

  it("is one node that every voxel looks up", () => {
    response.place(one.lines.cell);
    expect(response.stencil).toBe(1);
    expect(Array.from(response.nodes)).toEqual([0, 0, 0]);
    for (const tau of [-DEPTH, 0, 1.1e-3, DEPTH]) {
      const found = lookedUp(response, one.depth, 2, response.value, tau);
      expect(apart(found, directNumbers(one, one.lines.cell, tau))).toBeLessThan(2e-3);
    }
  });

  it("gives the numbers of other cells and widths without its table", () => {
    const cell = [one.lines.cell[0]! * 1.002];
    const direct = response.direct(cell, 1.2);
    const { first, step, count } = one.depth;
    for (const i of [0, 3, count - 1]) {
      const want = directNumbers(one, cell, first + step * i, 1.2);
      expect(apart(Float64Array.from(direct.subarray(i * TERMS, (i + 1) * TERMS)), want)).toBeLessThan(1e-6);
    }
  });

  it("follows a change of width and intensities", () => {
    response.place(one.lines.cell);
    const factors = Float64Array.from({ length: one.lines.ringCount }, (_, ring) => 1 + 0.3 * Math.sin(ring));
    response.retabulate({ width: 1.1, intensities: factors });
    expect(response.width).toBe(1.1);
    const changed = { ...one, lines: one.lines.withFactors(factors) };
    const found = lookedUp(response, one.depth, 0, response.value, 2e-3);
    expect(apart(found, directNumbers(changed, one.lines.cell, 2e-3, 1.1))).toBeLessThan(2e-3);
    response.retabulate({ width: 1 });
    const back = lookedUp(response, one.depth, 0, response.value, 2e-3);
    expect(apart(back, directNumbers(changed, one.lines.cell, 2e-3))).toBeLessThan(2e-3);
  });
});

describe("cells beyond the table, and tables that do not fit", () => {
  const one = caseOf("Cu", 4e-3);
  it("are placed at its end", () => {
    const response = createPhaseResponse(kernels, one.lines, one.reduction, one.depth, 2, {
      cell: "spatial",
      range: one.range,
    });
    response.place(Float64Array.of(one.range[0]![1] * 1.05, one.range[0]![1]));
    expect(response.nodes[0]).toBe(response.nodes[1]);
    expect(response.value.slice(0, 4)).toEqual(response.value.slice(4));
  });

  it("are refused with a message", () => {
    const make = (range: (readonly [number, number])[], mostBytes?: number) => () =>
      createPhaseResponse(kernels, one.lines, one.reduction, one.depth, 2, {
        cell: "spatial",
        range,
        ...(mostBytes !== undefined && { mostBytes }),
      });
    expect(make(one.range, 1000)).toThrow(expect.objectContaining({ code: "dlsr-table" }));
    expect(make([])).toThrow(expect.objectContaining({ code: "dlsr-range" }));
    expect(make([[3.6, 3.6]])).toThrow(expect.objectContaining({ code: "dlsr-range" }));
    expect(() => createDepthNodes([one.lines], 600, 1000)).toThrow(expect.objectContaining({ code: "dlsr-depth" }));
  });
});
