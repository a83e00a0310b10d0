/** The places of a slice for the parts of a study, and the maps that they are found from. */
import type { ParameterMap, SliceMaps } from "../../data/index.ts";
import type { Result } from "../../files/result-reader.ts";
import { type FoundPlaces, imageSignals, type PlacesConfig, placesOf } from "../../stages/places/index.ts";
import { readSliceMaps } from "./read-slice-maps.ts";

export { type FoundPlaces, findPlaces, PlacesConfig, type PlacesReport } from "../../stages/places/index.ts";

/**
 * The maps of a slice as readSliceMaps gives them, but with the amounts of phases from `map`: those of `dlsr` end at its
 * mask, which would make coatings thinner than they are.
 *
 * @throws as readSliceMaps
 */
export function readPlaceMaps(result: Result, name: string): SliceMaps {
  const slice = readSliceMaps(result, name);
  const known = new Set(result.list().map((entry) => entry.name));
  const maps = new Map<string, ParameterMap>(slice.maps);
  for (const short of slice.maps.keys()) {
    if (short.endsWith("/scale") && known.has(`map/${short}`)) maps.set(short, result.readMap(`map/${short}`));
  }
  return { ...slice, maps };
}

/** Places from one grey image: casing, core and layers, without what only phases can tell. [y, x], y up. */
export function findPlacesOfImage(
  { ny, nx, values }: ParameterMap,
  voxelMm: number,
  config: PlacesConfig,
): FoundPlaces {
  const image = { ny, nx, values: Float32Array.from(values) };
  return placesOf(imageSignals(image, voxelMm, config), { ny, nx, voxelMm }, config);
}
