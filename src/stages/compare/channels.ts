/** What of a slice's maps the cells are laid on each other by. */
import { InputError, type ParameterMap, type PhaseRoles, type SliceMaps } from "../../data/index.ts";
import type { SliceImage } from "../../registration/index.ts";

/**
 * How much of a phase there is, the best first. Scales go with the amount itself; a weight fraction saturates where one
 * phase is alone, so the edges of its layers move with what lies beside them, which differs from state to state.
 */
const AMOUNTS = ["scale", "weight_fraction"] as const;

/**
 * One channel for each phase, or for each peak where no phase was refined; that of the casing is called "casing".
 *
 * @throws InputError "compare-no-amounts"
 */
export function amountChannels(
  slice: SliceMaps,
  roles: PhaseRoles,
): SliceImage & { readonly channels: Map<string, Float32Array> } {
  const channels = new Map<string, Float32Array>();
  for (const [phase, { values }] of amountsOf(slice)) {
    const isCasing = roles.casing.includes(phase) && !channels.has("casing");
    channels.set(isCasing ? "casing" : phase, Float32Array.from(values));
  }
  if (channels.size > 0) {
    noneIsZero(channels);
    return { ny: slice.ny, nx: slice.nx, voxelMm: slice.voxelMm, channels };
  }
  throw new InputError(
    "compare-no-amounts",
    `${slice.name}: there is no map of how much of a phase there is (PHASE/scale, PHASE/weight_fraction or PEAK/area), and nothing else to lay it on another slice by. It has ${[...slice.maps.keys()].slice(0, 12).join(", ")}.`,
  );
}

/** A voxel that was fitted holds none of a phase that it has no amount of; where no phase has one, it is not known. */
function noneIsZero(channels: ReadonlyMap<string, Float32Array>): void {
  const all = [...channels.values()];
  const isFitted = all[0]!.map((_, i) => (all.some((values) => Number.isFinite(values[i]!)) ? 1 : 0));
  for (const values of all)
    for (let i = 0; i < values.length; i++) if (isFitted[i] && !Number.isFinite(values[i]!)) values[i] = 0;
}

function amountsOf({ maps }: SliceMaps): Map<string, ParameterMap> {
  for (const amount of AMOUNTS) {
    const found = [...maps].filter(([name]) => name.endsWith(`/${amount}`) && name.split("/").length === 2);
    if (found.length > 0) return new Map(found.map(([name, map]) => [name.split("/")[0]!, map]));
  }
  const areas = [...maps].filter(([name]) => name.endsWith("/area"));
  return new Map(areas.map(([name, map]) => [name.slice(0, -"/area".length), map]));
}
