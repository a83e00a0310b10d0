/**
 * The virtual cells of the worked study: an AAA-size jelly roll whose electrodes hold the lithium that a plan says.
 *
 * Lithium per transition metal, over both electrodes, is the same in all cells (what is missing to 1 sits in the SEI
 * for good), so that the anode of a cell follows from its cathode:
 *
 *   n_TM x + n_C6 y = INVENTORY n_TM        n_C6 / n_TM = CARBON_RATIO
 *
 * Places that exchange less add s to x and take s n_TM / n_C6 from y. n_TM and n_C6 per volume of coating do not change
 * with the lithium: particles swell into the pores.
 */
import { builtInStructure, cellContent, cellVolume, type Structure } from "../../crystal/index.ts";
import {
  type MaterialConfig,
  type PlacesField,
  type ShapeConfig,
  SimulateConfig,
  type SimulateInput,
} from "./config.ts";
import type { JellyRoll } from "./phantom.ts";
import { AS_RECEIVED_X, type InactiveSpot, STUDY_CELLS, type StudyCellPlan } from "./study-cells.ts";
import { type CurvePoint, calibrationCurve, cellAtContent } from "./study-curve.ts";
import { ANODE_STAGES, type CellTruth, INACTIVE_PHASE, studyTruth } from "./study-truth.ts";

/** lithium in both electrodes, per transition metal */
export const INVENTORY = 0.9;
/** places for lithium in LiC6 per transition metal, so that C/20 and C/2 give the LiC6 : LiC12 that was measured */
export const CARBON_RATIO = 0.882;
/** of the coating; carbon black, binder and electrolyte are the rest */
const CATHODE_FRACTION = 0.55;
const FIELD_MM = 11;
const CAN = { outerMm: 5.085, innerMm: 4.865 } as const;
const ROLL = { innerMm: 0.9, outerMm: 4.78 } as const;
/** thicknesses of a real cell of this size */
const REAL_MM = { cathode: 0.065, Al: 0.015, separator: 0.02, anode: 0.075, Cu: 0.01 } as const;
/** a coating is at least this many voxels thick: layers of a coarse slice are thicker than real ones, and fewer */
const VOXELS_IN_CATHODE = 2.5;
const TAB = { centreMm: [2.5, 2.7], angleDeg: -43, lengthMm: 1.3, thicknessMm: 0.12 } as const;
const REACH_MM = { casing: 0.7, core: 0.7, tab: 0.9 } as const;

/** of the transition metals in a hot spot */
const INACTIVE_SHARE = 0.38;

const POLYMER = {
  humps: [
    { dA: 4.15, fwhmDeg: 0.35, weight: 2 },
    { dA: 2.1, fwhmDeg: 0.9 },
  ],
  relativeArea: 0.25,
  densityGCm3: 0.92,
  composition: { C: 1, H: 2 },
};

export interface StudyCellDesign {
  readonly plan: StudyCellPlan;
  readonly config: SimulateConfig;
  readonly truth: CellTruth;
}

/** The roll of a cell of the study, in the cell's own frame. @param size translations */
export function studyRoll(size: number): JellyRoll {
  const voxelMm = FIELD_MM / (size - 1);
  const scale = Math.max(1, (VOXELS_IN_CATHODE * voxelMm) / REAL_MM.cathode);
  const layer = (material: keyof typeof REAL_MM) => ({ material, thicknessMm: REAL_MM[material] * scale });
  const names = ["cathode", "Al", "cathode", "separator", "anode", "Cu", "anode", "separator"] as const;
  return { kind: "jelly-roll", centreMm: [0, 0], ...ROLL, startDeg: 20, layers: names.map(layer) };
}

/** What a cell of the study is made of, and the truth about it. @param size translations */
export function designStudyCell(plan: StudyCellPlan, size: number): StudyCellDesign {
  const curve = calibrationCurve();
  const carbon = carbonFraction(curve, size);
  const parse = (cathodeBase: number, anodeBase: number): SimulateConfig =>
    SimulateConfig.parse(cellInput(plan, size, curve, { carbon, cathodeBase, anodeBase }));
  // where most of the coating lies near to some place, the mean is not the base
  const first = studyTruth(parse(plan.cathodeX, anodeMeanAt(plan.cathodeX)), plan);
  const cathodeBase = plan.cathodeX + (plan.cathodeX - first.cathode.meanX);
  const { activeTm, inactiveTm, inactiveX } = first.cathode;
  const wanted =
    (INVENTORY * (activeTm + inactiveTm) - plan.cathodeX * activeTm - inactiveX * inactiveTm) / first.anode.c6;
  const config = parse(cathodeBase, anodeMeanAt(plan.cathodeX) + (wanted - first.anode.meanX));
  return { plan, config, truth: studyTruth(config, plan) };
}

/** Mean y of the anode's Li_yC6 where the cathode's mean is x. */
export const anodeMeanAt = (x: number): number => (INVENTORY - x) / CARBON_RATIO;

interface Filling {
  /** volume fraction of pure graphite in the anode's coating */
  readonly carbon: number;
  readonly cathodeBase: number;
  readonly anodeBase: number;
}

