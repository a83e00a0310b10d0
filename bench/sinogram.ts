/**
 * Sinogram stage on 400 lines x 549 points x 1000 bins (zig-zag, shifted by a step, 0.88 GB), in blocks of 32 bins:
 * summary, analysis, and order + shift + normalisation + air + filling + hot spots. The peer, in the same run, is
 * centring and air removal alone as it is usually done in numpy (bench/peer-sinogram.py).
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import {
  analyseSinogram,
  applySinogram,
  createPatternSummary,
  type PatternSummary,
  type SinogramReport,
  summarisePatterns,
} from "../src/stages/sinogram/index.ts";
import { measure, peak } from "../tests/virtual-sinogram.ts";
import { report, time } from "./common.ts";

const [lines, points, bins, blockBins] = [400, 549, 1000, 32];
const kernels = loadKernels();
const omegaDeg = Float64Array.from({ length: lines }, (_, i) => (180 * i) / lines);
const scan = {
  omegaDeg,
  points,
  bins: blockBins,
  rotationAxis: 281.3,
  zigZagShift: 1,
  seed: 1,
  air: new Float64Array(blockBins).fill(20),
  discs: [
    { x: 3, y: -2, radius: 200, pattern: peak(blockBins, 8, 4, 3) },
    { x: 120, y: 9, radius: 30, pattern: peak(blockBins, 20, 2, 20) },
  ],
};
// one block of bins, used for all of them: the work is the same, and the machine need not hold the scan
const intensity = measure(scan);
const block = { lines, points, bins: blockBins, intensity };
const blocks = Math.ceil(bins / blockBins);
const monitor = Float64Array.from({ length: lines * points }, (_, i) => 1e5 * (1 + 0.05 * Math.sin(i / 1000)));
const least = (values: number[]): number => Math.min(...values);

const summary: PatternSummary = createPatternSummary(lines, points, blockBins);
summarisePatterns(summary, block);
// the pass over a scan comes line by line with all bins
const someLines = Math.floor(intensity.length / (points * bins));
const summing = await time(() => {
  const part = createPatternSummary(lines, points, bins);
  summarisePatterns(part, { lines: someLines, points, bins, intensity });
}, 3);
let found: SinogramReport;
const analysing = await time(() => {
  found = analyseSinogram(summary, { omegaDeg, monitor });
}, 3);
const out = new Float32Array(lines * points * blockBins);
const sigma = new Float32Array(out.length);
let hotValues = 0;
const plain = await time(() => {
  hotValues = applySinogram(kernels, found, block, out).hotValues;
}, 5);
const unclean: SinogramReport = { ...found!, hotSpots: { ...found!.hotSpots, enabled: false } };
const likePeer = await time(() => void applySinogram(kernels, unclean, block, out), 5);
const withSigma = await time(() => void applySinogram(kernels, found, block, out, { sigma }), 3);
const ours = {
  summary: (least(summing.cpuMs) * lines) / someLines / 1e3,
  analysis: least(analysing.cpuMs) / 1e3,
  apply: (least(plain.cpuMs) * blocks) / 1e3,
  applyWithoutHotSpots: (least(likePeer.cpuMs) * blocks) / 1e3,
  applyWithSigma: (least(withSigma.cpuMs) * blocks) / 1e3,
};
for (const [step, seconds] of Object.entries(ours)) report({ bench: "sinogram", step, cpuSeconds: seconds });
report({
  bench: "sinogram",
  step: "found",
  order: found!.order.kind,
  shift: found!.order.shiftSteps,
  axis: found!.rotationAxis.value,
  trueAxis: scan.rotationAxis,
  hotValues,
});

const peer = fileURLToPath(new URL("./peer-sinogram.py", import.meta.url));
if (existsSync("/usr/bin/python3")) {
  const printed = execFileSync("/usr/bin/python3", [peer, String(lines), String(points), String(bins)], {
    encoding: "utf8",
  });
  const { centring, air } = JSON.parse(printed) as { centring: number; air: number };
  const found = ours.summary + ours.analysis;
  const ratioSameWork = (centring + air) / (found + ours.applyWithoutHotSpots);
  const ratioAllOfOurs = (centring + air) / (found + ours.apply);
  report({ bench: "sinogram", step: "peer", centring, air, ratioSameWork, ratioAllOfOurs });
}
