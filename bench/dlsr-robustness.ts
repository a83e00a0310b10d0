/**
 * What direct least-squares reconstruction does with scans that are not as the model has them: each case once without
 * it (filtered back-projection and fits of voxels, the same reduced rays) and once with it, against the truth of the
 * simulator. The table of docs/validation/dlsr.md.
 *
 * `npm run bench -- dlsr-robustness [part of the case's name]`. Scans are simulated once, 40 CPU-s each.
 */
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import type { SOLVER_DEFAULTS } from "../src/stages/dlsr/gauss-newton.ts";
import { serialRunner } from "../src/stages/dlsr/runner.ts";
import { cachedRays } from "../tests/dlsr/phantom-cache.ts";
import type { PhantomName, PhantomOptions } from "../tests/dlsr/phantoms.ts";
import { type CaseOptions, type CaseResult, runCase } from "../tests/dlsr/run-case.ts";

interface Case {
  readonly name: string;
  readonly phantom: PhantomName;
  readonly scan: PhantomOptions;
  readonly options?: CaseOptions;
}

const A = { size: 137, angles: 200 };
const B = { size: 101, angles: 150 };
const roll = (name: string, options: CaseOptions = {}, scan: Partial<PhantomOptions> = {}): Case => ({
  name,
  phantom: "jelly-roll",
  scan: { ...B, ...scan },
  options,
});
const solver = (changes: Partial<typeof SOLVER_DEFAULTS>): CaseOptions => ({ solver: changes });
const both = { rotationAxis: true, distance: true };
const axis = { rotationAxis: true, distance: false };
const range = { rotationAxis: false, distance: true };

const CASES: readonly Case[] = [
  { name: "baseline, 137 x 137 x 200", phantom: "jelly-roll", scan: A },
  ...[16, 24, 48].map(
    (terms): Case => ({ name: `K = ${terms}, 137`, phantom: "jelly-roll", scan: A, options: { terms } }),
  ),
  roll("baseline, 101 x 101 x 150"),
  roll("constant start (2.845, 14.40)", { start: [2.845, 14.4], ...solver({ steps: 8 }) }),
  roll("constant start (2.830, 14.50)", { start: [2.83, 14.5], ...solver({ steps: 8 }) }),
  roll("axis and distance refined though right", solver({ geometry: both })),
  roll("axis 0.25 step off, as given", { axisError: 0.25 }),
  roll("axis 0.25 step off, refined", { axisError: 0.25, ...solver({ geometry: axis, steps: 8 }) }),
  roll("axis 0.5 step off, refined", { axisError: 0.5, ...solver({ geometry: axis, steps: 8 }) }),
  roll("distance +1 %, as given", { distanceMm: 1010 }),
  roll("distance +10 %, as given", { distanceMm: 1100 }),
  roll("distance +10 %, refined", { distanceMm: 1100, ...solver({ geometry: range, steps: 8 }) }),
  roll("no parallax in the model", { distanceMm: 1e6 }),
  roll("depth the wrong way", { depthSign: -1 }),
  roll("widths 5 % wrong, as given", { model: { width: { NMC532: 1.05 } } }),
  roll("widths 5 % wrong, refined", {
    model: { width: { NMC532: 1.05 } },
    refinesWidth: true,
    ...solver({ steps: 8 }),
  }),
  roll("cells of the other phases +0.05 %, eliminated", {
    model: { cell: { Fe: 1.0005, Cu: 1.0005, Al: 1.0005, graphite: 1.0005, LiC12: 1.0005 } },
  }),
  roll("scale map as the conventional one has it", { freezesScale: true }),
  roll("intensities 5 % wrong", { intensityError: 0.05 }),
  roll("intensities 15 % wrong", { intensityError: 0.15 }),
  roll("intensities 15 % wrong, put right once", { intensityError: 0.15, intensitySteps: 1 }),
  roll("intensities 15 % wrong, put right twice", { intensityError: 0.15, intensitySteps: 2 }),
  roll("1e5 counts a ray", {}, { countsPerRay: 1e5 }),
  roll("1e7 counts a ray", {}, { countsPerRay: 1e7 }),
  roll("absorption ignored, no ray scale", solver({ rayScale: false }), { absorption: true }),
  roll("absorption ignored, ray scale", {}, { absorption: true }),
  roll("monitor noise 3 %, no ray scale", solver({ rayScale: false }), { monitorNoise: 0.03 }),
  roll("monitor noise 3 %, ray scale", {}, { monitorNoise: 0.03 }),
  roll("no ray scale", solver({ rayScale: false })),
  roll("360 degrees", {}, { arcDeg: 360 }),
  { name: "half roll, 180 degrees", phantom: "half-roll", scan: B },
  { name: "half roll, 360 degrees", phantom: "half-roll", scan: { ...B, arcDeg: 360 } },
  { name: "grain at x = 4 mm, 180 degrees", phantom: "grain", scan: B },
  { name: "grain at x = 4 mm, 360 degrees", phantom: "grain", scan: { ...B, arcDeg: 360 } },
  { name: "off-centre slab, 180 degrees", phantom: "slab", scan: B },
  { name: "off-centre slab, 360 degrees", phantom: "slab", scan: { ...B, arcDeg: 360 } },
  roll("axis 0.5 mm along the beam", {}, { depthOffsetMm: 0.5 }),
];

const millis = (value: number): string => (1000 * value).toFixed(2);

function print(name: string, { conventional, direct, solution, problem, cpuSeconds }: CaseResult): void {
  const { state } = solution;
  const refined = [
    state.rotationAxis !== problem.geometry.rotationAxis && `axis ${state.rotationAxis.toFixed(3)}`,
    state.distanceMm !== problem.geometry.distanceMm && `distance ${state.distanceMm.toFixed(1)}`,
    state.phases[0]!.width !== 1 && `width ${state.phases[0]!.width.toFixed(3)}`,
  ].filter(Boolean);
  const row = [
    name,
    `${millis(conventional.c.bias)} / ${millis(conventional.c.rms)} [${millis(conventional.a.rms)}]`,
    `${millis(direct.c.bias)} / ${millis(direct.c.rms)} / ${millis(direct.c.median)} [${millis(direct.a.rms)}]`,
    direct.c.slope.toFixed(3),
    solution.chi2.toFixed(2),
    `${solution.status}${refined.length > 0 ? `, ${refined.join(", ")}` : ""}`,
    cpuSeconds.toFixed(1),
  ];
  console.log(`| ${row.join(" | ")} |`);
}

const wanted = process.argv[3] ?? "";
const kernels = loadKernels();
console.log(
  "| case | conventional: c bias / rms [a rms], mÅ | direct: c bias / rms / median [a rms], mÅ | slope | χ² | says | CPU s |",
);
console.log("|---|---|---|---|---|---|---|");
for (const { name, phantom, scan, options } of CASES.filter((one) => one.name.includes(wanted))) {
  const mark = kernels.arena.mark();
  const rays = cachedRays(phantom, scan);
  print(name, await runCase(kernels, serialRunner(kernels), rays.scan, rays.data, options));
  kernels.arena.release(mark);
}
