/**
 * What is done without direct reconstruction: filtered back-projection, then every voxel fitted on its own as if it lay
 * on the rotation axis. Done on the reduced rays, which the channels' patterns and their reconstruction go to alike, so
 * that it costs a second; a fit of all channels differs by the few per cent of precision that the reduction loses.
 */
import type { Kernels } from "../../src/kernels/index.ts";
import { createReconstructionPlan, reconstructBlock } from "../../src/stages/reconstruct/index.ts";
import { addDensePattern, type DensePhase } from "./dense-solver.ts";
import type { PhantomScan } from "./phantoms.ts";

export interface ConventionalMaps {
  /** [y, x] */
  readonly scale: Float64Array;
  readonly a: Float64Array;
  readonly c: Float64Array;
}

export interface ConventionalFitInput {
  readonly kernels: Kernels;
  readonly scan: PhantomScan;
  /** [angle, translation, terms] reduced rays */
  readonly rays: Float32Array;
  /** [channel, terms] */
  readonly matrix: Float32Array;
  readonly terms: number;
  readonly phase: Pick<DensePhase, "lines" | "fwhmDeg" | "eta">;
  readonly range: { readonly a: readonly [number, number]; readonly c: readonly [number, number] };
  /** other phases in the reduced rays, of one cell: their scales are fitted too */
  readonly others?: readonly { phase: Pick<DensePhase, "lines" | "fwhmDeg" | "eta">; a: number; c: number }[];
  readonly rotationAxis?: number;
}

const NODES = 25;
const STEPS = 12;

/** Scale and cell of every voxel; where there is next to no scale a and c are the middle of the range. */
export function conventionalFit(input: ConventionalFitInput): ConventionalMaps {
  const { kernels, scan, rays, terms, range } = input;
  const { size } = scan.phantom;
  const plan = createReconstructionPlan(
    { method: "fbp" },
    {
      omegaDeg: scan.omegaDeg,
      translations: scan.translations,
      rotationAxis: input.rotationAxis ?? scan.rotationAxis,
      stepMm: scan.stepMm,
    },
  );
  const volume = new Float32Array(size * size * terms);
  const mark = kernels.arena.mark();
  reconstructBlock(kernels, { sinogram: rays, bins: terms, plan }, volume);
  kernels.arena.release(mark);
  const table = tabulate(input);
  const others = (input.others ?? []).map(({ phase, a, c }) => reduced(input, phase, a, c));
  const middle = { a: (range.a[0] + range.a[1]) / 2, c: (range.c[0] + range.c[1]) / 2 };
  const maps = {
    scale: new Float64Array(size * size),
    a: new Float64Array(size * size).fill(middle.a),
    c: new Float64Array(size * size).fill(middle.c),
  };
  for (let v = 0; v < size * size; v++) {
    const fit = fitVoxel(volume.subarray(v * terms, (v + 1) * terms), table, others, input, middle);
    maps.scale[v] = fit.scale;
    maps.a[v] = fit.a;
    maps.c[v] = fit.c;
  }
  return maps;
}

function reduced(
  { scan, matrix, terms }: ConventionalFitInput,
  phase: Pick<DensePhase, "lines" | "fwhmDeg" | "eta">,
  a: number,
  c: number,
): Float64Array {
  const value = new Float64Array(scan.twoThetaDeg.length);
  addDensePattern(scan, { ...phase, x: [], y: [], scale: [], a: [], c: [] }, { a, c }, 0, { value });
  const out = new Float64Array(terms);
  for (let j = 0; j < value.length; j++) for (let k = 0; k < terms; k++) out[k]! += value[j]! * matrix[j * terms + k]!;
  return out;
}

/** [a node, c node][term] */
function tabulate(input: ConventionalFitInput): Float64Array[] {
  const node = ([low, high]: readonly [number, number], i: number): number => low + ((high - low) * i) / (NODES - 1);
  return Array.from({ length: NODES * NODES }, (_, i) =>
    reduced(input, input.phase, node(input.range.a, Math.floor(i / NODES)), node(input.range.c, i % NODES)),
  );
}

