/** Frames of turning samples onto lines: what a plane gives exactly, means of turns, holes, and windows of turns. */
import { describe, expect, it } from "vitest";
import { gridFrames, onGrid, patternsOnGrid } from "./frame-grid.ts";
import { firstFramesOfTurns, unwrapTurns } from "./turns.ts";

/** Speeds as an encoder would write them: degrees fall back to 0 after each turn. */
const spin = (frames: number, perFrame: number, first = 0): Float64Array =>
  Float64Array.from({ length: frames }, (_, i) => (((first + i * perFrame) % 360) + 360) % 360);

describe("a turning sample", () => {
  it("is cut into turns, whatever the angle it starts at, and into ways to and fro", () => {
    expect([...firstFramesOfTurns(unwrapTurns(spin(36, 30, 350)))]).toEqual([0, 12, 24, 36]);
    expect([...firstFramesOfTurns(unwrapTurns(spin(36, -30, 5)))]).toEqual([0, 12, 24, 36]);
    // 100 degrees a frame: 3.6 frames a turn
    expect([...firstFramesOfTurns(unwrapTurns(spin(18, 100)))]).toEqual([0, 4, 8, 11, 15, 18]);
    const way = [0, 45, 90, 135];
    expect([...firstFramesOfTurns(unwrapTurns([...way, ...way, ...way]))]).toEqual([0, 4, 8, 12]);
    expect([...firstFramesOfTurns(unwrapTurns([...way, ...way.toReversed(), ...way]))]).toEqual([0, 4, 8, 12]);
  });

  it("that stands at each translation gives back what was measured, as it was", () => {
    const [turn, places] = [8, 5];
    const position = Float64Array.from({ length: turn * places }, (_, i) => 2 + 0.1 * Math.floor(i / turn));
    const grid = gridFrames(unwrapTurns(spin(turn * places, 45, 10)), position);
    expect(grid).toMatchObject({ points: places, firstMm: 2 });
    expect(grid.stepMm).toBeCloseTo(0.1, 12);
    expect([...grid.omegaDeg]).toEqual([10, 55, 100, 145, 190, 235, 280, 325]);
    const cell = onGrid(
      grid,
      Array.from({ length: turn * places }, (_, i) => i),
    );
    for (let line = 0; line < turn; line++) {
      for (let point = 0; point < places; point++) expect(cell[line * places + point]).toBe(point * turn + line);
    }
  });

  it("has the mean of its turns at a translation, and their esd over the root of their number", () => {
    const [turn, turns, places] = [6, 4, 3];
    const frames = turn * turns * places;
    const jitter = (i: number): number => 0.002 * Math.sin(12.9898 * i);
    const position = Float64Array.from({ length: frames }, (_, i) => Math.floor(i / (turn * turns)) + jitter(i));
    const grid = gridFrames(unwrapTurns(spin(frames, 60)), position);
    expect(grid.points).toBe(places);
    expect(Math.abs(grid.stepMm - 1)).toBeLessThan(0.01);
    const values = Float32Array.from({ length: frames }, (_, i) => i);
    const out = new Float32Array(turn * places);
    patternsOnGrid(grid, values, 1, out);
    const sigma = new Float32Array(turn * places);
    patternsOnGrid(grid, new Float32Array(frames).fill(1), 1, sigma, true);
    for (let line = 0; line < turn; line++) {
      // frames line, line + 6, + 12, + 18: their mean is line + 9; the second translation is 24 frames on
      expect(out[line * places + 1]!).toBeCloseTo(24 + line + 9, 1);
      expect(sigma[line * places + 1]!).toBeCloseTo(0.5, 2);
    }
  });

  it.each([
    ["evenly", 10, 0],
    ["with turns that are no whole number of frames", 360 / 35.37, 0],
    ["backwards", -10, 0],
    ["with an encoder that trembles", 10, 0.4],
  ])("that creeps has a plane in angle and translation exactly: %s", (_, perFrame, tremble) => {
    const turns = 9;
    const frames = Math.round((turns * 360) / Math.abs(perFrame));
    const noise = Float64Array.from({ length: frames }, (_, i) => tremble * Math.sin(78.233 * i));
    const angle = Float64Array.from({ length: frames }, (_, i) => i * perFrame + noise[i]!);
    const position = angle.map((value) => 0.2 * (Math.abs(value) / 360));
    const grid = gridFrames(unwrapTurns(angle.map((value) => ((value % 360) + 360) % 360)), position);
    expect(Math.abs(grid.stepMm - 0.2)).toBeLessThan(0.004);
    expect(grid.omegaDeg.length).toBe(Math.round(360 / Math.abs(perFrame)));
    const plane = position.map((mm) => 3 + 5 * mm);
    const cell = onGrid(grid, plane);
    const inner = [...cell.keys()].filter((i) => i % grid.points > 0 && i % grid.points < grid.points - 1);
    for (const i of inner) {
      const expected = 3 + 5 * (grid.firstMm + (i % grid.points) * grid.stepMm);
      expect(Math.abs(cell[i]! - expected)).toBeLessThan(tremble > 0 ? 0.01 : 1e-9);
    }
    expect(inner.length).toBeGreaterThan(150);
  });

  it("has a wave in the angle to what linear interpolation between two frames leaves, at most (step)² / 8", () => {
    const perFrame = 360 / 35.37;
    const frames = Math.round(9 * 35.37);
    const angle = Float64Array.from({ length: frames }, (_, i) => i * perFrame);
    const grid = gridFrames(
      unwrapTurns(angle),
      angle.map((value) => value / 360),
    );
    const cell = onGrid(
      grid,
      angle.map((value) => Math.cos((value * Math.PI) / 180)),
    );
    const worst = ((perFrame * Math.PI) / 180) ** 2 / 8;
    grid.omegaDeg.forEach((omega, line) => {
      expect(Math.abs(cell[line * grid.points + 4]! - Math.cos((omega * Math.PI) / 180))).toBeLessThan(1.01 * worst);
    });
  });

  it("interlaces passes that are moved against each other, and says so in its step", () => {
    const [turn, places] = [4, 5];
    const place = (pass: number, k: number): number => k + 0.5 * pass;
    const position = Float64Array.from({ length: 2 * places * turn }, (_, i) =>
      place(Math.floor(i / (places * turn)), Math.floor(i / turn) % places),
    );
    const both = gridFrames(unwrapTurns(spin(position.length, 90)), position);
    expect(both).toMatchObject({ points: 10, stepMm: 0.5, firstMm: 0 });
    const cell = onGrid(both, position);
    expect([...cell.subarray(0, 10)]).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5]);
    const second = gridFrames(unwrapTurns(spin(places * turn, 90)), position.slice(places * turn));
    expect(second).toMatchObject({ points: 5, stepMm: 1, firstMm: 0.5 });
    // and one pass alone on the step of both lies between its turns
    const fine = gridFrames(unwrapTurns(spin(places * turn, 90)), position.slice(0, places * turn), { stepMm: 0.5 });
    expect([...onGrid(fine, position).subarray(0, 9)]).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]);
  });

  it("leaves holes where frames are missing, and spans one lost turn", () => {
    const [turn, places] = [4, 9];
    const position = Float64Array.from({ length: turn * places }, (_, i) => Math.floor(i / turn));
    const missing = new Uint8Array(turn * places);
    missing[3 * turn] = 1; // one turn at 0 degrees
    for (const k of [3, 4, 5]) missing[k * turn + 2] = 1; // three at 180 degrees
    const grid = gridFrames(unwrapTurns(spin(turn * places, 90)), position, { missing });
    const cell = onGrid(grid, position);
    expect(cell[3]).toBe(3);
    expect([...cell.subarray(2 * places + 2, 2 * places + 7)]).toEqual([2, Number.NaN, Number.NaN, Number.NaN, 6]);
  });

  it("is refused where nothing turns, or nothing moves", () => {
    expect(() => unwrapTurns(new Float64Array(20).fill(30))).toThrow(/stands still/);
    expect(() => unwrapTurns([0, 10, Number.NaN])).toThrow(/frame 3/);
    expect(() => gridFrames(unwrapTurns(spin(20, 30)), new Float64Array(20).fill(1))).toThrow(/nothing to reconstruct/);
  });
});
