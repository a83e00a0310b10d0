/**
 * One peak in every voxel: microseconds of CPU time, the statistics of the errors, and SciPy beside it in the same run.
 *
 *   A  22 points, Gaussian (pseudo-Voigt with eta held at 0) on a constant: area, position, fwhm, level
 *   B  64 points, Poisson counts, pseudo-Voigt on a line: area, position, fwhm, eta, level, slope
 *
 * Inputs: ../shared/bench/gen_peaks.py. Peer: scipy.optimize.curve_fit with bounds on a few hundred of the voxels.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { STATUS } from "../src/data/index.ts";
import type { Kernels } from "../src/kernels/index.ts";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { createPeakPlan, fitPeaksBlock, type MapConfigInput, type PeakPlan } from "../src/stages/map/index.ts";
import { benchData, median, readF32, report, time } from "./common.ts";

const VOXELS = 237583;
/** Multiply-adds of one evaluation, per point: profile with derivatives about 40, normal equations n (n + 3) / 2. */
const operations = (parameters: number): number => 2 * (40 + (parameters * (parameters + 3)) / 2);
/** One AVX2 core at 3.1 GHz, float64 fused multiply-add: the machine's limit as ../shared/bench/README.md has it. */
const LIMIT_GFLOPS = 50;
const SQRT_2PI = Math.sqrt(2 * Math.PI);
const FWHM_PER_SIGMA = 2 * Math.sqrt(2 * Math.LN2);

interface Case {
  readonly name: "A" | "B";
  readonly points: number;
  readonly config: MapConfigInput;
  /** columns of the truth to what is fitted */
  readonly truth: Record<string, (row: Float64Array) => number>;
  readonly truthColumns: number;
  readonly parameters: number;
}

const gaussian: MapConfigInput = {
  regions: [{ name: "r", range: [2.69, 2.96], background: 0, peaks: [{ name: "p", eta: { value: 0, refine: "no" } }] }],
};
const voigt = (eta: object): MapConfigInput => ({
  weights: "poisson",
  regions: [{ name: "r", range: [2.19, 2.52], peaks: [{ name: "p", eta: { refine: "voxel", ...eta } }] }],
});
const CASES: Case[] = [
  {
    ...{ name: "A", points: 22, config: gaussian, truthColumns: 3, parameters: 4 },
    truth: { area: (t) => t[0]! * t[2]! * SQRT_2PI, position: (t) => t[1]!, fwhm: (t) => t[2]! * FWHM_PER_SIGMA },
  },
  {
    ...{ name: "B", points: 64, config: voigt({}), truthColumns: 6, parameters: 6 },
    truth: { area: (t) => t[0]!, position: (t) => t[1]!, fwhm: (t) => t[2]!, eta: (t) => t[3]! },
  },
];

/** Float64 values of a .npy file. */
function readNpy(name: string): Float64Array {
  const bytes = readFileSync(benchData(name));
  return new Float64Array(Uint8Array.from(bytes.subarray(10 + bytes.readUInt16LE(8))).buffer);
}

function planFor({ name, points }: Case, config: MapConfigInput, patterns: Float32Array): PeakPlan {
  const axis = { unit: "two-theta" as const, values: readNpy(`peaks${name}_x.npy`) };
  const intensity = new Float64Array(points);
  patterns.forEach((value, i) => {
    intensity[i % points] = intensity[i % points]! + value / VOXELS;
  });
  return createPeakPlan(config, axis, { summedPattern: { axis, intensity } });
}

/** Pulls of the voxels with status converged, and the share of the voxels with it. */
function statistics(kernels: Kernels, plan: PeakPlan, patterns: Float32Array, { name, truth, truthColumns }: Case) {
  const result = fitPeaksBlock(kernels, plan, { patterns });
  const truths = readNpy(`peaks${name}_truth.npy`);
  const status = result.status["r/p"]!;
  const fields: Record<string, number> = {};
  for (const [label, code] of Object.entries(STATUS)) fields[label] = status.filter((s) => s === code).length / VOXELS;
  for (const [parameter, of] of Object.entries(truth)) {
    const { values, esd } = result.parameters[`r/p/${parameter}`]!;
    let [n, sum, squares] = [0, 0, 0];
    for (let v = 0; v < VOXELS; v++) {
      if (status[v] !== STATUS.converged) continue;
      const pull = (values[v]! - of(truths.subarray(v * truthColumns, (v + 1) * truthColumns))) / esd![v]!;
      n++;
      sum += pull;
      squares += pull * pull;
    }
    fields[`${parameter}_pull_mean`] = Number((sum / n).toFixed(4));
    fields[`${parameter}_pull_std`] = Number(Math.sqrt(squares / n - (sum / n) ** 2).toFixed(4));
  }
  return { fields, iterations: result.iterations / VOXELS };
}

