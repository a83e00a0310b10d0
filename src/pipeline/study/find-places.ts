/** The places of a slice for the parts of a study, and the maps that they are found from. */
import { InputError, type ParameterMap } from "../../data/index.ts";
import { type FoundPlaces, imageSignals, type PlacesConfig, placesOf } from "../../stages/places/index.ts";

export { type FoundPlaces, findPlaces, PlacesConfig, type PlacesReport } from "../../stages/places/index.ts";

/**
 * Places from one grey image: casing, core and layers, without what only phases can tell. [y, x], y up.
 *
 * @throws InputError "places-image" where there is nothing to be seen, "places-size"
 */
export function findPlacesOfImage(
  { ny, nx, values }: ParameterMap,
  voxelMm: number,
  config: PlacesConfig,
): FoundPlaces {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const known = Float32Array.from(values, (value) => (Number.isFinite(value) ? value : 0));
  for (const value of known) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (!(high > low)) {
    throw new InputError(
      "places-image",
      `The image of ${ny} x ${nx} pixels (rows x columns) is the same everywhere, or holds no numbers: there is no cell to be found in it. Is it the right file and slice?`,
    );
  }
  const image = { ny, nx, values: known };
  const { signals, lines } = imageSignals(image, voxelMm, config);
  return placesOf(signals, { ny, nx, voxelMm }, config, lines);
}
