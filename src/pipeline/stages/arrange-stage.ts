import { onGrid } from "../../stages/sinogram/index.ts";
import { openArray, referenceTo } from "../array-reference.ts";
import { BIN_BLOCK } from "../blocked-array.ts";
import type { Scan } from "../scan-config.ts";
import type { Stage } from "../stage.ts";
import type { StageStore } from "../stage-store.ts";
import type { ArrangePayload } from "../tasks/arrange-task.ts";
import { framesOfTurns, gridOf } from "../turning.ts";
import type { PatternsMeta } from "./meta.ts";

export interface ArrangeInput {
  readonly key: string;
  /** in the order of acquisition, whatever they are cut into */
  readonly frames: () => PatternsMeta;
}

/** Patterns of a sample that turns while it is moved, onto lines of translations at even angles. */
export function createArrangeStage(scan: Scan, { key, frames }: ArrangeInput, store: StageStore): Stage<PatternsMeta> {
  const { turning, stepMm } = scan.config;
  return {
    name: "arrange",
    identity: { stage: "arrange", turning, stepMm, input: key },
    async plan() {
      const taken = frames();
      const { monitor, exposureS, transmitted, sigma, patterns, ...rest } = taken;
      const all = patterns.items;
      const places = framesOfTurns(scan, taken.framesInAll ?? all);
      // integration has left the others out already; patterns that were read are all there
      const skipped = taken.framesInAll === undefined ? places.window.from : 0;
      const missing = missingFrames(taken);
      const local = gridOf(places, stepMm, missing.subarray(skipped));
      const grid = { ...local, frame: local.frame.map((frame) => frame + skipped) };
      const shape = { items: grid.omegaDeg.length * grid.points, bins: patterns.bins };
      const arranged = store.array("arranged", shape);
      const arrangedSigma = sigma && store.array("arranged-sigma", shape);
      const payload: ArrangePayload = {
        grid,
        patterns,
        arranged: referenceTo(arranged),
        ...(sigma && arrangedSigma && { patternsSigma: sigma, arrangedSigma: referenceTo(arrangedSigma) }),
      };
      const lost = missing.subarray(skipped, skipped + places.window.count).reduce((sum, one) => sum + one, 0);
      return {
        task: "arrange",
        payload,
        blocks: arranged.blocks,
        bytesPerThread: 2 * BIN_BLOCK * 4 * (all + shape.items) + 12 * grid.frame.length + 64e6,
        checksums: (block) => [arranged.crcOfBlock(block), ...(arrangedSigma ? [arrangedSigma.crcOfBlock(block)] : [])],
        finish() {
          arranged.close();
          arrangedSigma?.close();
          const counters = { monitor, exposureS, transmitted };
          const meta: PatternsMeta = {
            ...rest,
            lines: grid.omegaDeg.length,
            points: grid.points,
            omegaDeg: grid.omegaDeg,
            patterns: referenceTo(arranged),
            ...(arrangedSigma && { sigma: referenceTo(arrangedSigma) }),
            // a frame whose pattern is missing counts for nothing in what it is divided by either
            ...Object.fromEntries(
              Object.entries(counters).flatMap(([name, values]) => (values ? [[name, onGrid(grid, values)]] : [])),
            ),
          };
          return { meta, notes: describe(grid, places.window.count, lost) };
        },
      };
    },
  };
}

function describe(
  { omegaDeg, points, stepMm, sampledMm, from }: ArrangePayload["grid"],
  frames: number,
  lost: number,
): string[] {
  const empty = from.reduce((sum, at, cell) => sum + (cell > 0 && at === from[cell - 1] ? 1 : 0), 0);
  const mm = (value: number): string => `${Number(value.toPrecision(5))} mm`;
  return [
    `${frames} frames onto ${omegaDeg.length} angles x ${points} translations of ${mm(stepMm)}; turns are ${mm(sampledMm)} apart`,
    ...(lost > 0 ? [`${lost} frames are missing`] : []),
    ...(empty > 0 ? [`${empty} points of the grid have no frame near them, and are flagged as missing`] : []),
  ];
}

/** [frame] 1 where a pattern holds nothing */
function missingFrames({ patterns }: PatternsMeta): Uint8Array {
  const array = openArray(patterns);
  const missing = new Uint8Array(patterns.items).fill(1);
  try {
    // most frames hold something in the first block, and those that do not are few
    for (let block = 0; block < array.blocks && missing.some(Boolean); block++) {
      const width = array.width(block);
      const values = new Float32Array(patterns.items * width);
      array.readBlock(block, values);
      for (let frame = 0; frame < patterns.items; frame++) {
        for (let bin = 0; missing[frame] && bin < width; bin++) {
          if (Number.isFinite(values[frame * width + bin]!)) missing[frame] = 0;
        }
      }
    }
  } finally {
    array.close();
  }
  return missing;
}
