/**
 * What direct reconstruction prepares before it iterates, at full size: 1000 channels, six phases of a cell, 66 000
 * voxels of 5 mm radius at 1 m. CPU time, the best of three, and the precision that reduced rays keep.
 */
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { createDepthNodes } from "../src/stages/dlsr/depth-nodes.ts";
import { intensityStep } from "../src/stages/dlsr/intensity-step.ts";
import { createPhaseLines, type PhaseLines } from "../src/stages/dlsr/phase-lines.ts";
import { createPhaseResponse } from "../src/stages/dlsr/phase-response.ts";
import { createReduction, type Reduction } from "../src/stages/dlsr/reduction.ts";
import type { DlsrGeometry } from "../src/stages/dlsr/types.ts";
import { catalogueModel } from "../tests/catalogue-model.ts";
import { report, time } from "./common.ts";

const CELL = ["NMC532", "LiC6", "LiC12", "Cu", "Al", "Fe"];
const SPATIAL = ["NMC532", "LFP", "LMO"];
const [VOXELS, RADIUS, DISTANCE] = [66_000, 5.05, 1000];

const round = (value: number): number => Number(value.toPrecision(3));
const best = async (work: () => void): Promise<number> => round(Math.min(...(await time(work, 3)).cpuMs));
const linesOf = (names: readonly string[]): PhaseLines[] => {
  const calculator = catalogueModel(names);
  return names.map((_, p) => createPhaseLines(calculator, p));
};
const sigmaOf = (lines: PhaseLines): Float64Array => lines.twoTheta.map((x) => Math.sqrt(1e5 / x));
const rangeOf = (lines: PhaseLines, half: number) =>
  Array.from(lines.cell, (value) => [value * (1 - half), value * (1 + half)] as const);

function reduce(
  lines: readonly PhaseLines[],
  terms: number,
  isSpatial: (p: number) => boolean,
  eliminated = 0,
): Reduction {
  const kept = lines.slice(0, lines.length - eliminated);
  return createReduction({
    sigma: sigmaOf(lines[0]!),
    kept: kept.map((one, p) => ({
      lines: one,
      cell: isSpatial(p) ? "spatial" : "global",
      ...(isSpatial(p) && { range: rangeOf(one, 3e-3) }),
    })),
    eliminated: lines.slice(kept.length).map((one) => ({ lines: one })),
    terms,
    depth: RADIUS / DISTANCE,
  });
}

async function reductions(): Promise<void> {
  const cell = linesOf(CELL);
  const cases = [
    ["one spatial phase of six", cell, (p: number) => p === 0, 0],
    ["the same, two eliminated", cell, (p: number) => p === 0, 2],
    ["three spatial phases", linesOf(SPATIAL), () => true, 0],
  ] as const;
  for (const [name, lines, isSpatial, eliminated] of cases) {
    for (const terms of [16, 32, 48]) {
      const { retained, nuisance } = reduce(lines, terms, isSpatial, eliminated);
      const cpuMs = await best(() => void reduce(lines, terms, isSpatial, eliminated));
      const shares = retained.map(({ phase, parameter, share }) => `${phase} ${parameter} ${share.toFixed(3)}`);
      report({ bench: "dlsr-model", case: name, terms, cpuMs, nuisances: nuisance.count, retained: shares.join(", ") });
    }
  }
}

async function tables(): Promise<void> {
  const kernels = loadKernels();
  for (const [name, half] of [
    ["NMC532", 1.3e-2],
    ["LFP", 5e-3],
  ] as const) {
    const [lines] = linesOf([name]) as [PhaseLines];
    const reduction = reduce([lines], 32, () => true);
    const depth = createDepthNodes([lines], RADIUS, DISTANCE);
    const response = createPhaseResponse(kernels, lines, reduction, depth, VOXELS, {
      cell: "spatial",
      range: rangeOf(lines, half),
    });
    let turn = 0;
    const cpuMs = await best(() => response.retabulate({ width: 1 + 0.01 * ++turn }));
    const cells = Float64Array.from(
      { length: VOXELS * lines.cell.length },
      (_, i) => lines.cell[i % lines.cell.length]!,
    );
    const placeMs = await best(() => response.place(cells));
    const table = { nodes: response.table.length / 32 / depth.count, depths: depth.count, lines: lines.lineCount };
    report({ bench: "dlsr-model", case: `table of ${name}, +- ${100 * half} %`, cpuMs, placeMs, ...table });
  }
}

async function intensities(): Promise<void> {
  const lines = linesOf(CELL);
  const sigma = sigmaOf(lines[0]!);
  const places = Float64Array.from(
    { length: 2 * VOXELS },
    (_, i) => (i % 2 ? (i >> 1) % 290 : Math.floor((i >> 1) / 290)) - 140,
  );
  const phases = lines.map((one, p) => ({
    lines: one,
    width: 1,
    places,
    scale: new Float64Array(VOXELS).fill(1),
    cells: p > 0 ? one.cell : Float64Array.from({ length: 2 * VOXELS }, (_, i) => one.cell[i % 2]!),
  }));
  const geometry: DlsrGeometry = {
    omegaDeg: Float64Array.from({ length: 400 }, (_, a) => 0.45 * a),
    ...{ translations: 549, rotationAxis: 274, size: 549, stepMm: 0.02, distanceMm: DISTANCE, depthSign: 1 },
  };
  const mean = sigma.map((value) => value * value);
  const cpuMs = await best(() => void intensityStep({ mean, sigma, geometry, phases }));
  report({ bench: "dlsr-model", case: "intensities of six phases", cpuMs });
}

await reductions();
await tables();
await intensities();
