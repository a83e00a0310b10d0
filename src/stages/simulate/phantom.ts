/**
 * The slice: shapes filled with materials, as volume fractions of every phase in parcels (sub-voxels).
 *
 * Parcel (row, col) of an n k x n k grid lies at x = (col + 1/2) h - n step / 2, y = (row + 1/2) h - n step / 2,
 * h = step / k: the voxel grid is centred on the rotation axis, y up.
 */
import { InputError } from "../../data/index.ts";
import type { MaterialConfig, ShapeConfig, SimulateConfig } from "./config.ts";
import {
  checkRising,
  createFields,
  intervalOf,
  isVarying,
  latticeField,
  type NamedFields,
  namedField,
  ontoSample,
  sampleField,
} from "./fields.ts";

export interface PhantomPhase {
  /** [y, x] of parcels, volume fraction 0 to 1 */
  readonly fraction: Float32Array;
  /** [y, x] of voxels, angstrom; absent where the cell is the structure's everywhere */
  readonly a?: Float64Array;
  readonly c?: Float64Array;
}

export interface Phantom {
  /** voxels along an edge */
  readonly size: number;
  readonly voxelMm: number;
  /** parcels along an edge of a voxel */
  readonly subVoxels: number;
  readonly phases: Readonly<Record<string, PhantomPhase>>;
}

/**
 * The phantom that a configuration draws.
 *
 * @throws InputError "unknown-material" | "material-overfull" | "bad-shape" | "bad-field"
 */
export function drawPhantom(config: SimulateConfig): Phantom {
  const { scan, subVoxels } = config;
  const size = scan.translations;
  const names = Object.keys(config.phases);
  const fields = createFields(config);
  const materials = materialTable(config, names, fields);
  const fractions = names.map(() => new Float32Array((size * subVoxels) ** 2));
  paint(config, materials, fractions);
  const phases = names.map((name, i) => {
    const phase = config.phases[name]!;
    const sampled = (parameter: "a" | "c") => {
      const field = "humps" in phase ? undefined : phase[parameter];
      if (!isVarying(field)) return {};
      const values = latticeField(field, fields, `phases.${name}.${parameter}`);
      return { [parameter]: sampleField(values, config.placement, size, scan.stepMm) };
    };
    return [name, { fraction: fractions[i]!, ...sampled("a"), ...sampled("c") }] as const;
  });
  return { size, voxelMm: scan.stepMm, subVoxels, phases: Object.fromEntries(phases) };
}

/** Volume fraction of each phase, in the order of the phases, at x, y in mm; valid until the next call. */
type Material = (x: number, y: number) => Float64Array;
type MaterialTable = Map<string, Material>;

function materialTable(config: SimulateConfig, names: readonly string[], fields: NamedFields): MaterialTable {
  const nothing = new Float64Array(names.length);
  const table: MaterialTable = new Map([["empty", () => nothing]]);
  names.forEach((name, i) => {
    const pure = new Float64Array(names.length);
    pure[i] = 1;
    table.set(name, () => pure);
  });
  for (const [name, content] of Object.entries(config.materials)) {
    table.set(name, createMaterial(content, names, fields, `materials.${name}`));
  }
  return table;
}

function createMaterial(
  content: MaterialConfig,
  names: readonly string[],
  fields: NamedFields,
  where: string,
): Material {
  if (!followsField(content)) {
    const mix = mixOf(content, names, where);
    return () => mix;
  }
  const followed = namedField(fields, content.field, where);
  const at = content.points.map((point) => point.at);
  checkRising(at, `${where}.points`);
  const mixes = content.points.map(({ phases }, i) => mixOf(phases, names, `${where}.points[${i}]`));
  const mix = new Float64Array(names.length);
  return (x, y) => {
    const { index, share } = intervalOf(at, followed(x, y));
    const [before, after] = [mixes[index]!, mixes[index + 1]!];
    for (let p = 0; p < mix.length; p++) mix[p] = before[p]! * (1 - share) + after[p]! * share;
    return mix;
  };
}

type FollowingMaterial = Extract<MaterialConfig, { field: string }>;
const followsField = (content: MaterialConfig): content is FollowingMaterial => typeof content["field"] === "string";

function mixOf(content: Readonly<Record<string, number>>, names: readonly string[], where: string): Float64Array {
  const mix = new Float64Array(names.length);
  for (const [phase, fraction] of Object.entries(content)) {
    const at = names.indexOf(phase);
    if (at < 0) throw unknownMaterial(where, phase, names);
    mix[at] = fraction;
  }
  const sum = mix.reduce((total, value) => total + value, 0);
  if (sum > 1 + 1e-9) {
    throw new InputError(
      "material-overfull",
      `${where}: the volume fractions add up to ${sum.toPrecision(4)}; at most 1 is possible (what is missing to 1 is pores). Reduce them.`,
    );
  }
  return mix;
}

function unknownMaterial(where: string, found: string, known: readonly string[]): InputError {
  return new InputError(
    "unknown-material",
    `${where}: "${found}" is neither a phase nor a material; known are ${known.join(", ")}, empty. Correct the name or add it.`,
  );
}

interface Painter {
  /** the shape's material at x, y in mm; undefined outside */
  readonly at: (x: number, y: number) => Material | undefined;
  /** it shows only where this lies beneath */
  readonly over?: Material;
}

