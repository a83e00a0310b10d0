/** The stage `series`: maps of one slice over time. */
export { type ChangeMaps, changeMaps } from "./change-maps.ts";
export { SeriesConfig } from "./config.ts";
export { isKnown, knownThroughout, type MapSeries } from "./map-series.ts";
export { type MeansOverTime, meansOverTime, type StepMean } from "./means-over-time.ts";
export { type Round, roundsOf } from "./rounds.ts";
export { type PassWindow, passWindows, type TurnWindow, turnWindows } from "./windows.ts";
