/**
 * What direct least-squares reconstruction does with scans that are not as the model has them: each case once without
 * it (filtered back-projection and fits of voxels, on 48 numbers a ray) and once through the whole stage, against the
 * truth of the simulator. The table of docs/validation/dlsr.md.
 *
 * `npm run bench -- dlsr-robustness [pattern of the case's name]`. Scans are simulated once, 40 CPU-s each.
 */
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { serialRunner } from "../src/stages/dlsr/index.ts";
import { cachedRays } from "../tests/dlsr/phantom-cache.ts";
import type { PhantomName, PhantomOptions } from "../tests/dlsr/phantoms.ts";
import { type DirectOptions, type DirectRun, runDirect } from "../tests/dlsr/run-direct.ts";

interface Case {
  readonly name: string;
  readonly phantom: PhantomName;
  readonly scan: PhantomOptions;
  readonly options?: DirectOptions;
}

const B = { size: 101, angles: 150 };
const spatial = { NMC532: { cell: "spatial" } };
const roll = (name: string, options: DirectOptions = {}, scan: Partial<PhantomOptions> = {}): Case => ({
  name,
  phantom: "jelly-roll",
  scan: { ...B, ...scan },
  options,
});
const other = (phantom: PhantomName, arcDeg: number): Case => ({
  name: `${phantom}, ${arcDeg} degrees`,
  phantom,
  scan: arcDeg === 180 ? B : { ...B, arcDeg },
});
const held = { rotationAxis: "fixed", distance: "fixed", depthSign: 1 };
const fixed = { geometry: held };

const CASES: readonly Case[] = [
  roll("baseline"),
  ...[16, 24, 48].map((terms) => roll(`K = ${terms}`, { config: { terms } })),
  roll("axis 0.25 step off, fixed", { axisError: 0.25, config: fixed }),
  roll("axis 0.25 step off", { axisError: 0.25 }),
  roll("distance +1 %, fixed", { distanceMm: 1010, config: fixed }),
  roll("distance +10 %, fixed", { distanceMm: 1100, config: fixed }),
  roll("distance +10 %", { distanceMm: 1100, config: { steps: 10 } }),
  roll("depth the wrong way, fixed", { config: { geometry: { ...held, depthSign: -1 } } }),
  roll("depth given the wrong way", { depthSign: -1 }),
  roll("widths 5 % wrong, fixed", {
    model: { width: { NMC532: 1.05 } },
    config: { phases: { NMC532: { cell: "spatial", width: "fixed" } } },
  }),
  roll("widths 5 % wrong", { model: { width: { NMC532: 1.05 } } }),
  roll("other cells +0.05 %, eliminated", {
    model: { cell: { Fe: 1.0005, Cu: 1.0005, Al: 1.0005, graphite: 1.0005, LiC12: 1.0005 } },
  }),
  roll("Cu, Al, Fe global", {
    config: { phases: { ...spatial, Cu: { cell: "global" }, Al: { cell: "global" }, Fe: { cell: "global" } } },
  }),
  roll("scale map frozen", { config: { phases: { NMC532: { cell: "spatial", scaleMap: "frozen" } } } }),
  roll("the paper's recipe", { config: { recipe: "paper" } }),
  roll("texture that is not there (r = 0.9), not corrected", {
    model: { texture: { NMC532: 0.9, graphite: 0.9 } },
    config: { intensities: 0 },
  }),
  roll("texture that is not there (r = 0.9)", { model: { texture: { NMC532: 0.9, graphite: 0.9 } } }),
  roll("1e5 counts a ray", {}, { countsPerRay: 1e5 }),
  roll("1e7 counts a ray", {}, { countsPerRay: 1e7 }),
  roll("absorption ignored, no ray scale", { config: { rayScale: "off" } }, { absorption: true }),
  roll("absorption ignored", {}, { absorption: true }),
  roll("monitor noise 3 %, no ray scale", { config: { rayScale: "off" } }, { monitorNoise: 0.03 }),
  roll("monitor noise 3 %", {}, { monitorNoise: 0.03 }),
  roll("regularisation 0.003", { config: { regularisation: { cell: 0.003 } } }),
  roll("Huber", { config: { regularisation: { huber: 0.5 } } }),
  roll("360 degrees", {}, { arcDeg: 360 }),
  ...(["half-roll", "grain", "slab"] as const).flatMap((phantom) => [other(phantom, 180), other(phantom, 360)]),
  roll("axis 0.5 mm along the beam", {}, { depthOffsetMm: 0.5 }),
  roll(
    "axis 0.5 mm along the beam, Cu as standard",
    { config: { standard: { phase: "Cu", cell: { a: 3.61496 } } } },
    { depthOffsetMm: 0.5 },
  ),
  { name: "baseline, 137 x 137 x 200", phantom: "jelly-roll", scan: { size: 137, angles: 200 } },
];

const millis = (value: number): string => (1000 * value).toFixed(2);

function print(name: string, { conventional, direct, result, cpuSeconds }: DirectRun): void {
  const { report } = result;
  const sign = report.depthSign;
  const says = [
    report.status,
    ...report.globals.map((one) => `${one.name} ${one.value.toPrecision(6)}`),
    Number.isFinite(sign.chi2Otherwise ?? Number.NaN) &&
      `depth ${sign.value} (χ² ${sign.chi2.toFixed(2)}, otherwise ${sign.chi2Otherwise!.toFixed(2)})`,
    report.standard && `${report.standard.phase} ${(1e6 * report.standard.shift).toFixed(0)} ppm`,
  ].filter(Boolean);
  const row = [
    name,
    `${millis(conventional.c.bias)} / ${millis(conventional.c.rms)} [${millis(conventional.a.rms)}]`,
    `${millis(direct.c.bias)} / ${millis(direct.c.rms)} / ${millis(direct.c.median)} [${millis(direct.a.rms)}]`,
    direct.c.slope.toFixed(3),
    `${report.chi2Conventional.toFixed(0)} → ${report.chi2.toFixed(2)}`,
    says.join(", "),
    cpuSeconds.toFixed(0),
  ];
  console.log(`| ${row.join(" | ")} |`);
}

const wanted = process.argv[3] ?? "";
const kernels = loadKernels();
console.log(
  "| case | conventional: c bias / rms [a rms], mÅ | direct: c bias / rms / median [a rms], mÅ | slope | χ² | says | CPU s |",
);
console.log("|---|---|---|---|---|---|---|");
for (const { name, phantom, scan, options } of CASES.filter((one) => new RegExp(wanted).test(one.name))) {
  const rays = cachedRays(phantom, scan);
  // what is judged is the maps: the cheaper esd will do
  const config = { esd: "diagonal", ...options?.config };
  try {
    print(name, await runDirect(kernels, serialRunner(kernels), rays.scan, rays.data, { ...options, config }));
  } catch (error) {
    console.log(`| ${name} | ${error} | | | | | |`);
  }
}
