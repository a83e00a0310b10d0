/** The maps of a result, for what works on slices as a whole. */
import { InputError, type ParameterMap, type SliceMaps } from "../../data/index.ts";
import type { Result } from "../../files/result-reader.ts";

/** Later ones win: lattice parameters straight from the sinograms are free of parallax. */
const STAGES = ["map", "dlsr"] as const;
/**
 * All that is taken of dlsr: its scales are of another unit than the map's and of some phases only, so that amounts of
 * phases would not compare, and its figures of merit are of rays and not of voxels.
 */
const DIRECT = /\/(a|b|c|alpha|beta|gamma)$/;

/**
 * Every map of a result with its esd and status; lattice parameters of `dlsr` go before those of `map`.
 *
 * @throws InputError "result-no-maps" | "result-no-scale"
 */
export function readSliceMaps(result: Result, name: string): SliceMaps {
  const maps = new Map<string, ParameterMap>();
  let first: string | undefined;
  for (const stage of STAGES) {
    for (const { name: full, shape } of result.list()) {
      if (!full.startsWith(`${stage}/`) || shape.length !== 2 || /_(esd|status)$/.test(full)) continue;
      if (result.axisNames(full)[0] !== "y") continue;
      const short = full.slice(stage.length + 1);
      if (stage === "dlsr" && !DIRECT.test(short)) continue;
      first ??= full;
      maps.set(short, result.readMap(full));
    }
  }
  if (first === undefined) {
    throw new InputError(
      "result-no-maps",
      `${result.path} has no maps: it was run without \`map:\` in its scan.yaml. Add it, and run the scan again.`,
    );
  }
  const { ny, nx } = maps.values().next().value!;
  return { name, ny, nx, voxelMm: voxelOf(result, first), maps };
}

function voxelOf(result: Result, name: string): number {
  const x = result.axes(name)[1]!;
  const step = x.values.length > 1 ? (x.values.at(-1)! - x.values[0]!) / (x.values.length - 1) : Number.NaN;
  if (x.unit === "mm" && step > 0) return step;
  throw new InputError(
    "result-no-scale",
    `${result.path} does not say how large a voxel is: its axes are in ${x.unit || "voxels"}. Give stepMm in the scan.yaml, and run it again.`,
  );
}
