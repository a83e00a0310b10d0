/** What a live run says of lines' order, jumps and the axis, on measured scans: nothing that is not so. */
import { describe, expect, it } from "vitest";
import { hasShared } from "../../../tests/shared.ts";
import { MEASURED, watchedScan } from "../../../tests/watched-scans.ts";
import { SinogramConfig } from "../../stages/sinogram/index.ts";
import { judgeOrder, type WatchedScan } from "../../stages/watch/index.ts";
import { loadKernels } from "../load-kernels.ts";
import { type CoarseView, coarseView } from "./coarse-view.ts";

const ORDERS = ["auto", "zig-zag", "unidirectional"] as const;

/** After so many lines of half a turn. */
function viewOf({ points, bands, sums, monitor }: WatchedScan, lines: number, all: number): CoarseView {
  return coarseView(loadKernels(), {
    ...{ points, bands, sums: sums.subarray(0, lines * points * bands), shown: [0] },
    omegaDeg: Float64Array.from({ length: all }, (_, line) => (180 * line) / all),
    monitor: monitor && Float64Array.from(monitor),
    config: SinogramConfig.parse({}),
  })!;
}

/** [kind, line] of each notice, with an order in the settings. */
function noticesOf(view: CoarseView, order: (typeof ORDERS)[number], points: number): [string, number][] {
  const { report, binning, isProvisional } = view;
  const found = {
    order: { ...report.order, shiftSteps: report.order.shiftSteps * binning },
    jumps: report.jumps.map(({ line, steps }) => ({ line, steps: steps * binning })),
    axis: isProvisional ? { agree: false, given: false, spread: Number.NaN } : report.rotationAxis,
    arcDeg: report.scan.arcDeg,
  };
  return judgeOrder(found, order, points).map(({ kind, from }) => [kind, from / points]);
}

describe.skipIf(!hasShared)("measured scans (needs ../shared)", () => {
  it.each(MEASURED)("$name: the wrong order is told, and nothing that is right", { timeout: 60_000 }, async (one) => {
    const scan = await watchedScan(one.spec());
    const all = scan.sums.length / scan.bands / scan.points;
    const right = one.name.includes("zig-zag") ? "zig-zag" : "unidirectional";
    for (const lines of [all >> 1, all]) {
      const view = viewOf(scan, lines, all);
      const jumps = noticesOf(view, right, scan.points);
      if (!one.name.includes("jumped")) expect(jumps).toEqual([]);
      else if (lines === all) {
        expect(jumps).toHaveLength(34);
        // their centres of intensity lie at 428, 377 and 381 steps, and those of the lines beside them at 356 to 358
        expect(jumps.slice(0, 3)).toEqual([0, 11, 17].map((line) => ["jump", line]));
      }
      for (const order of ORDERS) {
        const told = noticesOf(view, order, scan.points).filter(([kind]) => kind === "order");
        expect(told).toEqual(order === "auto" || order === right ? [] : [["order", 0]]);
      }
    }
  });
});
