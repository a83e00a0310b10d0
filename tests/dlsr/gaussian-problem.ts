/**
 * Small DLSR problems of made-up phases: patterns are a few Gaussians on a logarithmic axis, moved by the cell and by
 * the depth, tabulated as a real phase's would be. Data are summed voxel by voxel from the formula, without a table.
 */
import type { Kernels } from "../../src/kernels/index.ts";
import type {
  DepthNodes,
  DlsrGeometry,
  DlsrPhase,
  DlsrProblem,
  PhaseResponse,
  VoxelList,
} from "../../src/stages/dlsr/types.ts";
import { createVoxelList } from "../../src/stages/dlsr/voxel-list.ts";
import { normal, seededRandom } from "../seeded-random.ts";

export const TERMS = 16;
/** Numbers of a ray by relative change of a length: a standard deviation of a line is 0.33 %. */
const PER_LN = 360;
const SIGMA = 1.2;

interface Line {
  readonly at: number;
  readonly intensity: number;
  /** share of each cell parameter in the line's position */
  readonly by: readonly number[];
}

export interface MadePhase {
  readonly name: string;
  readonly cell0: readonly number[];
  readonly lines: readonly Line[];
}

export const LAYERED: MadePhase = {
  name: "layered",
  cell0: [2.84, 14.4],
  lines: [
    { at: 3, intensity: 60, by: [1, 0] },
    { at: 8, intensity: 80, by: [0, 1] },
    { at: 12, intensity: 50, by: [0.6, 0.4] },
  ],
};

export const CUBIC: MadePhase = {
  name: "cubic",
  cell0: [3.6],
  lines: [
    { at: 5.5, intensity: 70, by: [1] },
    { at: 13.5, intensity: 60, by: [1] },
  ],
};

/** The K numbers of a parcel, added to `out`. */
export function addParcel(
  { lines, cell0 }: MadePhase,
  cell: ArrayLike<number>,
  tau: number,
  width: number,
  factor: number,
  out: Float64Array | Float32Array,
  at = 0,
): void {
  const q = factor / (1 - tau) ** 2;
  for (const { at: start, intensity, by } of lines) {
    let centre = start + PER_LN * Math.log(1 - tau);
    by.forEach((share, i) => (centre -= PER_LN * share * Math.log(cell[i]! / cell0[i]!)));
    const s = SIGMA * width;
    for (let k = 0; k < TERMS; k++) {
      out[at + k] = out[at + k]! + ((q * intensity) / width) * Math.exp(-((k - centre) ** 2) / (2 * s * s));
    }
  }
}

const lagrange = (t: number): number[] => [
  (-t * (t - 1) * (t - 2)) / 6,
  ((t + 1) * (t - 1) * (t - 2)) / 2,
  (-(t + 1) * t * (t - 2)) / 2,
  ((t + 1) * t * (t - 1)) / 6,
];
const lagrangeSlope = (t: number): number[] => [
  -(3 * t * t - 6 * t + 2) / 6,
  (3 * t * t - 4 * t - 1) / 2,
  -(3 * t * t - 2 * t - 2) / 2,
  (3 * t * t - 1) / 6,
];

/** Half width of the table, and nodes in each cell parameter. */
const REACH = 0.009;
const NODES = 30;

