/**
 * Objects whose lattice parameters are known, scanned by the stage simulate: what direct least-squares reconstruction
 * is judged by. The simulator splats every reflection of every parcel at its own parallax-shifted angle and knows
 * nothing of the reduced model: no basis, no table, no depth nodes, bin averages for point values.
 */
import { builtInStructure } from "../../src/crystal/index.ts";
import {
  createExperiment,
  drawPhantom,
  type Experiment,
  type Phantom,
  SimulateConfig,
  type SimulateInput,
  structureNames,
} from "../../src/stages/simulate/index.ts";

export const PHANTOM_NAMES = ["jelly-roll", "half-roll", "grain", "slab", "powders"] as const;
export type PhantomName = (typeof PHANTOM_NAMES)[number];

export interface PhantomOptions {
  /** translations, and voxels along an edge */
  readonly size: number;
  readonly angles: number;
  readonly arcDeg?: number;
  readonly bins?: number;
  readonly subVoxels?: number;
  readonly countsPerRay?: number;
  readonly poisson?: boolean;
  readonly absorption?: boolean;
  /** relative, point by point; the beam monitor is not divided out */
  readonly monitorNoise?: number;
  readonly monitorDrift?: number;
  /** the rotation axis is this much nearer to the detector than the calibrant was */
  readonly depthOffsetMm?: number;
  /** steps by which the rotation axis is off the middle */
  readonly axisShift?: number;
  readonly seed?: number;
  /** a and c of NMC532 the same everywhere */
  readonly isUniform?: boolean;
}

export interface PhantomScan {
  readonly name: PhantomName;
  readonly config: SimulateConfig;
  readonly phantom: Phantom;
  readonly experiment: Experiment;
  /** [angle] degrees */
  readonly omegaDeg: Float64Array;
  readonly translations: number;
  readonly rotationAxis: number;
  readonly stepMm: number;
  /** calibrated distance: where the calibrant was */
  readonly distanceMm: number;
  readonly wavelengthA: number;
  /** [bin] as integrated with the calibrated distance */
  readonly twoThetaDeg: Float64Array;
  /** [bin] counts = value x pixels */
  readonly pixels: Float64Array;
  /** phase: [y, x] volume fraction, and where they vary a and c in angstrom */
  readonly truth: Readonly<Record<string, { fraction: Float32Array; a: Float64Array; c: Float64Array }>>;
}

export const FIELD_MM = 11;
export const DISTANCE_MM = 1000;
/** The phase whose cell varies. */
export const SPATIAL = "NMC532";
export const ETA = 0.25;
export const CAGLIOTI = { U: 0.0636, V: 0, W: 5.0625e-4 };
export const WIDTH_FACTORS: Readonly<Record<string, number>> = { NMC532: 1.1, graphite: 1.25, LiC12: 1.25 };

const POLYMER = {
  humps: [
    { dA: 4.15, fwhmDeg: 0.35, weight: 2 },
    { dA: 2.1, fwhmDeg: 0.9 },
  ],
  relativeArea: 0.25,
  densityGCm3: 0.92,
  composition: { C: 1, H: 2 },
};

const LAYERS = [
  { material: "cathode", thicknessMm: 0.07 },
  { material: "Al", thicknessMm: 0.015 },
  { material: "cathode", thicknessMm: 0.07 },
  { material: "separator", thicknessMm: 0.02 },
  { material: "anode", thicknessMm: 0.075 },
  { material: "Cu", thicknessMm: 0.01 },
  { material: "anode", thicknessMm: 0.075 },
  { material: "separator", thicknessMm: 0.02 },
];

const ROLL_MATERIALS: SimulateInput["materials"] = {
  cathode: { [SPATIAL]: 0.65 },
  anode: { graphite: 0.35, LiC12: 0.25 },
  separator: { polymer: 0.55 },
};

function shapes(name: PhantomName): SimulateInput["shapes"] {
  if (name === "powders") return [{ kind: "disc", material: "mixture", radiusMm: 4.9 }];
  if (name === "grain") return [{ kind: "disc", material: "cathode", centreMm: [4, 0], radiusMm: 0.2 }];
  if (name === "slab") return [{ kind: "rectangle", material: "cathode", centreMm: [3, 0.5], sizeMm: [2, 4] }];
  return [
    { kind: "disc", material: "Fe", radiusMm: 5.05 },
    { kind: "disc", material: "empty", radiusMm: 4.85 },
    { kind: "jelly-roll", innerMm: 0.7, outerMm: 4.8, layers: LAYERS },
    ...(name === "half-roll"
      ? [
          {
            kind: "rectangle" as const,
            material: "empty",
            centreMm: [-2.6, 0] as [number, number],
            sizeMm: [5, 9] as [number, number],
          },
        ]
      : []),
  ];
}

function phases(name: PhantomName): SimulateInput["phases"] {
  if (name === "powders") return { rutile: {}, MgO: {}, CeO2: {} };
  const cathode = { [SPATIAL]: { widthFactor: WIDTH_FACTORS[SPATIAL]!, a: 2.835, c: 14.42 } };
  if (name === "grain" || name === "slab") return cathode;
  const anode = { widthFactor: WIDTH_FACTORS["graphite"]! };
  return { Fe: {}, ...cathode, Cu: {}, Al: {}, graphite: anode, LiC12: anode, polymer: POLYMER };
}

const MATERIALS: Record<PhantomName, SimulateInput["materials"]> = {
  grain: { cathode: { [SPATIAL]: 0.65 } },
  slab: { cathode: { [SPATIAL]: 0.65 } },
  powders: { mixture: { rutile: 0.3, MgO: 0.3, CeO2: 0.05 } },
  "jelly-roll": ROLL_MATERIALS,
  "half-roll": ROLL_MATERIALS,
};