/** Four weights of the cubic through four nodes and of its slope, at u from the first of all nodes. */
function lagrange(u: number): { first: number; weights: number[]; slopes: number[] } {
  const first = Math.max(0, Math.min(NODES - 4, Math.floor(u) - 1));
  const x = u - first;
  const weights: number[] = [];
  const slopes: number[] = [];
  for (let i = 0; i < 4; i++) {
    const rest = [0, 1, 2, 3].filter((k) => k !== i);
    const [p, q, r] = rest as [number, number, number];
    const scale = 1 / ((i - p) * (i - q) * (i - r));
    weights.push(scale * (x - p) * (x - q) * (x - r));
    slopes.push(scale * ((x - q) * (x - r) + (x - p) * (x - r) + (x - p) * (x - q)));
  }
  return { first, weights, slopes };
}

function fitVoxel(
  data: Float32Array,
  table: readonly Float64Array[],
  others: readonly Float64Array[],
  { terms, range }: ConventionalFitInput,
  middle: { a: number; c: number },
): { scale: number; a: number; c: number } {
  const toNode = (value: number, [low, high]: readonly [number, number]): number =>
    ((value - low) / (high - low)) * (NODES - 1);
  const clip = (value: number, [low, high]: readonly [number, number]): number => Math.min(high, Math.max(low, value));
  let { a, c } = middle;
  let scale = 0;
  for (let step = 0; step < STEPS; step++) {
    const la = lagrange(toNode(a, range.a));
    const lc = lagrange(toNode(c, range.c));
    const columns = [new Float64Array(terms), new Float64Array(terms), new Float64Array(terms)];
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        const row = table[(la.first + i) * NODES + lc.first + j]!;
        const [w, wa, wc] = [
          la.weights[i]! * lc.weights[j]!,
          la.slopes[i]! * lc.weights[j]!,
          la.weights[i]! * lc.slopes[j]!,
        ];
        for (let k = 0; k < terms; k++) {
          columns[0]![k]! += w * row[k]!;
          columns[1]![k]! += wa * row[k]!;
          columns[2]![k]! += wc * row[k]!;
        }
      }
    }
    const isStart = step === 0;
    const used = [columns[0]!, ...others, ...(isStart ? [] : columns.slice(1))];
    const x = leastSquares(used, data);
    scale = Math.max(0, x[0]!);
    if (isStart) continue;
    if (scale === 0) return { scale: 0, ...middle };
    const da = x[x.length - 2]! / scale;
    const dc = x[x.length - 1]! / scale;
    // no more than one node at a time: a Gauss-Newton step from afar overshoots
    a = clip(a + Math.max(-1, Math.min(1, da)) * ((range.a[1] - range.a[0]) / (NODES - 1)), range.a);
    c = clip(c + Math.max(-1, Math.min(1, dc)) * ((range.c[1] - range.c[0]) / (NODES - 1)), range.c);
    if (Math.abs(da) < 1e-4 && Math.abs(dc) < 1e-4) break;
  }
  return { scale, a, c };
}

/** By the normal equations, with Gauss's elimination. */
function leastSquares(columns: readonly Float64Array[], data: ArrayLike<number>): Float64Array {
  const n = columns.length;
  const m = columns.map((p) => [
    ...columns.map((q) => p.reduce((sum, value, k) => sum + value * q[k]!, 0)),
    p.reduce((sum, value, k) => sum + value * data[k]!, 0),
  ]);
  for (let i = 0; i < n; i++) {
    const pivot = m[i]![i]! * (1 + 1e-9);
    if (!(pivot > 0)) continue;
    for (let k = 0; k < n; k++) {
      if (k === i) continue;
      const factor = m[k]![i]! / pivot;
      for (let j = i; j <= n; j++) m[k]![j]! -= factor * m[i]![j]!;
    }
  }
  return Float64Array.from(m, (row, i) => (row[i]! > 0 ? row[n]! / row[i]! : 0));
}
