/** What of a slice's maps the cells are laid on each other by. */
import { InputError, type ParameterMap, type PhaseRoles, type SliceMaps } from "../../data/index.ts";
import type { SliceImage } from "../../registration/index.ts";

/** How much of a phase there is, the best that the maps say: a share of the voxel, else a scale, else areas of peaks. */
const AMOUNTS = ["weight_fraction", "scale"] as const;

/**
 * One channel for each role of a cell (casing, cathode, ...), or for each phase where no phase has one.
 *
 * @param of "share": weight fractions first, which are alike in all cells; "density": scales first, which go with how
 *   much a voxel holds, as the grey of a micro-CT image does
 * @throws InputError "compare-no-amounts"
 */
export function amountChannels(
  slice: SliceMaps,
  roles: PhaseRoles,
  of: "share" | "density" = "share",
): SliceImage & { readonly channels: Map<string, Float32Array> } {
  const phases = amountsOf(slice, of === "share" ? AMOUNTS : [...AMOUNTS].reverse());
  const channels = new Map<string, Float32Array>();
  for (const [role, names] of Object.entries(roles) as [string, readonly string[]][]) {
    // scales of different phases are of different units: each stays a channel of its own
    if (of === "density") continue;
    const maps = names.flatMap((name) => phases.get(name) ?? []);
    if (maps.length > 0) channels.set(role, sum(maps));
  }
  if (channels.size === 0) {
    for (const [phase, map] of phases) {
      const name = of === "density" && roles.casing.includes(phase) ? "casing" : phase;
      channels.set(name, sum([map]));
    }
  }
  if (channels.size > 0) return { ny: slice.ny, nx: slice.nx, voxelMm: slice.voxelMm, channels };
  throw new InputError(
    "compare-no-amounts",
    `${slice.name}: there is no map of how much of a phase there is (PHASE/weight_fraction, PHASE/scale or PEAK/area), and nothing else to lay cells on each other by. It has ${[...slice.maps.keys()].slice(0, 12).join(", ")}.`,
  );
}

function amountsOf({ maps }: SliceMaps, order: readonly string[]): Map<string, ParameterMap> {
  for (const amount of order) {
    const found = [...maps].filter(([name]) => name.endsWith(`/${amount}`) && name.split("/").length === 2);
    if (found.length > 0) return new Map(found.map(([name, map]) => [name.split("/")[0]!, map]));
  }
  const areas = [...maps].filter(([name]) => name.endsWith("/area"));
  return new Map(areas.map(([name, map]) => [name.slice(0, -"/area".length), map]));
}

const sum = (maps: readonly ParameterMap[]): Float32Array =>
  Float32Array.from(maps[0]!.values, (_, i) => maps.reduce((total, { values }) => total + values[i]!, 0));
