import { expect, it } from "vitest";
import { builtInStructure } from "../../crystal/index.ts";
import { SimulateConfig } from "./config.ts";
import { createExperiment } from "./experiment.ts";
import { sampleAt } from "./sample-at.ts";

const SAMPLE = {
  scan: { translations: 9, angles: 7, includesEnd: true, stepMm: 0.2, passes: [0, 1] },
  axis: { unit: "q" as const, from: 2.6, to: 3.8, bins: 60 },
  noise: { poisson: false, monitorDrift: 0, monitorNoise: 0 },
  phases: { Al: { a: 4.05 } },
  shapes: [{ kind: "disc" as const, material: "Al", radiusMm: 0.4 }],
};
const config = SimulateConfig.parse({
  ...SAMPLE,
  later: { phases: { Al: { a: 4.15 } }, shapes: [{ kind: "disc", radiusMm: 0.6 }] },
});
const structures = { Al: builtInStructure("Al") };

it("takes the numbers of a sample evenly from what they are to what they become", () => {
  const { phases, shapes, later } = sampleAt(config, 0.25);
  expect((phases["Al"] as { a: number }).a).toBeCloseTo(4.075, 10);
  expect(shapes[0]).toMatchObject({ radiusMm: expect.closeTo(0.45, 10), material: "Al" });
  expect(later).toBeUndefined();
});

it("scans each line of the sample as it is then, with the same beam", () => {
  const experiment = createExperiment(config, structures);
  const start = createExperiment(sampleAt(config, 0), structures);
  const steady = createExperiment(SimulateConfig.parse(SAMPLE), structures);
  expect(start.expectedLine(3)).toEqual(steady.expectedLine(3));
  const total = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0);
  // more aluminium in the beam scatters more: by the area of the disc, with the absorption left
  const [first, last] = [0, 7].map((line) => total(experiment.expectedLine(line)) / total(steady.expectedLine(line)));
  expect(first).toBeCloseTo(1.06, 1);
  expect(last).toBeGreaterThan(1.6);
});

it("takes angles in interlaced passes", () => {
  const { omegaDeg } = createExperiment(SimulateConfig.parse(SAMPLE), structures).scan;
  const step = 180 / 7;
  expect([...omegaDeg]).toEqual([0, 2, 4, 6, 1, 3, 5, 7].map((place) => place * step));
});

it("refuses what cannot change", () => {
  const wrong = (later: object) => sampleAt(SimulateConfig.parse({ ...SAMPLE, later }), 0.5);
  expect(() => wrong({ scan: { stepMm: 3 } })).toThrow(/later.scan: only phases/);
  expect(() => wrong({ shapes: [] })).toThrow(/later.shapes/);
  expect(() => wrong({ phases: { Cu: { a: 3 } } })).toThrow(/later.phases.Cu/);
});
