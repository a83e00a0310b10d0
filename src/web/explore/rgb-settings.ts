/** What the mode "red, green, blue" shows: plain JSON, all of it in the address. */
import type { LoadedMap } from "./loaded-map.ts";
import type { RgbColour } from "./rgb-mix.ts";

type Limits = readonly [number, number];

export interface RgbSettings {
  /** names of the maps; none of the three: the first preset */
  readonly red?: string;
  readonly green?: string;
  readonly blue?: string;
  readonly redWeight: number;
  readonly greenWeight: number;
  readonly blueWeight: number;
  /** limits as shares of the values, % */
  readonly redPercentiles: Limits;
  readonly greenPercentiles: Limits;
  readonly bluePercentiles: Limits;
  /** limits in the unit of the map, instead of percentiles */
  readonly redLimits?: Limits;
  readonly greenLimits?: Limits;
  readonly blueLimits?: Limits;
  readonly gamma: number;
  /** [x, y] of the picked voxel, the same in all modes */
  readonly voxel?: readonly [number, number];
}

const ALL: Limits = [1, 99];
export const RGB_DEFAULTS: RgbSettings = {
  redWeight: 1,
  greenWeight: 1,
  blueWeight: 1,
  redPercentiles: ALL,
  greenPercentiles: ALL,
  bluePercentiles: ALL,
  gamma: 1,
};

/** The members of RgbSettings that belong to a colour. */
export const SLOTS = {
  red: { weight: "redWeight", percentiles: "redPercentiles", limits: "redLimits" },
  green: { weight: "greenWeight", percentiles: "greenPercentiles", limits: "greenLimits" },
  blue: { weight: "blueWeight", percentiles: "bluePercentiles", limits: "blueLimits" },
} as const satisfies Record<RgbColour, Record<string, keyof RgbSettings>>;

export interface ShownChannel {
  readonly colour: RgbColour;
  readonly map: LoadedMap;
  readonly limits: Limits;
  readonly weight: number;
}