function paint(config: SimulateConfig, materials: MaterialTable, fractions: readonly Float32Array[]): void {
  const toSample = ontoSample(config.placement);
  const painters = config.shapes.map((shape, i) => createPainter(shape, materials, `shapes[${i}]`));
  const { stepMm, translations } = config.scan;
  const edge = translations * config.subVoxels;
  const samples = config.supersampling;
  const spacing = stepMm / (config.subVoxels * samples);
  const half = (translations * stepMm) / 2;
  const weight = 1 / samples ** 2;
  const sum = new Float64Array(fractions.length);
  for (let row = 0; row < edge; row++) {
    for (let col = 0; col < edge; col++) {
      sum.fill(0);
      for (let i = 0; i < samples; i++) {
        const y = (row * samples + i + 0.5) * spacing - half;
        for (let j = 0; j < samples; j++) {
          const [u, v] = toSample((col * samples + j + 0.5) * spacing - half, y);
          const mix = materialAt(painters, u, v)?.(u, v);
          if (mix) for (let p = 0; p < sum.length; p++) sum[p]! += weight * mix[p]!;
        }
      }
      for (let p = 0; p < sum.length; p++) fractions[p]![row * edge + col] = sum[p]!;
    }
  }
}

/** What the first `count` shapes show. */
function materialAt(
  painters: readonly Painter[],
  x: number,
  y: number,
  count: number = painters.length,
): Material | undefined {
  for (let i = count - 1; i >= 0; i--) {
    const { at, over } = painters[i]!;
    const material = at(x, y);
    if (material && (!over || materialAt(painters, x, y, i) === over)) return material;
  }
  return undefined;
}

function createPainter(shape: ShapeConfig, materials: MaterialTable, where: string): Painter {
  const find = (name: string): Material => {
    const material = materials.get(name);
    if (material) return material;
    throw unknownMaterial(where, name, [...materials.keys()]);
  };
  if (shape.kind === "jelly-roll") {
    checkRadii(shape.innerMm, shape.outerMm, where);
    const layers = shape.layers.map((layer) => find(layer.material));
    return {
      at: (x, y) => {
        const place = placeInRoll(shape, x, y);
        return place && layers[place.layer];
      },
    };
  }
  const material = find(shape.material);
  const isInside = insideOf(shape, where);
  return {
    at: (x, y) => (isInside(x, y) ? material : undefined),
    ...(shape.over !== undefined && { over: find(shape.over) }),
  };
}

type PlainShape = Exclude<ShapeConfig, { kind: "jelly-roll" }>;

function insideOf(shape: PlainShape, where: string): (x: number, y: number) => boolean {
  if (shape.kind === "polygon") return insidePolygon(shape.verticesMm);
  const [cx, cy] = shape.centreMm;
  if (shape.kind === "disc") return (x, y) => Math.hypot(x - cx, y - cy) <= shape.radiusMm;
  if (shape.kind === "ring") {
    checkRadii(shape.innerMm, shape.outerMm, where);
    return (x, y) => {
      const r = Math.hypot(x - cx, y - cy);
      return r >= shape.innerMm && r <= shape.outerMm;
    };
  }
  const angle = (shape.angleDeg * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const along = (x: number, y: number): number => (x - cx) * cosine + (y - cy) * sine;
  const across = (x: number, y: number): number => (y - cy) * cosine - (x - cx) * sine;
  if (shape.kind === "ellipse") {
    const [p, q] = shape.semiAxesMm;
    return (x, y) => (along(x, y) / p) ** 2 + (across(x, y) / q) ** 2 <= 1;
  }
  const [width, height] = shape.sizeMm;
  return (x, y) => Math.abs(along(x, y)) <= width / 2 && Math.abs(across(x, y)) <= height / 2;
}

/** Even-odd rule. */
function insidePolygon(vertices: readonly (readonly [number, number])[]): (x: number, y: number) => boolean {
  return (x, y) => {
    let isInside = false;
    for (let i = 0, j = vertices.length - 1; i < vertices.length; j = i++) {
      const [xi, yi] = vertices[i]!;
      const [xj, yj] = vertices[j]!;
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) isInside = !isInside;
    }
    return isInside;
  };
}

export type JellyRoll = Extract<ShapeConfig, { kind: "jelly-roll" }>;

export interface RollPlace {
  readonly layer: number;
  /** 0 at the layer's inner face, 1 at its outer */
  readonly through: number;
}

/** An Archimedean spiral: the winding moves out by the sum of the layers in every turn. Undefined outside the roll. */
export function placeInRoll(roll: JellyRoll, x: number, y: number): RollPlace | undefined {
  const { innerMm, outerMm, layers } = roll;
  const dx = x - roll.centreMm[0];
  const dy = y - roll.centreMm[1];
  const r = Math.hypot(dx, dy);
  if (r < innerMm || r > outerMm) return undefined;
  let pitch = 0;
  for (const { thicknessMm } of layers) pitch += thicknessMm;
  let turn = (Math.atan2(dy, dx) - (roll.startDeg * Math.PI) / 180) / (2 * Math.PI);
  turn -= Math.floor(turn);
  let depth = r - innerMm - pitch * turn;
  if (depth < 0) return undefined;
  depth -= pitch * Math.floor(depth / pitch);
  for (let layer = 0; layer < layers.length; layer++) {
    const { thicknessMm } = layers[layer]!;
    if (depth < thicknessMm) return { layer, through: depth / thicknessMm };
    depth -= thicknessMm;
  }
  return { layer: layers.length - 1, through: 1 };
}

function checkRadii(innerMm: number, outerMm: number, where: string): void {
  if (innerMm < outerMm) return;
  throw new InputError(
    "bad-shape",
    `${where}: innerMm is ${innerMm} and outerMm ${outerMm}; the inner radius must be smaller than the outer. Exchange or correct them.`,
  );
}
