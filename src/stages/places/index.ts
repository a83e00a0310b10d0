export { PlacesConfig, type PlacesInput } from "./config.ts";
export { type FoundPlaces, findPlaces, placesOf } from "./find-places.ts";
export type { PlacesReport } from "./report.ts";