/** a and c in angstrom, x and y in mm; undefined for a phase whose cell is the same everywhere. */
export function trueCell(
  name: PhantomName,
  phase: string,
  x: number,
  y: number,
): { a: number; c?: number } | undefined {
  if (name === "powders") return powderCell(phase, x / 5, y / 5);
  if (phase !== SPATIAL) return undefined;
  if (name === "grain") return { a: 2.835, c: 14.42 };
  // less lithium towards the rim and to one side, and a spot that was left out of the reaction
  const r = Math.hypot(x, y) / 4.9;
  const spot = Math.exp(-((x - 2) ** 2 + (y + 1.5) ** 2) / (2 * 0.6 ** 2));
  const side = x / 4.9;
  return {
    a: 2.832 + 0.01 * r * r - 0.004 * side - 0.008 * spot,
    c: 14.43 - 0.05 * r * r + 0.03 * side + 0.04 * spot,
  };
}

function powderCell(phase: string, x: number, y: number): { a: number; c?: number } {
  if (phase === "rutile") return { a: 4.5937 + 0.008 * x, c: 2.9587 - 0.005 * y };
  return phase === "MgO" ? { a: 4.2117 + 0.008 * x * y } : { a: 5.4117 + 0.01 * (x * x + y * y) };
}

/** The object and its scan, nothing simulated yet. */
export function createPhantom(name: PhantomName, options: PhantomOptions): PhantomScan {
  const { size, angles, bins = 1000, depthOffsetMm = 0, axisShift = 0 } = options;
  const shift = Math.log(1 - depthOffsetMm / DISTANCE_MM);
  const logTan = (deg: number): number => Math.log(Math.tan((deg * Math.PI) / 180)) - shift;
  const stepMm = FIELD_MM / size;
  const config = SimulateConfig.parse({
    seed: options.seed ?? 1,
    scan: {
      translations: size,
      angles,
      arcDeg: options.arcDeg ?? 180,
      stepMm,
      rotationAxis: (size - 1) / 2 + axisShift,
    },
    instrument: {
      distanceMm: DISTANCE_MM - depthOffsetMm,
      absorption: options.absorption ?? false,
      eta: ETA,
      ...CAGLIOTI,
    },
    axis: depthOffsetMm
      ? { unit: "log-tan", from: logTan(1.2), to: logTan(8), bins }
      : { unit: "two-theta", from: 1.2, to: 8, bins },
    noise: {
      countsPerRay: options.countsPerRay ?? 1e6,
      poisson: options.poisson ?? true,
      airShare: 0.05,
      monitorNoise: options.monitorNoise ?? 0,
      monitorDrift: options.monitorDrift ?? 0,
    },
    phases: phases(name),
    materials: MATERIALS[name]!,
    shapes: shapes(name),
    subVoxels: options.subVoxels ?? 4,
    supersampling: (options.subVoxels ?? 4) > 2 ? 2 : 4,
  });
  const phantom = withFields(name, drawPhantom(config), options.isUniform ?? false);
  const structures = Object.fromEntries(structureNames(config).map((id) => [id, builtInStructure(id)]));
  const experiment = createExperiment(config, structures, phantom);
  const { scan, axis } = experiment;
  const twoThetaDeg = depthOffsetMm
    ? axis.values.map((x) => (Math.atan(Math.exp(x + shift)) * 180) / Math.PI)
    : axis.values;
  return {
    name,
    config,
    phantom,
    experiment,
    omegaDeg: scan.omegaDeg,
    translations: scan.translations,
    rotationAxis: scan.rotationAxis,
    stepMm,
    distanceMm: DISTANCE_MM,
    wavelengthA: 12.398419843 / config.instrument.energyKeV,
    twoThetaDeg,
    pixels: experiment.pixels,
    truth: truthOf(experiment),
  };
}

function withFields(name: PhantomName, phantom: Phantom, isUniform: boolean): Phantom {
  if (isUniform) return phantom;
  const { size, voxelMm } = phantom;
  const at = (i: number): number => (i - (size - 1) / 2) * voxelMm;
  const phases = Object.entries(phantom.phases).map(([phase, given]) => {
    const cells = Array.from({ length: size * size }, (_, i) =>
      trueCell(name, phase, at(i % size), at(Math.floor(i / size))),
    );
    if (!cells[0]) return [phase, given] as const;
    const field = (pick: "a" | "c") => Float64Array.from(cells, (cell) => cell![pick]!);
    return [phase, { ...given, a: field("a"), ...(cells[0].c === undefined ? {} : { c: field("c") }) }] as const;
  });
  return { ...phantom, phases: Object.fromEntries(phases) };
}

function truthOf(experiment: Experiment): PhantomScan["truth"] {
  const maps = new Map(experiment.truth().map((map) => [map.name, map.values]));
  const names = Object.keys(experiment.config.phases).filter((phase) => maps.has(`truth/${phase}/a`));
  return Object.fromEntries(
    names.map((phase) => {
      const a = maps.get(`truth/${phase}/a`) as Float64Array;
      const c = (maps.get(`truth/${phase}/c`) ?? a) as Float64Array;
      return [phase, { fraction: maps.get(`truth/${phase}/volume_fraction`) as Float32Array, a, c }];
    }),
  );
}

/** [angle, translation, bin] counts a pixel, as measured. */
export function simulateRays({ experiment, translations, pixels }: PhantomScan): Float32Array {
  const { lines } = experiment.scan;
  const out = new Float32Array(lines * translations * pixels.length);
  for (let i = 0; i < lines; i++) out.set(experiment.line(i).patterns, i * translations * pixels.length);
  return out;
}
