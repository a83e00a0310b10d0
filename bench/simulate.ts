/**
 * What a simulated scan costs: the demo in full, and a 549 x 400 x 1000 scan of the cell preset from a few of its
 * lines. No peer makes such scans; the figures are CPU time of one thread.
 *
 * `npm run bench -- simulate`
 */
import { builtInStructure, PHASE_NAMES } from "../src/crystal/index.ts";
import { createExperiment, presetConfig, SimulateConfig } from "../src/stages/simulate/index.ts";
import { report } from "./common.ts";

const structures = Object.fromEntries(PHASE_NAMES.map((name) => [name, builtInStructure(name)]));
const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

function measure(preset: string, size: number, lines: number): void {
  const start = cpuSeconds();
  const experiment = createExperiment(SimulateConfig.parse(presetConfig(preset, size)), structures);
  const ready = cpuSeconds();
  const count = Math.min(lines, experiment.scan.lines);
  for (let i = 0; i < count; i++) experiment.line(Math.floor((i * experiment.scan.lines) / count));
  const perLine = (cpuSeconds() - ready) / count;
  report({
    bench: "simulate",
    preset,
    translations: size,
    lines: experiment.scan.lines,
    bins: experiment.axis.values.length,
    setupS: ready - start,
    linesS: perLine * experiment.scan.lines,
    msPerRay: (1e3 * perLine) / size,
    rssMB: process.memoryUsage().rss / 1e6,
  });
}

measure("demo", 61, 61);
measure("cell", 181, 20);
measure("cell", 549, 4);
