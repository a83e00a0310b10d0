/** Experiments ready to run; `size` is the number of translations. */
import { InputError } from "../../data/index.ts";
import type { SimulateInput } from "./config.ts";

/** Names of the experiments that `xrdct simulate` knows. */
export const PRESET_NAMES = ["demo", "cell", "grain", "capillary", "frames-demo"] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

/** Porous electrodes: what is missing to 1 is electrolyte, which is left out. */
const MATERIALS = {
  cathode: { NMC532: 0.65 },
  anode: { graphite: 0.35, LiC12: 0.25 },
  separator: { polymer: 0.55 },
};

const POLYMER = {
  humps: [
    { dA: 4.15, fwhmDeg: 0.35, weight: 2 },
    { dA: 2.1, fwhmDeg: 0.9 },
  ],
  relativeArea: 0.25,
  densityGCm3: 0.92,
  composition: { C: 1, H: 2 },
};

/** From the inside out: one winding of a double-sided cathode and a double-sided anode. */
function winding(scale: number) {
  return [
    { material: "cathode", thicknessMm: 0.065 * scale },
    { material: "Al", thicknessMm: 0.015 * scale },
    { material: "cathode", thicknessMm: 0.065 * scale },
    { material: "separator", thicknessMm: 0.02 * scale },
    { material: "anode", thicknessMm: 0.075 * scale },
    { material: "Cu", thicknessMm: 0.01 * scale },
    { material: "anode", thicknessMm: 0.075 * scale },
    { material: "separator", thicknessMm: 0.02 * scale },
  ];
}

/**
 * A preset's configuration, to be changed and then parsed by SimulateConfig.
 *
 * @param size translations; each preset has its own default
 * @throws InputError "unknown-preset"
 */
export function presetConfig(name: string, size?: number): SimulateInput {
  const create = Object.hasOwn(PRESETS, name) ? PRESETS[name as PresetName] : undefined;
  if (create) return create(size);
  throw new InputError(
    "unknown-preset",
    `There is no preset "${name.slice(0, 40)}": there are ${PRESET_NAMES.join(", ")}. Name one of them or give a YAML file.`,
  );
}

const PRESETS: Record<PresetName, (size?: number) => SimulateInput> = {
  demo: (size = 61) => smallCell(size),
  cell: (size = 181) => fullCell(size),
  grain: (size = 61) => loneGrain(size),
  capillary: (size = 81) => catalystCapillary(size),
  "frames-demo": (size = 21) => framesDemo(size),
};

/** 6 mm across: windings three times thicker than real ones, so that 61 translations show every layer. */
function smallCell(size: number): SimulateInput {
  const diameterMm = 6;
  return {
    scan: {
      translations: size,
      angles: Math.max(1, size - 1),
      stepMm: diameterMm / (size - 1),
      rotationAxis: (size - 1) / 2 + 0.35,
      zigZag: true,
      lineShiftSteps: 1,
      includesEnd: true,
    },
    axis: { unit: "q", from: 1.1, to: 6, bins: 600 },
    phases: {
      Fe: {},
      // delithiated less towards the casing: c grows by 0.3 %
      NMC532: {
        a: { kind: "radial", centre: 2.818, edge: 2.826, radiusMm: 2.6 },
        c: { kind: "radial", centre: 14.53, edge: 14.487, radiusMm: 2.6 },
        widthFactor: 1.1,
      },
      Cu: {},
      Al: {},
      graphite: { widthFactor: 1.25 },
      LiC12: { widthFactor: 1.25 },
      polymer: POLYMER,
    },
    materials: MATERIALS,
    shapes: [
      { kind: "disc", material: "Fe", radiusMm: 2.75 },
      { kind: "disc", material: "empty", radiusMm: 2.5 },
      { kind: "jelly-roll", innerMm: 0.4, outerMm: 2.45, layers: winding(3) },
      { kind: "disc", material: "Fe", radiusMm: 0.2 },
    ],
  };
}

/** A cell of 11 mm with windings of real thickness, as scanned at PETRA III P07; 549 translations are the paper's. */
function fullCell(size: number): SimulateInput {
  const diameterMm = 11;
  return {
    scan: {
      translations: size,
      angles: Math.max(1, Math.round((size * 400) / 549)),
      stepMm: diameterMm / (size - 1),
      rotationAxis: (size - 1) / 2 + 1.3,
      zigZag: true,
      lineShiftSteps: 1,
      includesEnd: true,
    },
    axis: { unit: "q", from: 1.1, to: 7.3, bins: 1000 },
    phases: {
      Fe: {},
      Ni: {},
      NMC532: {
        a: { kind: "radial", centre: 2.818, edge: 2.826, radiusMm: 5 },
        c: { kind: "radial", centre: 14.53, edge: 14.487, radiusMm: 5 },
        widthFactor: 1.1,
      },
      Cu: {},
      Al: {},
      graphite: { widthFactor: 1.25 },
      LiC12: { widthFactor: 1.25 },
      polymer: POLYMER,
    },
    materials: MATERIALS,
    shapes: [
      { kind: "disc", material: "Ni", radiusMm: 5.23 },
      { kind: "disc", material: "Fe", radiusMm: 5.22 },
      { kind: "disc", material: "empty", radiusMm: 5 },
      { kind: "jelly-roll", innerMm: 1, outerMm: 4.95, layers: winding(1) },
      { kind: "ring", material: "Fe", innerMm: 0.75, outerMm: 0.9 },
    ],
    subVoxels: size > 300 ? 1 : 2,
  };
}

