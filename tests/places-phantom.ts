/**
 * A wound cell of which everything is known: its regions, layers, depth, lengths. Made from the definition of the roll,
 * without the code that finds them.
 */
import { type ParameterMap, type PhaseRoles, REGIONS, type SliceMaps } from "../src/data/index.ts";
import { seededRandom } from "./seeded-random.ts";

export interface RollPhantom {
  readonly size: number;
  readonly voxelMm: number;
  /** 1: wound outwards counter-clockwise */
  readonly sense: 1 | -1;
  readonly startDeg: number;
  /** radii are divided by 1 + ovality cos 2t */
  readonly ovality: number;
  /** of a full voxel */
  readonly noise: number;
  readonly innerMm: number;
  readonly turns: number;
  readonly casingMm: number;
  /** of real layers */
  readonly scale: number;
  readonly centreMm: readonly [number, number];
  readonly tab?: TabPhantom;
}

/** A bent strip in place of what is there. */
export interface TabPhantom {
  readonly phase: "Al" | "Cu" | "Ni";
  /** of its middle */
  readonly angleDeg: number;
  readonly lengthMm: number;
  readonly thicknessMm: number;
  /** lies at the outermost or the innermost turn of the collector of its phase, or at this radius */
  readonly at: "outermost" | "innermost" | number;
}

export const ROLES: PhaseRoles = {
  casing: ["Fe"],
  cathode: ["NMC532"],
  anode: ["graphite"],
  cathodeCollector: ["Al"],
  anodeCollector: ["Cu"],
  separator: [],
  tab: [],
};

/** From the inside out, mm: region, thickness, and for coatings the layer and the depth at their inner surface. */
const WINDING = [
  { region: REGIONS.cathode, mm: 0.065, layer: 0, from: 0, to: 1, phase: "NMC532" },
  { region: REGIONS.cathodeCollector, mm: 0.015, layer: -1, from: 0, to: 0, phase: "Al" },
  { region: REGIONS.cathode, mm: 0.065, layer: 1, from: 1, to: 0, phase: "NMC532" },
  { region: REGIONS.separator, mm: 0.02, layer: -1, from: 0, to: 0, phase: "" },
  { region: REGIONS.anode, mm: 0.075, layer: 2, from: 0, to: 1, phase: "graphite" },
  { region: REGIONS.anodeCollector, mm: 0.01, layer: -1, from: 0, to: 0, phase: "Cu" },
  { region: REGIONS.anode, mm: 0.075, layer: 3, from: 1, to: 0, phase: "graphite" },
  { region: REGIONS.separator, mm: 0.02, layer: -1, from: 0, to: 0, phase: "" },
] as const;
export const PITCH_MM = WINDING.reduce((sum, { mm }) => sum + mm, 0);

interface Spot {
  readonly region: number;
  readonly layer: number;
  readonly depth: number;
  readonly phase: string;
}

function spotAt(phantom: RollPhantom, x: number, y: number): Spot {
  const [dx, dy] = [x - phantom.centreMm[0], y - phantom.centreMm[1]];
  const [r, angle] = [Math.hypot(dx, dy), Math.atan2(dy, dx)];
  const nothing = { layer: -1, depth: Number.NaN, phase: "" };
  if (phantom.tab && isInTab(phantom, phantom.tab, r, angle)) {
    return { ...nothing, region: REGIONS.tab, phase: phantom.tab.phase };
  }
  if (r > phantom.casingMm + 0.2) return { ...nothing, region: REGIONS.outside };
  if (r > phantom.casingMm) return { ...nothing, region: REGIONS.casing, phase: "Fe" };
  const pitch = PITCH_MM * phantom.scale;
  const turn = (phantom.sense * angle) / (2 * Math.PI) - phantom.startDeg / 360;
  const share = turn - Math.floor(turn);
  const across = r * (1 + phantom.ovality * Math.cos(2 * angle)) - phantom.innerMm - pitch * share;
  if (across < 0) return { ...nothing, region: REGIONS.core };
  const whole = Math.floor(across / pitch);
  if (whole + share > phantom.turns) return { ...nothing, region: REGIONS.other };
  let at = across - whole * pitch;
  for (const { mm, region, layer, from, to, phase } of WINDING) {
    const thickness = mm * phantom.scale;
    if (at <= thickness) {
      return { region, layer, phase, depth: layer < 0 ? Number.NaN : from + ((to - from) * at) / thickness };
    }
    at -= thickness;
  }
  return { ...nothing, region: REGIONS.separator };
}

