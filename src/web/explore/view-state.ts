/** What the mode "one map" shows: plain JSON, all of it in the address. */

import type { ReactNode } from "react";
import type { ResultInfo } from "../../server/wire.ts";
import { type Colours, DEFAULT_COLOURS } from "../parts/colour-controls.tsx";
import type { PatternPlotProps } from "../parts/pattern-plot.tsx";
import type { Shape } from "../parts/shapes.ts";
import type { MaskPiece } from "./mask-pieces.ts";
import type { RadialUnit } from "./radial-unit.ts";

export type RegionShape = Exclude<Shape, { readonly kind: "line" | "voxel" }>;

export interface NamedRegion {
  readonly name: string;
  /** of SERIES_COLOURS: kept when another region goes */
  readonly colour: number;
  readonly shape: RegionShape;
}

export interface Line {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  /** across the line, in voxels */
  readonly width: number;
}

export const LOWER_VIEWS = ["sinogram", "profile", "regions", "histogram", "masks"] as const;
export type LowerView = (typeof LOWER_VIEWS)[number];

/** What a lower view puts itself into: the panel with the tabs, and room for its own tools. */
export type Frame = (parts: { tools?: ReactNode; children: ReactNode }) => ReactNode;

export interface OneState {
  /** name of the map; left out: the result's first */
  readonly map?: string;
  /** the image is a map, or the mean over the chosen bins */
  readonly show: "map" | "bins";
  readonly part: "value" | "esd";
  /** voxels whose fit did not converge are left grey */
  readonly isStrict: boolean;
  /** [from, to) */
  readonly bins?: readonly [number, number];
  /** bins on either side whose mean is taken off; 0: none */
  readonly side: number;
  /** [x, y] of the picked voxel */
  readonly voxel?: readonly [number, number];
  readonly colours: Colours;
  /** of the image of bins and of the sinogram */
  readonly binColours: Colours;
  readonly ordinate: NonNullable<PatternPlotProps["ordinate"]>;
  /** of the pattern's axis; left out: the file's */
  readonly unit?: RadialUnit;
  /** phases whose ticks are not shown */
  readonly hidden: readonly string[];
  readonly regions: readonly NamedRegion[];
  readonly line?: Line;
  readonly lower: LowerView;
  /** a range of values on the histogram of the image with this title */
  readonly brush?: { readonly of: string; readonly range: readonly [number, number] };
  /** the histogram counts voxels that did not converge too */
  readonly isBrushAll: boolean;
  /** of the mask that is being drawn */
  readonly pieces: readonly MaskPiece[];
  /** the mean pattern of the brushed or masked voxels is among the patterns */
  readonly hasMarkedPattern: boolean;
}

export const ONE_DEFAULTS: OneState = {
  show: "map",
  part: "value",
  isStrict: false,
  side: 0,
  colours: DEFAULT_COLOURS,
  binColours: { ...DEFAULT_COLOURS, colourMap: "inferno" },
  ordinate: "sqrt",
  hidden: [],
  regions: [],
  lower: "sinogram",
  isBrushAll: false,
  pieces: [],
  hasMarkedPattern: false,
};

/**
 * The state as far as it fits the result: a link may be of a file that was replaced since, by one of fewer bins or
 * voxels. What does not fit is as if it was never chosen.
 */
export function fitting({ voxel, bins, ...state }: OneState, { arrays, volume, axis }: ResultInfo): OneState {
  const array = arrays.find(({ name }) => name === volume) ?? arrays.find(({ kind }) => kind === "map");
  const [rows = 0, cols = 0] = array?.shape ?? [];
  const isBetween = (value: unknown, low: number, high: number): boolean =>
    typeof value === "number" && value >= low && value <= high;
  const isVoxel = voxel && isBetween(voxel[0], 0, cols - 1) && isBetween(voxel[1], 0, rows - 1);
  const count = axis?.values.length ?? 0;
  const isBins = bins && isBetween(bins[0], 0, bins[1] - 1) && isBetween(bins[1], 1, count);
  const lower = LOWER_VIEWS.includes(state.lower) ? state.lower : ONE_DEFAULTS.lower;
  return { ...state, lower, ...(isVoxel && { voxel }), ...(isBins && { bins }) };
}

export type ChangeOne = (part: Partial<OneState>) => void;

/** A hundredth of a voxel is enough, and keeps the address short. */
export function rounded<S extends Shape>(shape: S): S {
  const round = (value: unknown): unknown =>
    typeof value === "number" ? Math.round(value * 100) / 100 : Array.isArray(value) ? value.map(round) : value;
  return Object.fromEntries(Object.entries(shape).map(([key, value]) => [key, round(value)])) as S;
}
