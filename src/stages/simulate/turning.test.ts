/** A sample that turns while it is moved sees the rays of a line scan in another order, and those between them. */
import { expect, it } from "vitest";
import { builtInStructure } from "../../crystal/index.ts";
import { SimulateConfig, type SimulateInput } from "./config.ts";
import { createExperiment } from "./experiment.ts";

const structures = { Al: builtInStructure("Al"), Cu: builtInStructure("Cu") };
const experimentOf = (scan: Partial<SimulateInput["scan"]>) =>
  createExperiment(
    SimulateConfig.parse({
      scan: { translations: 12, angles: 8, arcDeg: 360, stepMm: 0.3, rotationAxis: 5.6, ...scan },
      instrument: { distanceMm: 300 }, // much parallax: depth must run the same way
      axis: { unit: "q", from: 2.6, to: 3.8, bins: 60 },
      noise: { airShare: 0 },
      phases: { Al: {}, Cu: {} },
      shapes: [
        { kind: "disc", material: "Al", radiusMm: 1.5 },
        { kind: "disc", material: "Cu", centreMm: [0.6, 0.4], radiusMm: 0.5 },
      ],
    }),
    structures,
  );
const BINS = 60;
const at = (line: Float32Array, point: number): Float32Array => line.subarray(point * BINS, (point + 1) * BINS);
const apart = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0) / Math.max(...b);

it("stands at each translation for its turns", () => {
  const lines = experimentOf({});
  const turning = experimentOf({ turning: { turns: 2 } });
  expect(turning.scan).toMatchObject({ lines: 24, translations: 8 });
  for (const [turn, frame] of [
    [8, 0],
    [11, 3],
    [14, 6],
  ] as const) {
    const translation = Math.floor(turn / 2);
    expect(apart(at(turning.expectedLine(turn), frame), at(lines.expectedLine(frame), translation))).toBeLessThan(1e-5);
    expect(turning.transmission(turn)[frame]).toBeCloseTo(lines.transmission(frame)[translation]!, 6);
  }
});

it("creeps by a stride in a turn: halfway it is where a moved line scan is", () => {
  const turning = experimentOf({ turning: { creeps: true, stride: 2, offsets: [0, 1] } });
  expect(turning.scan.lines).toBe(12);
  // in the middle of turn 2 of the first pass: 2 x 2.5 steps; of the second: one more
  const frame = 4;
  for (const [turn, position] of [
    [2, 5],
    [6 + 2, 6],
  ] as const) {
    const lines = experimentOf({});
    expect(apart(at(turning.expectedLine(turn), frame), at(lines.expectedLine(frame), position))).toBeLessThan(1e-5);
  }
  // a quarter turn on it is half a step on
  const moved = experimentOf({ rotationAxis: 5.6 - 0.5 });
  // its field of view meets one ray more or less, and counts go by their mean
  const scale = moved.levels.scale / turning.levels.scale;
  const expected = at(moved.expectedLine(6), 5).map((value) => value / scale);
  expect(apart(at(turning.expectedLine(2), 6), expected)).toBeLessThan(1e-5);
});

it("refuses what does not go with it", () => {
  expect(() => experimentOf({ turning: {}, arcDeg: 180 })).toThrow(/arcDeg 360/);
  expect(() => experimentOf({ turning: {}, zigZag: true })).toThrow(/zigZag/);
});