/** Middles of the collectors from the inner surface of the winding, mm. */
const COLLECTORS = { Al: 0.0725, Cu: 0.245, Ni: 0.245 } as const;

function isInTab(phantom: RollPhantom, tab: TabPhantom, r: number, angle: number): boolean {
  const { phase, angleDeg, lengthMm, thicknessMm, at } = tab;
  const turnOf = (radians: number): number => {
    const turn = (phantom.sense * radians) / (2 * Math.PI) - phantom.startDeg / 360;
    return turn - Math.floor(turn);
  };
  const middle = (angleDeg * Math.PI) / 180;
  const share = turnOf(angle);
  const turns = at === "outermost" ? Math.floor(phantom.turns - turnOf(middle)) : 0;
  const wound = phantom.innerMm + PITCH_MM * phantom.scale * (turns + share) + COLLECTORS[phase] * phantom.scale;
  const radius = typeof at === "number" ? at : wound / (1 + phantom.ovality * Math.cos(2 * angle));
  const off = Math.abs(Math.atan2(Math.sin(angle - middle), Math.cos(angle - middle)));
  return Math.abs(r - radius) < thicknessMm / 2 && off * radius < lengthMm / 2;
}

const SAMPLES = 5;

/** The maps that a perfect refinement would give, with noise, and the truth at the middles of the voxels. */
export function makeRoll(phantom: RollPhantom, seed = 1) {
  const { size, voxelMm, noise } = phantom;
  const random = seededRandom(seed);
  const gauss = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const phases = ["Fe", "NMC532", "graphite", "Al", "Cu", "Ni"];
  const amounts = new Map(phases.map((phase) => [phase, new Float32Array(size * size)]));
  const region = new Uint8Array(size * size);
  const layer = new Int16Array(size * size);
  const depth = new Float32Array(size * size);
  for (let i = 0; i < size * size; i++) {
    const [col, row] = [i % size, Math.floor(i / size)];
    const at = (k: number, sub: number): number => (k - (size - 1) / 2 + (sub + 0.5) / SAMPLES - 0.5) * voxelMm;
    for (let s = 0; s < SAMPLES * SAMPLES; s++) {
      const { phase } = spotAt(phantom, at(col, s % SAMPLES), at(row, Math.floor(s / SAMPLES)));
      if (phase) amounts.get(phase)![i]! += 1 / (SAMPLES * SAMPLES);
    }
    const middle = spotAt(phantom, at(col, (SAMPLES - 1) / 2), at(row, (SAMPLES - 1) / 2));
    region[i] = middle.region;
    layer[i] = middle.layer;
    depth[i] = middle.depth;
  }
  const maps = new Map<string, ParameterMap>();
  for (const [phase, values] of amounts) {
    const noisy = values.map((value) => 3e-10 * (value + noise * gauss()));
    maps.set(`${phase}/scale`, { name: `map/${phase}/scale`, ny: size, nx: size, unit: "", values: noisy });
  }
  const slice: SliceMaps = { name: "phantom", ny: size, nx: size, voxelMm, maps };
  return {
    slice,
    region,
    layer,
    depth,
    lengthMm: { cathode: lengthOf(phantom, 0.0725), anode: lengthOf(phantom, 0.245) },
  };
}

/** Length of the line that lies `offset` (mm, unscaled) from the inner surface of the winding, by small steps. */
function lengthOf(phantom: RollPhantom, offset: number): number {
  const point = (turn: number): [number, number] => {
    const angle = phantom.sense * 2 * Math.PI * (turn + phantom.startDeg / 360);
    const u = phantom.innerMm + PITCH_MM * phantom.scale * turn + offset * phantom.scale;
    const r = u / (1 + phantom.ovality * Math.cos(2 * angle));
    return [r * Math.cos(angle), r * Math.sin(angle)];
  };
  let length = 0;
  const steps = 20000;
  for (let i = 0; i < steps; i++) {
    const [a, b] = [point((i * phantom.turns) / steps), point(((i + 1) * phantom.turns) / steps)];
    length += Math.hypot(b[0] - a[0], b[1] - a[1]);
  }
  return length;
}
