/** What the page for frames shows, as it stands in the address. */
import type { AxisUnit } from "../../data/index.ts";
import type { Poni } from "../../geometry/index.ts";
import type { FrameMask, IntegrateOptions } from "../../server/wire-frames.ts";
import { type Colours, DEFAULT_COLOURS } from "../parts/colour-controls.tsx";

export type SideTab = "calibrate" | "mask" | "cake" | "header";

export interface FramesView {
  readonly frame: number;
  readonly dataset: string;
  /** a .poni in the served folder; "" is none */
  readonly poni: string;
  /** a geometry that is in no file (yet): instead of `poni` */
  readonly geometry: Poni | null;
  /** whose rings are drawn: a standard's name or a CIF; "" is none */
  readonly standard: string;
  /** left of the beam only */
  readonly hasHalfRings: boolean;
  readonly colours: Colours;
  readonly unit: "px" | "mm";
  readonly mask: FrameMask;
  readonly hasMaskShown: boolean;
  readonly tab: SideTab;
  readonly axis: Exclude<AxisUnit, "channel">;
  readonly ordinate: "linear" | "sqrt" | "log";
  readonly options: Omit<IntegrateOptions, "axis" | "chiBins">;
  readonly chiBins: number;
}

export const DEFAULT_VIEW: FramesView = {
  frame: 0,
  dataset: "",
  poni: "",
  geometry: null,
  standard: "",
  hasHalfRings: true,
  colours: { ...DEFAULT_COLOURS, colourMap: "inferno", transform: "log", percentiles: [1, 99.8] },
  unit: "px",
  mask: { invalid: true },
  hasMaskShown: true,
  tab: "calibrate",
  axis: "two-theta",
  ordinate: "sqrt",
  options: {},
  chiBins: 360,
};

export type ChangeView = (part: Partial<FramesView>) => void;
