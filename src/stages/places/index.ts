export { PlacesConfig, type PlacesInput } from "./config.ts";
export { alongProfile, depthProfile, type ProfileRow } from "./depth-profile.ts";
export { type FoundPlaces, findPlaces, placesOf } from "./find-places.ts";
export { imageSignals } from "./image-signals.ts";
export type { PlacesReport } from "./report.ts";
export { createUnwinder, type Unwinder, type UnwindOptions, type UnwoundMap } from "./unwind.ts";
