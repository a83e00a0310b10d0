/** What is truly in a cell of the worked study: lithium in both electrodes, voxel by voxel and in all. */
import { builtInStructure, cellContent, cellMass, cellVolume } from "../../crystal/index.ts";
import type { ParameterMap } from "../../data/index.ts";
import { REGIONS } from "../../data/places.ts";
import type { SimulateConfig } from "./config.ts";
import { createFields, ontoSample, sampleField } from "./fields.ts";
import { drawPhantom, type JellyRoll, placeInRoll } from "./phantom.ts";
import type { StudyCellPlan } from "./study-cells.ts";

const AVOGADRO = 6.02214076e23;
const CUBIC_ANGSTROM_PER_MM3 = 1e21;

/** Stages of lithiated graphite in the order of their lithium, y of Li_yC6. */
export const ANODE_STAGES = [
  { phase: "graphite", y: 0 },
  { phase: "LiC30", y: 0.2 },
  { phase: "LiC12", y: 0.5 },
  { phase: "LiC6", y: 1 },
] as const;
export const INACTIVE_PHASE = "NMC532-inactive";

/** Amounts in mol for each mm of the cell's height. */
export interface CellTruth {
  readonly cathode: {
    readonly activeTm: number;
    readonly inactiveTm: number;
    /** mean x of the active part */
    readonly meanX: number;
    /** 0 where there is none */
    readonly inactiveX: number;
    readonly lithium: number;
    /** angstrom, means over the active part's transition metals */
    readonly meanA: number;
    readonly meanC: number;
  };
  readonly anode: {
    /** places for lithium in LiC6 */
    readonly c6: number;
    /** mean y of Li_yC6 */
    readonly meanX: number;
    readonly lithium: number;
  };
  /** of the crystalline matter of the slice */
  readonly weightFractions: Readonly<Record<string, number>>;
}

/** The truth of a configuration made by designStudyCell. */
export function studyTruth(config: SimulateConfig, plan: StudyCellPlan): CellTruth {
  const { phases, subVoxels, size, voxelMm } = drawPhantom(config);
  const x = sampled(config, "x");
  const volumeMm3 = (voxelMm / subVoxels) ** 2;
  const voxelOf = (parcel: number): number => {
    const edge = size * subVoxels;
    return Math.floor(Math.floor(parcel / edge) / subVoxels) * size + Math.floor((parcel % edge) / subVoxels);
  };
  let [activeTm, sumX, sumA, sumC] = [0, 0, 0, 0];
  const { fraction, a, c } = phases["NMC532"]!;
  fraction.forEach((share, parcel) => {
    if (share === 0) return;
    const voxel = voxelOf(parcel);
    const moles = molesOfCells(share * volumeMm3, hexagonalVolume(a![voxel]!, c![voxel]!)) * TM_IN_CELL;
    activeTm += moles;
    sumX += moles * x[voxel]!;
    sumA += moles * a![voxel]!;
    sumC += moles * c![voxel]!;
  });
  const volumeOf = (phase: string): number =>
    (phases[phase]?.fraction.reduce((sum, share) => sum + share, 0) ?? 0) * volumeMm3;
  const inactive = config.phases[INACTIVE_PHASE];
  const inactiveX = plan.inactive?.x ?? 0;
  const inactiveTm =
    inactive && !("humps" in inactive)
      ? molesOfCells(volumeOf(INACTIVE_PHASE), hexagonalVolume(inactive.a as number, inactive.c as number)) * TM_IN_CELL
      : 0;
  let [c6, lithium] = [0, 0];
  for (const { phase, y } of ANODE_STAGES) {
    const structure = builtInStructure(phase);
    const sixes =
      (molesOfCells(volumeOf(phase), cellVolume(structure.cell)) * (cellContent(structure).get("C") ?? 0)) / 6;
    c6 += sixes;
    lithium += sixes * y;
  }
  return {
    cathode: {
      activeTm,
      inactiveTm,
      inactiveX,
      meanX: sumX / activeTm,
      lithium: sumX + inactiveTm * inactiveX,
      meanA: sumA / activeTm,
      meanC: sumC / activeTm,
    },
    anode: { c6, meanX: lithium / c6, lithium },
    weightFractions: bulkWeightFractions(config, volumeOf, activeTm),
  };
}

function bulkWeightFractions(
  config: SimulateConfig,
  volumeOf: (phase: string) => number,
  activeTm: number,
): Record<string, number> {
  const masses = Object.entries(config.phases).flatMap(([name, phase]) => {
    if ("humps" in phase) return [];
    const structure = builtInStructure(phase.structure ?? name);
    const { cell } = structure;
    const { a, c } = phase;
    const volume = typeof a === "number" && typeof c === "number" ? hexagonalVolume(a, c) : cellVolume(cell);
    const moles = name === "NMC532" ? activeTm / TM_IN_CELL : molesOfCells(volumeOf(name), volume);
    return [[name, moles * cellMass(structure)] as const];
  });
  const total = masses.reduce((sum, [, mass]) => sum + mass, 0);
  return Object.fromEntries(masses.map(([name, mass]) => [name, mass / total]));
}

