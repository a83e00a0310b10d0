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
import { createReferenceKernels } from "../../kernels/index.ts";
import { findAxisOffset } from "./axis-offset.ts";
import { serialRunner } from "./runner.ts";

const kernels = createReferenceKernels();
const OPTIONS = { side: SCAN.side };
const parts: MadePart[] = [
  { made: LAYERED, scale: (x, y) => 1 + 0.05 * x - 0.02 * y, cell: (x) => [2.84, 14.4 * (1 + 3e-4 * x)] },
  { made: CUBIC, scale: (_, y) => 0.8 + 0.03 * y, cell: () => [3.6] },
];
const problemOf = (mask = inDisc(SCAN.size)) =>
  makeProblem(kernels, SCAN, makeData(SCAN, parts, inDisc(SCAN.size)), mask, [
    { made: LAYERED },
    { made: CUBIC, cell: "global" },
  ]);

it.each([0, 0.3, -1.2])(
  "finds an axis that is %d steps off, from maps that are even where the sample is not",
  async (off) => {
    const problem = problemOf();
    const geometry = { ...problem.geometry, rotationAxis: SCAN.rotationAxis + off };
    const found = (await findAxisOffset(serialRunner(kernels), kernels, { ...problem, geometry }, OPTIONS))!;
    expect(Math.abs(found.offset + off)).toBeLessThan(0.02);
    expect(found.esd).toBeLessThan(0.02);
    expect(found.angles).toBe(SCAN.angles);
  },
);

it("is not misled by maps that lie beside the sample, nor by factors of angles and rays that were not measured", async () => {
  const size = SCAN.size;
  const centred = inDisc(size, 7);
  // two steps towards larger x
  const shifted = Uint8Array.from(centred, (_, at) => (at % size >= 2 ? centred[at - 2]! : 0));
  const scan = { ...SCAN, rayFactor: (a: number) => 1 + 0.2 * Math.sin(2 * a) };
  const even: MadePart[] = [{ made: LAYERED, scale: () => 1, cell: () => [2.84, 14.4] }];
  const problem = makeProblem(kernels, scan, makeData(scan, even, centred), shifted, [{ made: LAYERED }]);
  problem.rayVariance[5 * SCAN.translations + 11] = Number.POSITIVE_INFINITY;
  const found = (await findAxisOffset(serialRunner(kernels), kernels, problem, OPTIONS))!;
  expect(found.angles).toBe(SCAN.angles - 1);
  expect(Math.abs(found.offset)).toBeLessThan(0.02);
  expect(found.displacement[0]).toBeCloseTo(2, 1);
  expect(found.displacement[1]).toBeCloseTo(0, 1);
});