function cellInput(
  plan: StudyCellPlan,
  size: number,
  curve: readonly CurvePoint[],
  { carbon, cathodeBase, anodeBase }: Filling,
): SimulateInput {
  const voxelMm = FIELD_MM / (size - 1);
  const follow = (parameter: 1 | 2) => ({
    kind: "curve" as const,
    field: "x",
    points: curve.map((point): [number, number] => [point[0], point[parameter]]),
  });
  const lithiated = { widthFactor: 1.25 };
  return {
    seed: plan.seed,
    scan: {
      translations: size,
      angles: Math.max(1, size - 1),
      stepMm: voxelMm,
      rotationAxis: (size - 1) / 2 + 2 - plan.seed / 7,
      zigZag: true,
      lineShiftSteps: 1,
      includesEnd: true,
    },
    axis: { unit: "q", from: 1.1, to: 6.3, bins: 640 },
    noise: { countsPerRay: plan.countsPerRay },
    fields: { x: placesField(plan, cathodeBase, 1), y: placesField(plan, anodeBase, -1 / CARBON_RATIO) },
    phases: {
      Fe: {},
      NMC532: { structure: structureAt(plan.cathodeX), a: follow(1), c: follow(2), widthFactor: 1.1 },
      Cu: {},
      Al: {},
      ...Object.fromEntries(ANODE_STAGES.map(({ phase }) => [phase, lithiated])),
      Ni: {},
      ...(plan.inactive && {
        [INACTIVE_PHASE]: {
          structure: structureAt(plan.inactive.x),
          ...cellAtContent(curve, plan.inactive.x),
          widthFactor: 1.1,
        },
      }),
      polymer: POLYMER,
    },
    materials: {
      cathode: cathodeMaterial(curve, 1),
      ...(plan.inactive && { hot: cathodeMaterial(curve, 1 - INACTIVE_SHARE, plan.inactive.x) }),
      anode: anodeMaterial(carbon),
      separator: { polymer: 0.55 },
    },
    shapes: studyShapes(plan, size),
    placement: { ...plan.placement, shiftMm: [...plan.placement.shiftMm] },
  };
}

function studyShapes(plan: StudyCellPlan, size: number): ShapeConfig[] {
  const voxelMm = FIELD_MM / (size - 1);
  const origin: [number, number] = [0, 0];
  const roll = studyRoll(size);
  return [
    { kind: "ring", material: "Fe", centreMm: origin, ...CAN },
    roll,
    {
      kind: "rectangle",
      material: "Ni",
      centreMm: [...TAB.centreMm],
      sizeMm: [TAB.lengthMm, Math.max(TAB.thicknessMm, 2.2 * voxelMm)],
      angleDeg: TAB.angleDeg,
    },
    ...(plan.inactive?.spots ?? []).map((spot): ShapeConfig => {
      const { radiusMm } = spot;
      return { kind: "disc", material: "hot", over: "cathode", centreMm: spotCentre(roll, spot), radiusMm };
    }),
  ];
}

/** On the cathode's collector in the winding nearest. */
function spotCentre({ innerMm, startDeg, layers }: JellyRoll, spot: InactiveSpot): [number, number] {
  const { angleDeg, fromAxisMm } = spot;
  const pitch = layers.reduce((sum, { thicknessMm }) => sum + thicknessMm, 0);
  const turn = (angleDeg - startDeg) / 360;
  const first = innerMm + pitch * (turn - Math.floor(turn)) + layers[0]!.thicknessMm + layers[1]!.thicknessMm / 2;
  const radius = first + pitch * Math.max(0, Math.round((fromAxisMm - first) / pitch));
  const angle = (angleDeg * Math.PI) / 180;
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

function placesField({ lessExchanged: less }: StudyCellPlan, base: number, factor: number): PlacesField {
  const ring = (radiusMm: number) => ({ centreMm: [0, 0] as [number, number], radiusMm });
  return {
    base,
    near: [
      { ring: ring(ROLL.outerMm), reachMm: REACH_MM.casing, change: factor * less.casing },
      { ring: ring(ROLL.innerMm), reachMm: REACH_MM.core, change: factor * less.core },
      { pointMm: [...TAB.centreMm], reachMm: REACH_MM.tab, change: factor * less.tab },
    ],
  };
}

/** The structure of the state nearest to a lithium content. */
const structureAt = (x: number): string => (x > 0.6 ? "NMC532-discharged" : "NMC532");

/** As many transition metals at every lithium content; `share` of them active, the others at the content given. */
function cathodeMaterial(curve: readonly CurvePoint[], share: number, inactiveX?: number): MaterialConfig {
  const fresh = cellAtContent(curve, AS_RECEIVED_X);
  const relative = (x: number): number => {
    const { a, c } = cellAtContent(curve, x);
    return (a / fresh.a) ** 2 * (c / fresh.c);
  };
  const inactive =
    inactiveX === undefined ? {} : { [INACTIVE_PHASE]: CATHODE_FRACTION * (1 - share) * relative(inactiveX) };
  const points = curve.map(([at]) => {
    return { at, phases: { NMC532: CATHODE_FRACTION * share * relative(at), ...inactive } };
  });
  return { field: "x", points };
}

/** As much carbon at every lithium content; between two stages both. */
function anodeMaterial(carbon: number): MaterialConfig {
  const perVolume = (phase: string): number => atomsPerVolume(builtInStructure(phase), "C");
  const points = ANODE_STAGES.map(({ phase, y }) => {
    return { at: y, phases: { [phase]: (carbon * perVolume("graphite")) / perVolume(phase) } };
  });
  return { field: "y", points };
}

/** 1/angstrom^3 */
const atomsPerVolume = (structure: Structure, element: string): number =>
  (cellContent(structure).get(element) ?? 0) / cellVolume(structure.cell);

/** Volume fraction of graphite that gives CARBON_RATIO, from the areas of both coatings. */
function carbonFraction(curve: readonly CurvePoint[], size: number): number {
  const [plan] = STUDY_CELLS;
  const trial = 0.5;
  const filling = { carbon: trial, cathodeBase: plan!.cathodeX, anodeBase: anodeMeanAt(plan!.cathodeX) };
  const { cathode, anode } = studyTruth(SimulateConfig.parse(cellInput(plan!, size, curve, filling)), plan!);
  return (trial * CARBON_RATIO * cathode.activeTm) / anode.c6;
}