/** Transition metals in the hexagonal cell of a layered oxide. */
const TM_IN_CELL = 3;
const hexagonalVolume = (a: number, c: number): number => (Math.sqrt(3) / 2) * a * a * c;
/** @param cellA3 volume of a unit cell */
const molesOfCells = (volumeMm3: number, cellA3: number): number =>
  (volumeMm3 * CUBIC_ANGSTROM_PER_MM3) / cellA3 / AVOGADRO;

function sampled(config: SimulateConfig, name: "x" | "y"): Float64Array {
  const field = createFields(config).get(name)!;
  return sampleField(field, config.placement, config.scan.translations, config.scan.stepMm);
}

/**
 * truth/NMC532/x, truth/anode/x (y of Li_yC6), truth/places/region (of REGIONS) and truth/places/depth (0 at the
 * surface that faces the separator, 1 at the collector).
 */
export function studyTruthMaps(config: SimulateConfig): ParameterMap[] {
  const phantom = drawPhantom(config);
  const { size, subVoxels } = phantom;
  const total = (names: readonly string[]): Float32Array => {
    const out = new Float32Array(size * size);
    const edge = size * subVoxels;
    for (const name of names) {
      phantom.phases[name]?.fraction.forEach((share, parcel) => {
        const row = Math.floor(Math.floor(parcel / edge) / subVoxels);
        out[row * size + Math.floor((parcel % edge) / subVoxels)]! += share / subVoxels ** 2;
      });
    }
    return out;
  };
  const within = (values: Float64Array, amount: Float32Array): Float64Array =>
    values.map((value, i) => (amount[i]! > 0 ? value : Number.NaN));
  const map = (name: string, values: Float64Array): ParameterMap => ({ name, ny: size, nx: size, unit: "", values });
  const { region, depth } = drawPlaces(config);
  return [
    map("truth/NMC532/x", within(sampled(config, "x"), total(["NMC532"]))),
    map("truth/anode/x", within(sampled(config, "y"), total(ANODE_STAGES.map(({ phase }) => phase)))),
    map("truth/places/region", region),
    map("truth/places/depth", depth),
  ];
}

/** By the points that make up a voxel: the region that holds most of them, and their mean depth in a coating. */
function drawPlaces(config: SimulateConfig): { readonly region: Float64Array; readonly depth: Float64Array } {
  const { translations: size, stepMm } = config.scan;
  const samples = 6;
  const toSample = ontoSample(config.placement);
  const placeAt = createPlaceFinder(config);
  const region = new Float64Array(size * size);
  const depth = new Float64Array(size * size).fill(Number.NaN);
  const votes = new Uint16Array(Object.keys(REGIONS).length);
  const depths = new Float64Array(votes.length);
  for (let voxel = 0; voxel < size * size; voxel++) {
    votes.fill(0);
    depths.fill(0);
    for (let i = 0; i < samples ** 2; i++) {
      const col = (voxel % size) + ((i % samples) + 0.5) / samples - size / 2;
      const row = Math.floor(voxel / size) + (Math.floor(i / samples) + 0.5) / samples - size / 2;
      const place = placeAt(...toSample(col * stepMm, row * stepMm));
      votes[place.region]!++;
      depths[place.region]! += place.depth;
    }
    const most = votes.indexOf(Math.max(...votes));
    region[voxel] = most;
    if (most === REGIONS.cathode || most === REGIONS.anode) depth[voxel] = depths[most]! / votes[most]!;
  }
  return { region, depth };
}

const LAYER_REGION = [
  REGIONS.cathode,
  REGIONS.cathodeCollector,
  REGIONS.cathode,
  REGIONS.separator,
  REGIONS.anode,
  REGIONS.anodeCollector,
  REGIONS.anode,
  REGIONS.separator,
] as const;
/** Coatings whose inner face lies on their collector. */
const OUTER_COATINGS: readonly number[] = [2, 6];

type Shape = SimulateConfig["shapes"][number];
const ofKind = <K extends Shape["kind"]>(shapes: readonly Shape[], kind: K): Extract<Shape, { kind: K }> =>
  shapes.find((shape): shape is Extract<Shape, { kind: K }> => shape.kind === kind)!;

/** In the frame of the cell. */
function createPlaceFinder({ shapes }: SimulateConfig) {
  const can = ofKind(shapes, "ring");
  const roll: JellyRoll = ofKind(shapes, "jelly-roll");
  const tab = ofKind(shapes, "rectangle");
  const angle = (tab.angleDeg * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const isTab = (x: number, y: number): boolean => {
    const [dx, dy] = [x - tab.centreMm[0], y - tab.centreMm[1]];
    const [length, thickness] = tab.sizeMm;
    return Math.abs(dx * cosine + dy * sine) <= length / 2 && Math.abs(dy * cosine - dx * sine) <= thickness / 2;
  };
  return (x: number, y: number): { readonly region: number; readonly depth: number } => {
    const r = Math.hypot(x, y);
    if (r > can.outerMm) return { region: REGIONS.outside, depth: 0 };
    if (r >= can.innerMm) return { region: REGIONS.casing, depth: 0 };
    if (isTab(x, y)) return { region: REGIONS.tab, depth: 0 };
    const place = placeInRoll(roll, x, y);
    // the void inside the first winding is the core's as well
    if (!place) return { region: r < can.innerMm / 2 ? REGIONS.core : REGIONS.other, depth: 0 };
    const { layer, through } = place;
    return { region: LAYER_REGION[layer]!, depth: OUTER_COATINGS.includes(layer) ? 1 - through : through };
  };
}
