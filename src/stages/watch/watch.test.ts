/** Defects put into scans made from chords, and silence on good ones. */
import { describe, expect, it } from "vitest";
import { hasShared } from "../../../tests/shared.ts";
import { dimmed, MEASURED, madeUpScan, watchedScan, without } from "../../../tests/watched-scans.ts";
import {
  type FoundOrder,
  findLostBeam,
  findMissingFrames,
  findStuckRotation,
  findStuckTranslation,
  judgeOrder,
  type WatchedScan,
} from "./index.ts";

const all = (scan: WatchedScan) => [
  ...findLostBeam(scan),
  ...findStuckTranslation(scan),
  ...findStuckRotation(scan),
  ...findMissingFrames(scan, true),
];
const POINTS = 80;

describe("a good scan", () => {
  it.each([
    {},
    { isZigZag: true },
    { counts: 100 },
    { air: 0 },
    { air: 0, isZigZag: true },
    { lines: 25, points: 25 },
    { lines: 12, points: 200 },
  ])("of chords gives no notice: %j", (options) => expect(all(madeUpScan(options))).toEqual([]));

  it("that looks the same from all sides gives no notice", () => {
    const scan = madeUpScan({ stand: (_, point) => ({ line: 0, point }) });
    expect(findLostBeam(scan)).toEqual([]);
    // all lines are alike: nothing says that they should not be
    expect(findStuckRotation(scan)).toEqual([]);
  });
});

describe.skipIf(!hasShared)("measured scans (needs ../shared)", () => {
  const known = new Map<string, Promise<WatchedScan>>();
  const watched = ({ name, spec }: (typeof MEASURED)[number]): Promise<WatchedScan> => {
    if (!known.has(name)) known.set(name, watchedScan(spec()));
    return known.get(name)!;
  };

  it.each(MEASURED)("$name: no notice, with and without its monitor", { timeout: 60_000 }, async (one) => {
    const { monitor, ...scan } = await watched(one);
    expect(all(scan)).toEqual([]);
    if (monitor) expect(all({ ...scan, monitor })).toEqual([]);
  });

  it("aaa_dev with the beam lost for half a line: told where and until when", async () => {
    const { monitor, ...scan } = await watched(MEASURED[0]!);
    const [from, to] = [40 * 81 + 30, 40 * 81 + 70];
    expect(findLostBeam(dimmed(scan, from, to, 0.001))).toMatchObject([{ from, to }]);
    const reading = Float64Array.from(monitor!, (value, i) => (i >= from && i < to ? 0.01 * value : value));
    expect(findLostBeam({ ...scan, monitor: reading })).toMatchObject([{ from, to }]);
  });
});

describe("a lost beam", () => {
  const scan = madeUpScan();
  const at = 20 * POINTS + 33;
  it.each([
    ["in the middle of a line", at, at + 12],
    ["over several lines", at, at + 3 * POINTS],
  ])("%s, with the frame at which it came back", (_, from, to) => {
    expect(findLostBeam(dimmed(scan, from, to, 0.001))).toMatchObject([{ kind: "beam-lost", from, to }]);
  });
  it("that has not come back", () => {
    const [notice, ...more] = findLostBeam(dimmed(scan, 58 * POINTS, 60 * POINTS, 0));
    expect(notice).toMatchObject({ from: 58 * POINTS });
    expect(notice).not.toHaveProperty("to");
    expect(notice!.text).toBe(
      "The beam was lost: hardly anything is scattered from frame 4640 (line 58, point 0) on, and it has not come back.",
    );
    expect(more).toEqual([]);
  });
  it("where air scatters nothing is told by the sample", () => {
    const [notice] = findLostBeam(dimmed(madeUpScan({ air: 0 }), 20 * POINTS, 21 * POINTS, 0));
    expect(notice!.from).toBeGreaterThanOrEqual(20 * POINTS);
    expect(notice!.to).toBeLessThanOrEqual(21 * POINTS + 20);
  });
  it("for four frames, or by half, is not one", () => {
    expect(findLostBeam(dimmed(scan, at, at + 4, 0))).toEqual([]);
    expect(findLostBeam(dimmed(scan, at, at + 200, 0.5))).toEqual([]);
  });
});