const PEER = `
import sys, time, numpy as np
from scipy.optimize import curve_fit
name, n, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
y = np.load(folder + f"/peaks{name}.npy", mmap_mode="r")[:n].astype(float); x = np.load(folder + f"/peaks{name}_x.npy")
if name == "A":
    f = lambda x, a, mu, s, b: a*np.exp(-(x-mu)**2/(2*s*s))+b
    p0, lo, hi = [0.5, 2.825, 0.022, 0], [0, 2.75, 0.005, -1], [2, 2.9, 0.08, 1]
else:
    def f(x, a, mu, w, e, b0, b1):
        d = (x-mu)/w
        return a*(e*(2/np.pi/w)/(1+4*d*d)+(1-e)*(2*np.sqrt(np.log(2)/np.pi)/w)*np.exp(-4*np.log(2)*d*d))+b0+b1*(x-2.3575)
    p0, lo, hi = [50, 2.36, 0.035, 0.5, 150, 0], [0, 2.3, 0.005, 0, 0, -1e3], [1e3, 2.42, 0.2, 1, 1e4, 1e3]
best = 1e9
for repeat in range(3):
    t = time.process_time(); failed = 0
    for row in y:
        try: curve_fit(f, x, row, p0=p0, bounds=(lo, hi), sigma=None if name == "A" else np.sqrt(np.maximum(row, 1)))
        except RuntimeError: failed += 1
    best = min(best, (time.process_time()-t)/n*1e6)
print(best, failed)
`;

function peerMicroseconds(name: string, voxels = 200): number {
  const env = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };
  const out = execFileSync("/usr/bin/python3", ["-c", PEER, name, String(voxels), benchData(".")], { env });
  return Number(out.toString().split(" ")[0]);
}

for (const item of CASES) {
  const patterns = readF32(`peaks${item.name}.raw`, "gen_peaks.py");
  const plan = planFor(item, item.config, patterns);
  const some = patterns.subarray(0, 40000 * item.points);
  let relaxed = Number.NaN;
  for (const build of ["simd", "relaxed-simd"] as const) {
    const kernels = loadKernels({ build });
    const { cpuMs } = await time(() => void fitPeaksBlock(kernels, plan, { patterns: some }), 7);
    const perVoxel = (ms: number): number => Number((ms / 40).toFixed(2));
    relaxed = perVoxel(Math.min(...cpuMs));
    const { iterations } = statistics(kernels, plan, patterns, item);
    const gflops = (operations(item.parameters) * item.points * (iterations + 2)) / relaxed / 1e3;
    report({
      ...{ bench: "peaks", case: item.name, build, points: item.points, parameters: item.parameters },
      ...{ us_a_voxel: relaxed, us_a_voxel_median: perVoxel(median(cpuMs)), goal_us: 30 },
      ...{ iterations: Number(iterations.toFixed(2)), gflops: Number(gflops.toFixed(2)) },
      share_of_limit: Number((gflops / LIMIT_GFLOPS).toFixed(3)),
    });
  }
  const peer = peerMicroseconds(item.name);
  report({
    bench: "peaks",
    case: item.name,
    peer: "scipy curve_fit, bounded",
    us_a_voxel: peer,
    ratio: peer / relaxed,
  });
  const kernels = loadKernels();
  report({ bench: "peaks", case: item.name, ...statistics(kernels, plan, patterns, item).fields });
  if (item.name === "A") {
    // The residuals' own variance makes the pulls follow Student's t: sqrt(18 / 16) = 1.061 with 18 degrees of freedom.
    report({ bench: "peaks", case: "A", expected_pull_std: Number(Math.sqrt(18 / 16).toFixed(4)) });
  } else {
    const open = planFor(item, { ...voigt({ min: -2, max: 3 }), minSignificance: 0 }, patterns);
    report({ bench: "peaks", case: "B, eta unbounded", ...statistics(kernels, open, patterns, item).fields });
  }
}
