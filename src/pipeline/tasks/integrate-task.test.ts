import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { seededRandom } from "../../../tests/seeded-random.ts";
import { tempFolder } from "../../../tests/temp-folder.ts";
import { encodeNpy } from "../../files/npy.ts";
import { IntegrateConfig } from "../../stages/integrate/index.ts";
import { referenceTo } from "../array-reference.ts";
import { BlockedArray } from "../blocked-array.ts";
import { checksumOf } from "../live/known-frames.ts";
import { PatternRows } from "../live/pattern-rows.ts";
import { loadKernels } from "../load-kernels.ts";
import { type IntegratePayload, setUpIntegrate } from "./integrate-task.ts";

const BINS = 20;

/** The patterns of three frames. */
async function integrated(folder: string, more: Partial<IntegratePayload>): Promise<Float32Array> {
  const shape = { items: 3, bins: BINS };
  const [patterns, sigma] = ["patterns", "sigma"].map((name) => BlockedArray.create(join(folder, name), shape));
  const runner = await setUpIntegrate(loadKernels(), {
    ...{ files: join(folder, "frames.npy"), config: IntegrateConfig.parse({ bins: BINS }), frames: 3, firstFrame: 0 },
    poni: {
      ...{ dist: 0.1, poni1: 0.002, poni2: 0.001, rot1: 0, rot2: 0, rot3: 0 },
      ...{ pixel1: 1e-4, pixel2: 1e-4, wavelength: 2e-11 },
    },
    ...{ patterns: referenceTo(patterns!), sigma: referenceTo(sigma!), ...more },
  });
  await runner.run(0);
  runner.close();
  const found = new Float32Array(3 * BINS);
  patterns!.readItems(0, 3, found);
  for (const array of [patterns, sigma]) array!.close();
  return found;
}

it("takes the pattern of a frame whose counts are what they were, and integrates the others", async () => {
  const folder = tempFolder();
  const random = seededRandom(5);
  const frames = Int32Array.from({ length: 3 * 40 * 30 }, () => Math.floor(100 * random()));
  writeFileSync(join(folder, "frames.npy"), encodeNpy({ shape: [3, 40, 30], data: frames }));
  const whole = await integrated(folder, {});
  expect(whole.some((value) => value > 0)).toBe(true);

  // patterns that no integration gives, in another order than the frames
  const path = join(folder, "rows");
  const rows = PatternRows.create(path, BINS);
  const crc = [0, 1, 2].map((slot) =>
    rows.write(slot, new Float32Array(BINS).fill(1000 + slot), new Float32Array(BINS)),
  );
  rows.close();
  const counts = [0, 1, 2].map((i) => checksumOf(frames.subarray(i * 1200, (i + 1) * 1200)));
  const patterns = await integrated(folder, {
    known: {
      rows: path,
      slots: Int32Array.from([2, 1, 0]),
      rowChecksums: Uint32Array.from([crc[2]!, crc[1]! ^ 1, crc[0]!]), // the second one's row is damaged
      countChecksums: Uint32Array.from([counts[0]!, counts[1]!, counts[2]! ^ 1]), // the third frame has changed since
    },
  });
  expect([...patterns.subarray(0, BINS)]).toEqual(new Array(BINS).fill(1002));
  expect(patterns.subarray(BINS)).toEqual(whole.subarray(BINS));
});
