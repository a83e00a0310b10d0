/**
 * The five cells of the worked study: states and differences between them as Vamvakeros et al., Small Methods (2021)
 * 2100512, describe them.
 */
import type { Placement } from "./config.ts";

/** What is added to the cathode's x close by. */
export interface LessExchanged {
  readonly casing: number;
  readonly core: number;
  readonly tab: number;
}

export interface StudyCellPlan {
  readonly name: string;
  readonly label: string;
  readonly state: "pristine" | "charged" | "discharged";
  readonly rate?: "C/20" | "C/2";
  /** mean x of Li_xNMC532, all of it that takes part */
  readonly cathodeX: number;
  /** the other way round in the anode: what one electrode kept the other did not get */
  readonly lessExchanged: LessExchanged;
  /** NMC532 that takes no part any more: its lithium content, and where there is some of it */
  readonly inactive?: { readonly x: number; readonly spots: readonly InactiveSpot[] };
  readonly placement: Placement;
  readonly countsPerRay: number;
  readonly seed: number;
  /** of the cycler's files */
  readonly cycler: "gamry" | "gamry, decimal comma" | "biologic";
  /** whether there is a micro-CT slice of it */
  readonly hasCt?: true;
}

/** A disc of cathode; its middle lies on the cathode's collector that is nearest to what is said here. */
export interface InactiveSpot {
  readonly angleDeg: number;
  readonly fromAxisMm: number;
  readonly radiusMm: number;
}

/** mean x of the cathode in a cell as received */
export const AS_RECEIVED_X = 0.411;

/** Positive where a place is delithiated less than the rest, negative where it is lithiated less. */
const lessDelithiated = (casing: number, core: number, tab: number): LessExchanged => ({ casing, core, tab });
const lessLithiated = (casing: number, core: number, tab: number): LessExchanged => ({
  casing: -casing,
  core: -core,
  tab: -tab,
});

/** The five cells of the worked study, as planned: lithium, cycling and placement. */
export const STUDY_CELLS: readonly StudyCellPlan[] = [
  {
    name: "pristine",
    label: "pristine",
    state: "pristine",
    cathodeX: AS_RECEIVED_X,
    lessExchanged: lessDelithiated(0.012, 0.008, 0.01),
    placement: { rotationDeg: 0, shiftMm: [0.04, -0.03], scale: 1 },
    countsPerRay: 1e6,
    seed: 11,
    cycler: "gamry",
  },
  {
    name: "charged-C20",
    label: "charged, C/20",
    state: "charged",
    rate: "C/20",
    cathodeX: 0.27,
    lessExchanged: lessDelithiated(0.025, 0.015, 0.02),
    placement: { rotationDeg: 37, shiftMm: [-0.11, 0.07], scale: 1.004 },
    countsPerRay: 1.2e6,
    seed: 12,
    cycler: "gamry",
  },
  {
    name: "charged-C2",
    label: "charged, C/2",
    state: "charged",
    rate: "C/2",
    cathodeX: 0.4,
    lessExchanged: lessDelithiated(0.05, 0.035, 0.045),
    inactive: {
      x: 0.87,
      spots: [
        { angleDeg: 158, fromAxisMm: 3.1, radiusMm: 0.45 },
        { angleDeg: -72, fromAxisMm: 3.6, radiusMm: 0.4 },
        { angleDeg: 72, fromAxisMm: 2.0, radiusMm: 0.35 },
      ],
    },
    placement: { rotationDeg: -64, shiftMm: [0.09, 0.12], scale: 0.997 },
    countsPerRay: 9e5,
    seed: 13,
    cycler: "gamry, decimal comma",
    hasCt: true,
  },
  {
    name: "discharged-C20",
    label: "discharged, C/20",
    state: "discharged",
    rate: "C/20",
    cathodeX: 0.87,
    lessExchanged: lessLithiated(0.015, 0.01, 0.012),
    inactive: { x: AS_RECEIVED_X, spots: [{ angleDeg: -40, fromAxisMm: 3.4, radiusMm: 0.5 }] },
    placement: { rotationDeg: 151, shiftMm: [-0.06, -0.1], scale: 1.006 },
    countsPerRay: 1.1e6,
    seed: 14,
    cycler: "biologic",
  },
  {
    name: "discharged-C2",
    label: "discharged, C/2",
    state: "discharged",
    rate: "C/2",
    cathodeX: 0.834,
    lessExchanged: lessLithiated(0.045, 0.03, 0.04),
    inactive: {
      x: AS_RECEIVED_X,
      spots: [
        { angleDeg: -115, fromAxisMm: 3.5, radiusMm: 0.55 },
        { angleDeg: 30, fromAxisMm: 3.8, radiusMm: 0.5 },
        { angleDeg: 133, fromAxisMm: 3.3, radiusMm: 0.4 },
      ],
    },
    placement: { rotationDeg: 12, shiftMm: [0.13, -0.05], scale: 0.995 },
    countsPerRay: 1e6,
    seed: 15,
    cycler: "gamry",
  },
];