describe("a stuck motor", () => {
  /** Changes are looked for in windows of an eighth of a line. */
  const near = (frame: number, expected: number): void =>
    expect(Math.abs(frame - expected)).toBeLessThanOrEqual(POINTS / 8);

  it("translation, in the middle of a line and for the rest of it", () => {
    const scan = madeUpScan({ stand: (line, point) => ({ line, point: line === 30 ? Math.min(point, 40) : point }) });
    const [notice, ...more] = findStuckTranslation(scan);
    expect(more).toEqual([]);
    expect(notice!.kind).toBe("translation-stuck");
    near(notice!.from, 30 * POINTS + 40);
    near(notice!.to!, 31 * POINTS);
  });
  it("translation, for four lines", () => {
    const scan = madeUpScan({ stand: (line, point) => ({ line, point: line >= 30 && line < 34 ? 25 : point }) });
    const [notice, ...more] = findStuckTranslation(scan);
    expect(more).toEqual([]);
    near(notice!.from, 30 * POINTS);
    near(notice!.to!, 34 * POINTS);
  });
  it("rotation, for five lines", () => {
    for (const isZigZag of [false, true]) {
      const scan = madeUpScan({
        isZigZag,
        stand: (line, point) => {
          const stuck = line >= 20 && line < 25 ? 20 : line;
          // a zig-zag goes on running to and fro while the rotation stands still
          return { line: stuck, point: isZigZag && (line - stuck) % 2 === 1 ? POINTS - 1 - point : point };
        },
      });
      expect(findStuckRotation(scan)).toMatchObject([{ kind: "rotation-stuck", from: 20 * POINTS, to: 25 * POINTS }]);
    }
  });
  it("in noise that hides it, nothing is said", () => {
    const scan = madeUpScan({
      counts: 3,
      stand: (line, point) => ({ line: line > 20 && line < 25 ? 20 : line, point }),
    });
    expect(findStuckRotation(scan)).toEqual([]);
  });
});

describe("missing frames", () => {
  it("are told once what comes after them has been there for long", () => {
    const scan = without(madeUpScan({ lines: 10 }), 500, 503);
    expect(findMissingFrames(scan)).toMatchObject([{ from: 500, to: 503 }]);
    const early = { ...scan, sums: scan.sums.subarray(0, 520 * scan.bands) };
    expect(findMissingFrames(early)).toEqual([]);
    expect(findMissingFrames(early, true)).toMatchObject([{ from: 500, to: 503 }]);
  });
});

describe("judgeOrder", () => {
  const found: FoundOrder = {
    order: { kind: "zig-zag", confidence: 1, shiftSteps: 1, correlationDirect: 0.61, correlationMirrored: 0.98 },
    jumps: [],
    axis: { agree: true, given: false, spread: 0.1 },
    arcDeg: 180,
  };
  it("is silent where lines run as the settings say, or as they are found", () => {
    for (const order of ["auto", "zig-zag"] as const) expect(judgeOrder(found, order, 80)).toEqual([]);
  });
  it("tells of settings that say otherwise, in either direction", () => {
    expect(judgeOrder(found, "unidirectional", 80)[0]!.text).toContain("Set sinogram.order: zig-zag, or auto.");
    const other = { ...found, order: { ...found.order, kind: "unidirectional" as const } };
    expect(judgeOrder(other, "zig-zag", 80)[0]!.text).toContain("all lines run the same way");
  });
  it("tells of lines far shifted, of a line that jumped, of an axis that cannot be found", () => {
    const off: FoundOrder = {
      ...found,
      order: { ...found.order, shiftSteps: -2.4 },
      jumps: [
        { line: 7, steps: 4.2 },
        { line: 9, steps: 0.4 },
      ],
      axis: { agree: false, given: false, spread: 3 },
    };
    expect(judgeOrder(off, "auto", 80).map(({ kind, from }) => [kind, from])).toEqual([
      ["order", 80],
      ["jump", 560],
      ["axis", 0],
    ]);
    expect(judgeOrder({ ...off, arcDeg: 40 }, "auto", 80).map(({ kind }) => kind)).not.toContain("axis");
  });
});