/** One grain of CeO2 far from the axis: parallax and nothing else. */
function loneGrain(size: number): SimulateInput {
  const fieldMm = 10;
  return {
    scan: { translations: size, angles: 2 * (size - 1), arcDeg: 360, stepMm: fieldMm / (size - 1) },
    instrument: { absorption: false },
    axis: { unit: "two-theta", from: 1.5, to: 8, bins: 1000 },
    noise: { airShare: 0.02, monitorDrift: 0, monitorNoise: 0 },
    phases: { CeO2: {} },
    shapes: [{ kind: "disc", material: "CeO2", centreMm: [3.6, 1.2], radiusMm: 0.3 }],
  };
}

/** Supported catalyst: grains of alumina with ceria and nickel of stepped cell in a glass capillary of 1 mm. */
function catalystCapillary(size: number): SimulateInput {
  const fieldMm = 1.2;
  const grain = (material: string, x: number, y: number, radiusMm: number) => ({
    kind: "disc" as const,
    material,
    centreMm: [x, y] as [number, number],
    radiusMm,
  });
  return {
    scan: { translations: size, angles: size, stepMm: fieldMm / size, rotationAxis: (size - 1) / 2 - 0.6 },
    instrument: { energyKeV: 60, distanceMm: 500 },
    axis: { unit: "two-theta", from: 2, to: 16, bins: 1000 },
    phases: {
      Al2O3: { widthFactor: 1.3 },
      CeO2: { a: { kind: "stepped", values: [5.4117, 5.4165, 5.4213], radiusMm: 0.5 }, widthFactor: 2 },
      Ni: { widthFactor: 2.5 },
      glass: {
        humps: [{ dA: 4.1, fwhmDeg: 1 }],
        relativeArea: 0.3,
        densityGCm3: 2.2,
        composition: { Si: 1, O: 2 },
      },
    },
    materials: { support: { Al2O3: 0.55 }, active: { Al2O3: 0.4, CeO2: 0.15, Ni: 0.05 } },
    shapes: [
      { kind: "ring", material: "glass", innerMm: 0.5, outerMm: 0.51 },
      grain("active", -0.2, 0.22, 0.17),
      grain("active", 0.24, 0.16, 0.2),
      grain("support", 0.02, -0.1, 0.12),
      { kind: "ellipse", material: "active", centreMm: [-0.22, -0.2], semiAxesMm: [0.2, 0.12], angleDeg: 30 },
      { kind: "rectangle", material: "support", centreMm: [0.2, -0.25], sizeMm: [0.25, 0.18], angleDeg: -20 },
    ],
  };
}

/** A scan small enough to keep every detector frame: a tilted detector with gaps, hot pixels and spots. */
function framesDemo(size: number): SimulateInput {
  const fieldMm = 4.2;
  return {
    scan: { translations: size, angles: size, stepMm: fieldMm / size },
    instrument: { distanceMm: 250 },
    axis: { unit: "two-theta", from: 1, to: 8, bins: 400 },
    detector: {
      rows: 400,
      cols: 388,
      pixelUm: 172,
      centreRow: 196.4,
      centreCol: 190.7,
      rot1Deg: 0.4,
      rot2Deg: -0.3,
      moduleRows: 195,
      moduleCols: 192,
      gapRows: 10,
      gapCols: 4,
      hotPixels: 20,
      deadPixels: 20,
      spotsPerFrame: 8,
    },
    noise: { countsPerRay: 3e6 },
    phases: {
      NMC532: { c: { kind: "linear", from: 14.45, to: 14.55, lengthMm: 4 } },
      Cu: {},
      Al: {},
    },
    materials: { cathode: { NMC532: 0.65 } },
    shapes: [
      { kind: "disc", material: "Al", radiusMm: 1.95 },
      { kind: "disc", material: "cathode", radiusMm: 1.7 },
      { kind: "disc", material: "Cu", centreMm: [0.5, 0.4], radiusMm: 0.35 },
    ],
  };
}
