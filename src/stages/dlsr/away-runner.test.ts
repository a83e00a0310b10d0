import { expect, it } from "vitest";
import {
  CUBIC,
  inDisc,
  LAYERED,
  type MadePart,
  makeData,
  makeProblem,
  SCAN,
} from "../../../tests/dlsr/gaussian-problem.ts";
import { loadKernels } from "../../pipeline/load-kernels.ts";
import type { ParcelProducts } from "../../projector/index.ts";
import { SOLVER_DEFAULTS, solveDlsr } from "./gauss-newton.ts";
import { awayRunner, type ProductRunner, runProduct, serialRunner } from "./runner.ts";

const kernels = loadKernels({ build: "simd" });
const mask = inDisc(SCAN.size);
const layered: MadePart = {
  made: LAYERED,
  scale: (x, y) => 1 + 0.03 * x + 0.02 * y,
  cell: (x, y) => [2.84 * (1 + 2e-4 * x), 14.4 * (1 - 3e-4 * y)],
};
const cubic: MadePart = { made: CUBIC, scale: (x) => 0.8 + 0.02 * x, cell: () => [3.6 * 1.001] };
const choices = [{ made: LAYERED }, { made: CUBIC, cell: "global" as const }];
const options = {
  ...SOLVER_DEFAULTS,
  rayScale: true,
  smoothness: { cell: 0.003, scale: 0.003 },
};

/** Another device that happens to have the same kernels; counts what it was asked for. */
function otherDevice(asked: { forward: number; adjoint: number }): ParcelProducts {
  return {
    holds: () => true,
    async forward(frame, parcels, rays) {
      asked.forward++;
      runProduct(kernels, { op: "forward", frame, parcels, mixes: [], raw: rays, out: rays, side: 0 }, 0, frame.angles);
    },
    async adjoint(frame, parcels, rays, out) {
      asked.adjoint++;
      runProduct(kernels, { op: "adjoint", frame, parcels, rays, out }, 0, parcels.voxels);
    },
  };
}

const solveWith = async (runner: ProductRunner, parts: MadePart[], steps = 2) => {
  const mark = kernels.arena.mark();
  const problem = makeProblem(kernels, SCAN, makeData(SCAN, parts, mask), mask, choices.slice(0, parts.length));
  const { state, chi2 } = await solveDlsr(runner, kernels, problem, { ...options, steps }, {});
  kernels.arena.release(mark);
  return { cells: state.phases[0]!.cells.slice(), chi2 };
};

it("a solution whose long products are another device's is the same bits, where that one rounds alike", async () => {
  const asked = { forward: 0, adjoint: 0 };
  const here = await solveWith(serialRunner(kernels), [layered]);
  const there = await solveWith(awayRunner(otherDevice(asked), serialRunner(kernels)), [layered]);
  expect(there).toEqual(here);
  expect(asked.forward).toBeGreaterThan(10);
  expect(asked.adjoint).toBeGreaterThan(10);
});

it("with a phase of one cell, whose share is added in another order, it is the same up to rounding", async () => {
  const here = await solveWith(serialRunner(kernels), [layered, cubic], 6);
  const away = otherDevice({ forward: 0, adjoint: 0 });
  const there = await solveWith(awayRunner(away, serialRunner(kernels)), [layered, cubic], 6);
  console.log(
    there.chi2 / here.chi2 - 1,
    there.cells.reduce((most, cell, i) => Math.max(most, Math.abs(cell / here.cells[i]! - 1)), 0),
  );
  expect(Math.abs(there.chi2 / here.chi2 - 1)).toBeLessThan(1e-6);
  const furthest = there.cells.reduce((most, cell, i) => Math.max(most, Math.abs(cell / here.cells[i]! - 1)), 0);
  expect(furthest).toBeLessThan(1e-7);
});

it("what the device cannot take stays here", async () => {
  const asked = { forward: 0, adjoint: 0 };
  const picky = { ...otherDevice(asked), holds: () => false };
  const here = await solveWith(serialRunner(kernels), [layered]);
  expect(await solveWith(awayRunner(picky, serialRunner(kernels)), [layered])).toEqual(here);
  expect(asked).toEqual({ forward: 0, adjoint: 0 });
});