export function createGaussianResponse(
  { arena }: Kernels,
  made: MadePhase,
  depth: DepthNodes,
  voxels: number,
  isSpatial: boolean,
): PhaseResponse {
  const n = isSpatial ? made.cell0.length : 0;
  const stencil = 4 ** n;
  const nodeCount = NODES ** n;
  const table = arena.f32(nodeCount * depth.count * TERMS);
  const step = made.cell0.map((x) => (2 * REACH * x) / (NODES - 1));
  const first = made.cell0.map((x) => x * (1 - REACH));
  let now = 1;
  const direct = (cell: ArrayLike<number>, width = now): Float32Array => {
    const out = new Float32Array(depth.count * TERMS);
    for (let d = 0; d < depth.count; d++) {
      addParcel(made, cell, depth.first + d * depth.step, width, 1, out, d * TERMS);
    }
    return out;
  };
  const tabulate = (): void => {
    for (let node = 0; node < nodeCount; node++) {
      const cell = made.cell0.map((x, i) =>
        isSpatial ? first[i]! + step[i]! * (Math.floor(node / NODES ** (n - 1 - i)) % NODES) : x,
      );
      table.set(direct(cell), node * depth.count * TERMS);
    }
  };
  tabulate();
  const offsets = arena.i32(stencil);
  for (let q = 0; q < stencil; q++) {
    offsets[q] = 0;
    for (let i = 0; i < n; i++)
      offsets[q] = offsets[q]! + (Math.floor(q / 4 ** (n - 1 - i)) % 4) * NODES ** (n - 1 - i);
  }
  const nodes = arena.i32(voxels).fill(0);
  const value = arena.f32(voxels * stencil).fill(1);
  const slopes = Array.from({ length: n }, () => arena.f32(voxels * stencil));
  return {
    phase: made.name,
    cellNames: ["a", "c"].slice(0, made.cell0.length),
    table,
    stencil,
    offsets,
    nodes,
    value,
    slopes,
    range: made.cell0.map((x) => [x * (1 - REACH), x * (1 + REACH)] as const),
    get width() {
      return now;
    },
    place(cells) {
      if (n === 0) return;
      for (let v = 0; v < cells.length / n; v++) {
        let node = 0;
        const weights = made.cell0.map((_, i) => {
          const u = (cells[v * n + i]! - first[i]!) / step[i]!;
          const base = Math.max(1, Math.min(NODES - 3, Math.floor(u)));
          node += (base - 1) * NODES ** (n - 1 - i);
          return [lagrange(u - base), lagrangeSlope(u - base).map((x) => x / step[i]!)] as const;
        });
        nodes[v] = node;
        for (let q = 0; q < stencil; q++) {
          const digit = (i: number): number => Math.floor(q / 4 ** (n - 1 - i)) % 4;
          value[v * stencil + q] = weights.reduce((product, [values], i) => product * values[digit(i)]!, 1);
          slopes.forEach((slope, along) => {
            slope[v * stencil + q] = weights.reduce(
              (product, pair, i) => product * pair[i === along ? 1 : 0][digit(i)]!,
              1,
            );
          });
        }
      }
    },
    retabulate({ width }) {
      if (width === undefined || width === now) return;
      now = width;
      tabulate();
    },
    direct,
  };
}

export interface MadePart {
  readonly made: MadePhase;
  /** scale and cell at a place, in steps from the axis */
  readonly scale: (x: number, y: number) => number;
  readonly cell: (x: number, y: number) => readonly number[];
  readonly width?: number;
}

export interface MadeScan {
  readonly size: number;
  readonly translations: number;
  readonly angles: number;
  readonly rotationAxis: number;
  readonly distanceMm: number;
  readonly stepMm: number;
  readonly depthSign: 1 | -1;
  readonly side: number;
  /** standard deviation of every number */
  readonly noise: number;
  /** factor of a ray */
  readonly rayFactor?: (angle: number, translation: number) => number;
}

export const SCAN: MadeScan = {
  size: 20,
  translations: 24,
  angles: 22,
  rotationAxis: 11.3,
  distanceMm: 500,
  stepMm: 0.25,
  depthSign: 1,
  side: 1 / 24,
  noise: 3,
};

export const DEPTH: DepthNodes = { count: 14, first: -0.0065, step: 0.001 };

/** Voxels of the disc that the phase fills. */
export const inDisc = (size: number, radius = size / 2 - 0.6): Uint8Array =>
  Uint8Array.from({ length: size * size }, (_, at) => {
    const c = (size - 1) / 2;
    return Math.hypot((at % size) - c, Math.floor(at / size) - c) <= radius ? 1 : 0;
  });

export const geometryOf = (scan: MadeScan): DlsrGeometry => ({
  omegaDeg: Float64Array.from({ length: scan.angles }, (_, a) => (180 * a) / scan.angles),
  translations: scan.translations,
  rotationAxis: scan.rotationAxis,
  size: scan.size,
  stepMm: scan.stepMm,
  distanceMm: scan.distanceMm,
  depthSign: scan.depthSign,
});

