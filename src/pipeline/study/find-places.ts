/** The places of a slice for the parts of a study, and what unwinds its maps. */
export { type FoundPlaces, findPlaces, PlacesConfig, type PlacesReport } from "../../stages/places/index.ts";
