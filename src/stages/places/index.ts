export { PlacesConfig, type PlacesInput } from "./config.ts";
export { findPlaces, type PlacesReport } from "./find-places.ts";