/** [angle, translation, K] of the parts' formulas, with noise. */
export function makeData(scan: MadeScan, parts: readonly MadePart[], mask: Uint8Array, seed = 1): Float32Array {
  const { translations, angles, size, side } = scan;
  const rays = new Float64Array(angles * translations * TERMS);
  const parcel = new Float64Array(TERMS);
  geometryOf(scan).omegaDeg.forEach((omega, a) => {
    const [c, s] = [Math.cos((omega * Math.PI) / 180), Math.sin((omega * Math.PI) / 180)];
    for (let at = 0; at < mask.length; at++) {
      if (!mask[at]) continue;
      const [x, y] = [(at % size) - (size - 1) / 2, Math.floor(at / size) - (size - 1) / 2];
      const tau = (scan.depthSign * scan.stepMm * (y * c - x * s)) / scan.distanceMm;
      parcel.fill(0);
      for (const part of parts) addParcel(part.made, part.cell(x, y), tau, part.width ?? 1, part.scale(x, y), parcel);
      const lateral = scan.rotationAxis + x * c + y * s;
      const j = Math.floor(lateral);
      // an overlap of linear interpolation with the three taps of the blur
      for (let o = -1; o <= 2; o++) {
        const hat = (i: number): number => Math.max(0, 1 - Math.abs(lateral - i));
        const isIn = (i: number): number => (i >= 0 && i < translations ? hat(i) : 0);
        const share = (1 - 2 * side) * isIn(j + o) + side * (isIn(j + o - 1) + isIn(j + o + 1));
        if (j + o < 0 || j + o >= translations) continue;
        for (let k = 0; k < TERMS; k++) {
          const i = (a * translations + j + o) * TERMS + k;
          rays[i] = rays[i]! + share * parcel[k]!;
        }
      }
    }
  });
  const random = seededRandom(seed);
  return Float32Array.from(rays, (z, i) => {
    const ray = Math.floor(i / TERMS);
    const factor = scan.rayFactor?.(Math.floor(ray / translations), ray % translations) ?? 1;
    return factor * z + (scan.noise > 0 ? scan.noise * normal(random) : 0);
  });
}

/** What of a phase differs from "all of it refined in every voxel". */
export type PhaseChoice = Partial<Omit<DlsrPhase, "voxels" | "response">> & { readonly made: MadePhase };

/** A problem of phases that start at their middle cells and a scale of 1 in the mask. */
export function makeProblem(
  kernels: Kernels,
  scan: MadeScan,
  data: Float32Array,
  mask: Uint8Array,
  choices: readonly PhaseChoice[],
): DlsrProblem {
  const shared = kernels.arena.f32(data.length);
  shared.set(data);
  const rays = data.length / TERMS;
  const rayVariance = kernels.arena.f32(rays).fill(scan.noise > 0 ? scan.noise ** 2 : 1);
  return {
    geometry: geometryOf(scan),
    depth: DEPTH,
    terms: TERMS,
    data: shared,
    rayVariance,
    phases: choices.map(({ made, ...choice }) => {
      const cell = choice.cell ?? "spatial";
      const voxels = createVoxelList(kernels, mask, scan.size);
      const { count } = voxels;
      const n = made.cell0.length;
      return {
        name: made.name,
        voxels,
        response: createGaussianResponse(kernels, made, DEPTH, count, cell === "spatial"),
        cell,
        cells: Float64Array.from({ length: cell === "spatial" ? count * n : n }, (_, i) => made.cell0[i % n]!),
        scale: new Float64Array(count).fill(1),
        scaleMap: "refined",
        hasGlobalScale: false,
        refinesWidth: false,
        ...choice,
      };
    }),
  };
}

const PHASES = [LAYERED, CUBIC];

/** Responses of a phase for the voxels of other levels. */
export const createGaussianLevels =
  (kernels: Kernels) =>
  (phase: DlsrPhase, voxels: VoxelList): PhaseResponse =>
    createGaussianResponse(
      kernels,
      PHASES.find(({ name }) => name === phase.name)!,
      DEPTH,
      voxels.count,
      phase.cell === "spatial",
    );
