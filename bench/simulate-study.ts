/**
 * What `xrdct run` recovers of the worked study: five simulated cells, cell by cell and place by place, against the
 * truth. Needs about 6 CPU minutes; SIZE for other sizes, STUDY for a folder of an earlier run (its results are used).
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtInStructure, cellContent, cellVolume } from "../src/crystal/index.ts";
import { type ParameterMap, REGIONS, STATUS } from "../src/data/index.ts";
import { openResult, type Result } from "../src/files/result-reader.ts";
import { runScan } from "../src/pipeline/run-scan.ts";
import { readScan } from "../src/pipeline/scan-config.ts";
import { STUDY_SIZE, simulateStudy } from "../src/pipeline/simulate-study.ts";
import { calibrationCurve, cellAtContent, STUDY_CELLS, type StudyCellPlan } from "../src/stages/simulate/index.ts";
import { report } from "./common.ts";

const STAGES = { graphite: 0, LiC30: 0.2, LiC12: 0.5, LiC6: 1 } as const;
/** in the frame of the cell, mm */
const PLACES: Readonly<Record<string, (x: number, y: number) => boolean>> = {
  all: () => true,
  casing: (x, y) => Math.hypot(x, y) > 4.2,
  core: (x, y) => Math.hypot(x, y) < 1.6,
  tab: (x, y) => Math.hypot(x - 2.5, y - 2.7) < 1,
  bulk: (x, y) => Math.hypot(x, y) > 1.8 && Math.hypot(x, y) < 3.9 && Math.hypot(x - 2.5, y - 2.7) > 1.3,
};
const options = { workers: 2, onProgress: () => {}, signal: new AbortController().signal };
const folder = process.env["STUDY"] ?? mkdtempSync(join(tmpdir(), "xrdct-study-"));
const size = Number(process.env["SIZE"] ?? STUDY_SIZE);
const curve = calibrationCurve();

const cpuSince = (before: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(before);
  return Math.round((user + system) / 1e6);
};
const before = process.cpuUsage();
const started = Date.now();
await simulateStudy({ ...options, folder, size });
report({ what: "simulated", size, cpuS: cpuSince(before), wallS: Math.round((Date.now() - started) / 1e3) });

for (const plan of STUDY_CELLS) {
  const output = join(folder, "results", `${plan.name}.nxs`);
  const begun = process.cpuUsage();
  const at = Date.now();
  await runScan(readScan(join(folder, plan.name, "scan.yaml")), { ...options, output, memoryBytes: 3e9 });
  report({ what: "run", cell: plan.name, cpuS: cpuSince(begun), wallS: Math.round((Date.now() - at) / 1e3) });
  const result = await openResult(output);
  const truth = await openResult(join(folder, plan.name, "truth.nxs"));
  for (const [place, holds] of Object.entries(PLACES)) compare(plan, place, holds, result, truth);
  result.close();
  truth.close();
}

function compare(
  plan: StudyCellPlan,
  place: string,
  holds: (x: number, y: number) => boolean,
  result: Result,
  truth: Result,
): void {
  const region = truth.readMap("truth/places/region");
  const voxels = [...region.values.keys()].filter((i) => holds(...inCell(plan, region, i)));
  const fraction = truth.readMap("truth/NMC532/volume_fraction").values;
  const [a, c] = [result.readMap("dlsr/NMC532/a"), result.readMap("dlsr/NMC532/c")];
  // voxels that are mostly cathode
  const seen = voxels.filter((i) => fraction[i]! > 0.25 && c.status![i] === STATUS.converged);
  const mean = (values: ArrayLike<number>): number => {
    const total = seen.reduce((sum, i) => sum + fraction[i]!, 0);
    return seen.reduce((sum, i) => sum + fraction[i]! * values[i]!, 0) / total;
  };
  const ofTruth = (name: string): number => mean(truth.readMap(`truth/NMC532/${name}`).values);
  const found = Float64Array.from(a.values, (value, i) => contentOf(value, c.values[i]!));
  report({
    cell: plan.name,
    place,
    voxels: seen.length,
    trueC: digits(ofTruth("c")),
    cOff: digits(mean(c.values) - ofTruth("c")),
    aOff: digits(mean(a.values) - ofTruth("a")),
    trueX: digits(ofTruth("x")),
    xOff: digits(mean(found) - ofTruth("x")),
    ...compareAnodes(
      voxels.filter((i) => region.values[i] === REGIONS.anode),
      result,
      truth,
    ),
  });
}

/** Lithium per C6 from the scales of the stages, in voxels that are anode. */
function compareAnodes(voxels: readonly number[], result: Result, truth: Result) {
  const sums = { found: [0, 0], real: [0, 0] };
  const names = new Set(result.list().map(({ name }) => name));
  for (const [phase, y] of Object.entries(STAGES)) {
    const structure = builtInStructure(phase);
    const volume = cellVolume(structure.cell);
    const carbon = cellContent(structure).get("C") ?? 0;
    const add = (to: number[], amount: number): void => {
      to[0]! += amount;
      to[1]! += amount * y;
    };
    const share = truth.readMap(`truth/${phase}/volume_fraction`).values;
    for (const i of voxels) add(sums.real, (share[i]! * carbon) / volume);
    if (!names.has(`map/${phase}/scale`)) continue;
    const scale = result.readMap(`map/${phase}/scale`).values;
    // scales below 0 belong to the sum: without them noise would add to a phase of which there is little
    for (const i of voxels) if (Number.isFinite(scale[i]!)) add(sums.found, scale[i]! * volume * carbon);
  }
  const real = sums.real[1]! / sums.real[0]!;
  return { trueY: digits(real), yOff: digits(sums.found[1]! / sums.found[0]! - real) };
}

function digits(value: number): number {
  return Number(value.toFixed(5));
}

function inCell({ placement }: StudyCellPlan, { nx, ny }: ParameterMap, i: number): [number, number] {
  const step = 11 / (nx - 1);
  const x = ((i % nx) - (nx - 1) / 2) * step - placement.shiftMm[0];
  const y = (Math.floor(i / nx) - (ny - 1) / 2) * step - placement.shiftMm[1];
  const angle = (placement.rotationDeg * Math.PI) / 180;
  const [u, v] = [x * Math.cos(angle) + y * Math.sin(angle), y * Math.cos(angle) - x * Math.sin(angle)];
  return [u / placement.scale, v / placement.scale];
}

/** Nearest point of the curve, with usual uncertainties of a and c. */
function contentOf(a: number, c: number): number {
  let [best, least] = [Number.NaN, Number.POSITIVE_INFINITY];
  for (let x = 0.1; x <= 1; x += 5e-4) {
    const cell = cellAtContent(curve, x);
    const off = ((a - cell.a) / 1.5e-4) ** 2 + ((c - cell.c) / 5e-4) ** 2;
    if (off < least) [best, least] = [x, off];
  }
  return best;
}

console.log(`kept in ${folder}`);
