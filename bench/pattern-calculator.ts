/**
 * One evaluation of a powder pattern: 1500 points, four phases, 94 reflections, 16 refined parameters, widths held, as
 * the map refines it in every voxel. Every cell moves before each evaluation. The part outside of the kernel is timed
 * with a kernel that does nothing; CPU time, the least of 40 repeats, since other work runs on the machine.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { builtInStructure } from "../src/crystal/index.ts";
import type { Kernels } from "../src/kernels/index.ts";
import { createPatternCalculator } from "../src/pattern/calculator.ts";
import type { PatternModel } from "../src/pattern/model.ts";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { report, time } from "./common.ts";

const PHASES = ["Cu", "CeO2", "NMC532", "graphite"];
const EACH = 500;
const model: PatternModel = {
  radiation: [{ ratio: 1, weight: 1 }],
  polarization: 0,
  lorentz: "azimuthal-mean",
  profile: "tchz",
  hasAsymmetry: false,
  background: { chebyshev: 6 },
  peaks: [],
  phases: PHASES.map((name) => ({ name, kind: "rietveld", structure: builtInStructure(name) })),
  cutoff: 0,
  marginDeg: 0.3,
  holdsWidths: true,
};

function create(kernels: Kernels) {
  const twoTheta = Array.from({ length: 1500 }, (_, i) => 1 + 0.005 * i);
  const calculator = createPatternCalculator(kernels, model, 0.11979, twoTheta);
  const { values, indexOf } = calculator;
  values[indexOf("W")] = 8.9e-4;
  values[indexOf("X")] = 5e-3;
  const background = Array.from({ length: 6 }, (_, k) => indexOf(`background/${k}`));
  for (const k of background) values[k] = 50;
  const cells = ["Cu/a", "CeO2/a", "NMC532/a", "NMC532/c", "graphite/a", "graphite/c"].map(indexOf);
  const refined = [...PHASES.map((name) => indexOf(`${name}/scale`)), ...cells, ...background];
  const start = cells.map((i) => values[i]!);
  let turn = 0;
  const move = (): void => {
    turn++;
    for (let k = 0; k < cells.length; k++) values[cells[k]!] = start[k]! * (1 + 1e-5 * (turn % 7));
  };
  calculator.prepare(refined);
  return { calculator, move, refined };
}

async function microseconds(work: () => void): Promise<number> {
  for (let i = 0; i < 2 * EACH; i++) work();
  const timing = await time(() => {
    for (let i = 0; i < EACH; i++) work();
  }, 40);
  return Number(((Math.min(...timing.cpuMs) * 1e3) / EACH).toFixed(1));
}

async function measure(kernels: Kernels) {
  const { calculator, move, refined } = create(kernels);
  const values = await microseconds(() => {
    move();
    calculator.evaluate(false);
  });
  const derivatives = await microseconds(() => {
    move();
    calculator.evaluate(true);
  });
  // as a fit does: the pattern at a trial, then its derivatives at the same place
  const step = await microseconds(() => {
    move();
    calculator.evaluate(false);
    calculator.evaluate(true);
  });
  const prepare = await microseconds(() => calculator.prepare(refined));
  return { values, derivatives, step, prepare, calculator, move };
}

const kernels = loadKernels({});
const whole = await measure(kernels);
report({
  bench: "evaluate, kernel included",
  values_us: whole.values,
  derivatives_us: whole.derivatives,
  both_at_one_place_us: whole.step,
});
const idle: Kernels = { ...kernels, run: { ...kernels.run, patternLines: () => undefined } };
const rest = await measure(idle);
report({
  bench: "evaluate, without the kernel",
  values_us: rest.values,
  derivatives_us: rest.derivatives,
  both_at_one_place_us: rest.step,
  prepare_us: rest.prepare,
});
setFlagsFromString("--expose-gc");
(runInNewContext("gc") as () => void)();
const before = process.memoryUsage().heapUsed;
const evaluations = 2000;
for (let i = 0; i < evaluations; i++) {
  rest.move();
  rest.calculator.evaluate(i % 2 === 0);
}
report({
  bench: "heap a step",
  bytes: Number(((process.memoryUsage().heapUsed - before) / evaluations).toFixed(1)),
});
