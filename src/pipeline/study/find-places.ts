/** The places of a slice for the parts of a study, and the maps that they are found from. */
import type { ParameterMap } from "../../data/index.ts";
import { type FoundPlaces, imageSignals, type PlacesConfig, placesOf } from "../../stages/places/index.ts";

export { type FoundPlaces, findPlaces, PlacesConfig, type PlacesReport } from "../../stages/places/index.ts";

/** Places from one grey image: casing, core and layers, without what only phases can tell. [y, x], y up. */
export function findPlacesOfImage(
  { ny, nx, values }: ParameterMap,
  voxelMm: number,
  config: PlacesConfig,
): FoundPlaces {
  const image = { ny, nx, values: Float32Array.from(values) };
  const { signals, lines } = imageSignals(image, voxelMm, config);
  return placesOf(signals, { ny, nx, voxelMm }, config, lines);
}
