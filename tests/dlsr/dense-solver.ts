/**
 * Direct least-squares reconstruction by brute force, to judge the fast one by: every channel, double precision, every
 * voxel's pattern and derivatives for every angle from the formula, the normal matrix in full, Cholesky. It shares no
 * code with src/stages/dlsr: no basis, no table, no depth nodes, no conjugate gradients.
 *
 *   F = sum over rays |P (y - kappa m) / sigma|^2 / g  +  sum over parameters lambda sum over pairs omega (x_i - x_j)^2
 *   m(ray) = sum over voxels h(ray, voxel) w(voxel) p(a, c, t / L)
 *
 * P takes away what the nuisance columns span (background, other phases), sigma is of the channel and g of the ray.
 */
import { choleskyInPlace, inverseDiagonal, solveCholesky } from "./dense-cholesky.ts";

/** 1/d^2 = planar / a^2 + axial / c^2 */
export interface DenseLine {
  readonly intensity: number;
  readonly planar: number;
  readonly axial: number;
}

export interface DensePhase {
  readonly lines: readonly DenseLine[];
  /** at an apparent angle, degrees */
  readonly fwhmDeg: (twoThetaDeg: number) => number;
  /** Lorentzian fraction */
  readonly eta: number;
  /** [voxel] mm from the rotation axis */
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** [voxel] */
  readonly scale: ArrayLike<number>;
  readonly a: ArrayLike<number>;
  readonly c: ArrayLike<number>;
}

export interface DenseProblem {
  readonly omegaDeg: ArrayLike<number>;
  readonly translations: number;
  readonly rotationAxis: number;
  readonly stepMm: number;
  /** Infinity: no parallax */
  readonly distanceMm: number;
  readonly depthSign: 1 | -1;
  readonly wavelengthA: number;
  readonly twoThetaDeg: ArrayLike<number>;
  /** [channel] Infinity: left out */
  readonly sigma: ArrayLike<number>;
  /** [angle, translation, channel] */
  readonly data: ArrayLike<number>;
  /** [angle, translation] */
  readonly rayVariance: ArrayLike<number>;
  /** columns of [channel], as patterns (not weighted) */
  readonly nuisance: readonly ArrayLike<number>[];
  /** share of a ray that goes to each neighbour along the translations; 0: none */
  readonly blurSide: number;
  readonly spatial: DensePhase;
  /** phases whose maps and cells are known */
  readonly known?: readonly DensePhase[];
  readonly refinesScale: boolean;
  /** every ray has a scale of its own */
  readonly hasRayScale: boolean;
  /** for a, c, scale: relative to the median of diag(J^T J) */
  readonly lambda: readonly [number, number, number];
  /** for a, c, scale: weights of the penalty themselves, in these units, instead of `lambda` */
  readonly penalty?: { readonly weights: readonly number[]; readonly units: readonly [number, number, number] };
}

export interface DenseResult {
  /** [voxel] */
  readonly a: Float64Array;
  readonly c: Float64Array;
  readonly scale: Float64Array;
  /** of F before each step, and at the end */
  readonly objective: number[];
  /** [step] largest change of a or c in units of a thousandth */
  readonly largestStep: number[];
  /** data part of F a degree of freedom: used channels less nuisances for every ray of finite variance, less unknowns */
  readonly chi2: number;
  /** [voxel] posterior deviation at chi2 = 1 */
  readonly sigmaA: Float64Array;
  readonly sigmaC: Float64Array;
}

const RAD = Math.PI / 180;
const LN2 = Math.LN2;

/** [channel] columns of unit length, normal to each other, weighted with 1 / sigma: modified Gram-Schmidt, twice. */
function orthonormal(columns: readonly ArrayLike<number>[], weight: Float64Array): Float64Array[] {
  const out: Float64Array[] = [];
  for (const column of columns) {
    const v = weight.map((w, j) => w * column[j]!);
    const before = Math.sqrt(dot(v, v));
    for (let pass = 0; pass < 2; pass++) for (const q of out) addScaled(v, q, -dot(v, q));
    const after = Math.sqrt(dot(v, v));
    if (after > 1e-10 * before) out.push(v.map((value) => value / after));
  }
  return out;
}

function dot(p: Float64Array, q: Float64Array): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const n = p.length & ~3;
  for (let i = 0; i < n; i += 4) {
    s0 += p[i]! * q[i]!;
    s1 += p[i + 1]! * q[i + 1]!;
    s2 += p[i + 2]! * q[i + 2]!;
    s3 += p[i + 3]! * q[i + 3]!;
  }
  for (let i = n; i < p.length; i++) s0 += p[i]! * q[i]!;
  return s0 + s1 + (s2 + s3);
}

function addScaled(out: Float64Array, p: Float64Array, factor: number): void {
  for (let i = 0; i < out.length; i++) out[i]! += factor * p[i]!;
}

/**
 * Pattern of a parcel of unit scale and its derivatives with a and c, each [channel], times the channel's weight.
 *
 * @param tau depth over distance
 */
export function addDensePattern(
  problem: Pick<DenseProblem, "wavelengthA" | "twoThetaDeg">,
  phase: DensePhase,
  cell: { a: number; c: number },
  tau: number,
  out: { value: Float64Array; slopeA?: Float64Array; slopeC?: Float64Array },
): void {
  const { wavelengthA, twoThetaDeg } = problem;
  const q = 1 / (1 - tau) ** 2;
  for (const { intensity, planar, axial } of phase.lines) {
    const inverseD2 = planar / cell.a ** 2 + axial / cell.c ** 2;
    const sine2 = (wavelengthA ** 2 * inverseD2) / 4;
    if (sine2 >= 0.5) continue;
    const tangent = (2 * Math.sqrt(sine2 * (1 - sine2))) / (1 - 2 * sine2);
    const apparent = Math.atan((1 - tau) * tangent) / RAD;
    // d tan(2theta) / d sin^2(theta) = (1 / cos^2 2theta) (1 / (sin theta cos theta))
    const slope =
      ((1 - tau) / (1 + ((1 - tau) * tangent) ** 2) / ((1 - 2 * sine2) ** 2 * Math.sqrt(sine2 * (1 - sine2))) / RAD) *
      (wavelengthA ** 2 / 4);
    const toA = slope * ((-2 * planar) / cell.a ** 3);
    const toC = slope * ((-2 * axial) / cell.c ** 3);
    const fwhm = phase.fwhmDeg(apparent);
    const widening = (phase.fwhmDeg(apparent + 1e-4) - phase.fwhmDeg(apparent - 1e-4)) / 2e-4;
    const lorentz = (q * intensity * phase.eta * 2) / (Math.PI * fwhm);
    const gauss = (q * intensity * (1 - phase.eta) * 2 * Math.sqrt(LN2 / Math.PI)) / fwhm;
    for (let j = 0; j < out.value.length; j++) {
      const u = (2 * (twoThetaDeg[j]! - apparent)) / fwhm;
      const l = lorentz / (1 + u * u);
      const g = Math.abs(u) < 7 ? gauss * Math.exp(-LN2 * u * u) : 0;
      out.value[j]! += l + g;
      if (!out.slopeA || !out.slopeC) continue;
      const byU = (-2 * u * l) / (1 + u * u) - 2 * LN2 * u * g;
      const byPosition = (-2 / fwhm) * byU - (widening / fwhm) * (byU * u + l + g);
      out.slopeA[j]! += byPosition * toA;
      out.slopeC[j]! += byPosition * toC;
    }
  }
}

interface Prepared {
  readonly problem: DenseProblem;
  readonly channels: number;
  /** [channel] 1 / sigma, 0 where left out */
  readonly weight: Float64Array;
  readonly q: readonly Float64Array[];
  /** [ray][channel] weighted, projected data less known phases */
  readonly data: readonly Float64Array[];
  readonly known: readonly Float64Array[];
  /** [unit] of a, c, scale */
  readonly units: readonly [number, number, number];
  readonly unknowns: number;
}

interface State {
  readonly a: Float64Array;
  readonly c: Float64Array;
  readonly scale: Float64Array;
}

/** Rays that a voxel is seen in at an angle, with their weights, and its depth in mm. */
function footprint(problem: DenseProblem, angle: number, x: number, y: number) {
  const omega = problem.omegaDeg[angle]! * RAD;
  const place = problem.rotationAxis + (x * Math.cos(omega) + y * Math.sin(omega)) / problem.stepMm;
  const depth = problem.depthSign * (-x * Math.sin(omega) + y * Math.cos(omega));
  const first = Math.floor(place);
  const share = place - first;
  const side = problem.blurSide;
  const raw = (j: number): number =>
    j < 0 || j >= problem.translations ? 0 : j === first ? 1 - share : j === first + 1 ? share : 0;
  const rays: [number, number][] = [];
  for (let j = Math.max(0, first - 1); j <= Math.min(problem.translations - 1, first + 2); j++) {
    const h = (1 - 2 * side) * raw(j) + side * (raw(j - 1) + raw(j + 1));
    if (h !== 0) rays.push([j, h]);
  }
  return { place, tau: depth / problem.distanceMm, rays };
}

function project({ weight, q }: Pick<Prepared, "weight" | "q">, pattern: Float64Array): void {
  for (let j = 0; j < pattern.length; j++) pattern[j]! *= weight[j]!;
  const shares = q.map((column) => dot(column, pattern));
  q.forEach((column, i) => {
    addScaled(pattern, column, -shares[i]!);
  });
}

function prepare(problem: DenseProblem): Prepared {
  const channels = problem.twoThetaDeg.length;
  const weight = Float64Array.from(problem.sigma, (s) => (s > 0 && s < Number.POSITIVE_INFINITY ? 1 / s : 0));
  const q = orthonormal(problem.nuisance, weight);
  const rays = problem.omegaDeg.length * problem.translations;
  const known = Array.from({ length: rays }, () => new Float64Array(channels));
  for (const phase of problem.known ?? []) addKnown(problem, phase, known);
  const data = known.map((_, ray) => {
    const row = Float64Array.from({ length: channels }, (_, j) =>
      weight[j] === 0 ? 0 : problem.data[ray * channels + j]!,
    );
    return row;
  });
  for (const row of [...known, ...data]) project({ weight, q }, row);
  const { a, c, scale } = problem.spatial;
  const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((s, v) => s + v, 0) / values.length;
  const units = problem.penalty?.units ?? ([1e-3 * mean(a), 1e-3 * mean(c), 0.1 * mean(scale)] as const);
  return { problem, channels, weight, q, data, known, units, unknowns: problem.refinesScale ? 3 : 2 };
}

function addKnown(problem: DenseProblem, phase: DensePhase, rays: Float64Array[]): void {
  const channels = problem.twoThetaDeg.length;
  const value = new Float64Array(channels);
  for (let angle = 0; angle < problem.omegaDeg.length; angle++) {
    for (let v = 0; v < phase.x.length; v++) {
      if (phase.scale[v] === 0) continue;
      const { tau, rays: seen } = footprint(problem, angle, phase.x[v]!, phase.y[v]!);
      if (seen.length === 0) continue;
      value.fill(0);
      addDensePattern(problem, phase, { a: phase.a[v]!, c: phase.c[v]! }, tau, { value });
      for (const [j, h] of seen) addScaled(rays[angle * problem.translations + j]!, value, h * phase.scale[v]!);
    }
  }
}

interface Equations {
  objective: number;
  usedRays: number;
  /** [n] J^T r / g, in units */
  readonly gradient: Float64Array;
  /** [n, n] lower triangle of J^T J / g, in units */
  readonly normal: Float64Array;
}

/** Objective, gradient and normal matrix of the data part; unknown v * unknowns + parameter. */
function equations(prepared: Prepared, state: State, wantsNormal: boolean): Equations {
  const { problem, unknowns } = prepared;
  const n = state.a.length * unknowns;
  const out: Equations = {
    objective: 0,
    usedRays: 0,
    gradient: new Float64Array(n),
    normal: new Float64Array(wantsNormal ? n * n : 0),
  };
  for (let angle = 0; angle < problem.omegaDeg.length; angle++) addAngle(prepared, state, angle, wantsNormal, out);
  return out;
}

function voxelColumns(prepared: Prepared, state: State, angle: number, wantsSlopes: boolean) {
  const { problem, channels, units } = prepared;
  const { x, y } = problem.spatial;
  return Array.from(state.a, (a, v) => {
    const { place, tau, rays } = footprint(problem, angle, x[v]!, y[v]!);
    const value = new Float64Array(channels);
    const slopeA = new Float64Array(channels);
    const slopeC = new Float64Array(channels);
    const columns: Float64Array[] = [];
    if (rays.length > 0) {
      const target = wantsSlopes ? { value, slopeA, slopeC } : { value };
      addDensePattern(problem, problem.spatial, { a, c: state.c[v]! }, tau, target);
      project(prepared, value);
      if (wantsSlopes) {
        const slopes = [slopeA, slopeC] as const;
        slopes.forEach((slope, p) => {
          project(prepared, slope);
          columns.push(slope.map((s) => s * state.scale[v]! * units[p]!));
        });
        if (prepared.unknowns === 3) columns.push(value.map((s) => s * units[2]));
      }
    }
    return { v, place, rays, value, columns };
  });
}

function addAngle(prepared: Prepared, state: State, angle: number, wantsNormal: boolean, out: Equations): void {
  const { problem, channels, unknowns } = prepared;
  const { translations } = problem;
  const voxels = voxelColumns(prepared, state, angle, wantsNormal).filter(({ rays }) => rays.length > 0);
  const models = Array.from({ length: translations }, (_, j) => prepared.known[angle * translations + j]!.slice());
  for (const { v, rays, value } of voxels) {
    for (const [j, h] of rays) addScaled(models[j]!, value, h * state.scale[v]!);
  }
  const inverse = new Float64Array(translations);
  const kappa = new Float64Array(translations).fill(1);
  const residuals = models.map((model, j) => {
    const ray = angle * translations + j;
    const variance = problem.rayVariance[ray]!;
    inverse[j] = variance > 0 && variance < Number.POSITIVE_INFINITY ? 1 / variance : 0;
    const square = dot(model, model);
    if (problem.hasRayScale && square > 0) kappa[j] = dot(prepared.data[ray]!, model) / square;
    const residual = prepared.data[ray]!.slice();
    addScaled(residual, model, -kappa[j]!);
    if (inverse[j]! > 0) out.usedRays++;
    out.objective += dot(residual, residual) * inverse[j]!;
    return residual;
  });
  if (!wantsNormal) return;
  const n = state.a.length * unknowns;
  // along the translations, so that voxels which share no ray are far apart
  const order = voxels.sort((p, q) => p.place - q.place);
  const coefficient = new Float64Array(translations);
  for (let i = 0; i < order.length; i++) {
    const one = order[i]!;
    coefficient.fill(0);
    for (const [j, h] of one.rays) {
      coefficient[j] = h * inverse[j]! * kappa[j]! ** 2;
      one.columns.forEach((column, p) => {
        out.gradient[one.v * unknowns + p]! += h * inverse[j]! * kappa[j]! * dot(column, residuals[j]!);
      });
    }
    for (let k = i; k < order.length; k++) {
      const two = order[k]!;
      if (two.place - one.place > 4) break;
      const share = two.rays.reduce((sum, [j, h]) => sum + h * coefficient[j]!, 0);
      if (share === 0) continue;
      for (let p = 0; p < unknowns; p++) {
        for (let s = 0; s < unknowns; s++) {
          if (i === k && s > p) continue;
          const row = one.v * unknowns + p;
          const col = two.v * unknowns + s;
          out.normal[Math.max(row, col) * n + Math.min(row, col)]! += share * dot(one.columns[p]!, two.columns[s]!);
        }
      }
    }
  }
  if (problem.hasRayScale) takeOffModel(order, models, inverse, kappa, unknowns, n, channels, out);
}

/** With a scale for each ray only what is normal to the model of the ray counts: J - m m^T J / |m|^2. */
function takeOffModel(
  voxels: ReturnType<typeof voxelColumns>,
  models: readonly Float64Array[],
  inverse: Float64Array,
  kappa: Float64Array,
  unknowns: number,
  n: number,
  channels: number,
  out: Equations,
): void {
  const byRay = models.map(() => [] as [number, number][]);
  const direction = new Float64Array(channels);
  for (let j = 0; j < models.length; j++) {
    const length = Math.sqrt(dot(models[j]!, models[j]!));
    if (length === 0 || inverse[j] === 0) continue;
    direction.fill(0);
    addScaled(direction, models[j]!, 1 / length);
    for (const { v, rays, columns } of voxels) {
      const h = rays.find(([ray]) => ray === j)?.[1];
      if (h === undefined) continue;
      columns.forEach((column, p) => {
        byRay[j]!.push([v * unknowns + p, h * kappa[j]! * dot(column, direction)]);
      });
    }
    for (const [row, x] of byRay[j]!) {
      for (const [col, y] of byRay[j]!) if (col <= row) out.normal[row * n + col]! -= inverse[j]! * x * y;
    }
  }
}

/** Pairs of the eight neighbours with omega = 1 or 1 / sqrt 2. */
function neighbours({ spatial: { x, y }, stepMm }: DenseProblem): [number, number, number][] {
  const at = new Map<string, number>();
  const key = (i: number, k: number): string => `${i},${k}`;
  const column = Array.from(x, (value) => Math.round((2 * value) / stepMm));
  const row = Array.from(y, (value) => Math.round((2 * value) / stepMm));
  column.forEach((i, v) => {
    at.set(key(i, row[v]!), v);
  });
  const pairs: [number, number, number][] = [];
  column.forEach((i, v) => {
    for (const [dx, dy] of [
      [2, 0],
      [0, 2],
      [2, 2],
      [2, -2],
    ] as const) {
      const other = at.get(key(i + dx, row[v]! + dy));
      if (other !== undefined) pairs.push([v, other, dx * dy === 0 ? 1 : Math.SQRT1_2]);
    }
  });
  return pairs;
}

function medianDiagonal({ normal }: Equations, prepared: Prepared, scale: Float64Array, p: number): number {
  const { unknowns } = prepared;
  const n = scale.length * unknowns;
  const typical = [...scale].sort((x, y) => x - y)[Math.floor(0.75 * scale.length)]!;
  const values = [...scale.keys()]
    .filter((v) => scale[v]! > 0.3 * typical)
    .map((v) => normal[(v * unknowns + p) * (n + 1)]!)
    .sort((x, y) => x - y);
  return values[values.length >> 1] ?? 0;
}

/**
 * Gauss-Newton from the cells and scales given in `problem.spatial`.
 *
 * @param steps outer steps; 0 gives the objective and the posterior deviations only
 */
export function solveDense(problem: DenseProblem, steps: number): DenseResult {
  const prepared = prepare(problem);
  const { units, unknowns, q, weight } = prepared;
  const { spatial } = problem;
  const state: State = {
    a: Float64Array.from(spatial.a),
    c: Float64Array.from(spatial.c),
    scale: Float64Array.from(spatial.scale),
  };
  const maps = [state.a, state.c, state.scale];
  const n = state.a.length * unknowns;
  const pairs = neighbours(problem);
  let lambda: readonly number[] | undefined = problem.penalty?.weights;
  const objective: number[] = [];
  const largestStep: number[] = [];
  const penalty = (): number =>
    pairs.reduce((sum, [i, k, omega]) => {
      for (let p = 0; p < unknowns; p++) {
        sum += lambda![p]! * omega * ((maps[p]![i]! - maps[p]![k]!) / units[p]!) ** 2;
      }
      return sum;
    }, 0);
  for (let step = 0; ; step++) {
    const { normal, gradient, objective: misfit, usedRays } = equations(prepared, state, true);
    lambda ??= Array.from(
      { length: unknowns },
      (_, p) =>
        problem.lambda[p]! *
        medianDiagonal({ normal, gradient, objective: misfit, usedRays }, prepared, state.scale, p),
    );
    objective.push(misfit + penalty());
    for (const [i, k, omega] of pairs) {
      for (let p = 0; p < unknowns; p++) {
        const [row, col] = [i * unknowns + p, k * unknowns + p];
        const size = lambda[p]! * omega;
        normal[row * (n + 1)]! += size;
        normal[col * (n + 1)]! += size;
        normal[Math.max(row, col) * n + Math.min(row, col)]! -= size;
        const pull = (size * (maps[p]![i]! - maps[p]![k]!)) / units[p]!;
        gradient[row]! -= pull;
        gradient[col]! += pull;
      }
    }
    for (let i = 0; i < n; i++) normal[i * (n + 1)]! *= 1 + 1e-12;
    choleskyInPlace(normal, n);
    if (step === steps) {
      const variance = inverseDiagonal(normal, n);
      const used = weight.reduce((sum, w) => sum + (w > 0 ? 1 : 0), 0) - q.length;
      const sigma = (p: number): Float64Array =>
        state.a.map((_, v) => units[p]! * Math.sqrt(variance[v * unknowns + p]!));
      return {
        ...state,
        objective,
        largestStep,
        chi2: misfit / (usedRays * used - n),
        sigmaA: sigma(0),
        sigmaC: sigma(1),
      };
    }
    const change = solveCholesky(normal, n, gradient);
    let largest = 0;
    for (let v = 0; v < state.a.length; v++) {
      for (let p = 0; p < unknowns; p++) {
        const size = Math.max(-3, Math.min(3, change[v * unknowns + p]!));
        if (p < 2) largest = Math.max(largest, Math.abs(size));
        maps[p]![v]! += size * units[p]!;
        // as the fast solver has it: matter does not take light away
        if (p === 2) maps[p]![v] = Math.max(0, maps[p]![v]!);
      }
    }
    largestStep.push(largest);
  }
}

/** The objective's data part alone, for finite differences. */
export function denseMisfit(problem: DenseProblem): number {
  const { a, c, scale } = problem.spatial;
  const state = { a: Float64Array.from(a), c: Float64Array.from(c), scale: Float64Array.from(scale) };
  return equations(prepare(problem), state, false).objective;
}

/** Half the slope of the objective's data part, with its sign turned, in units: [voxel, a c (scale)]. */
export function denseGradient(problem: DenseProblem): { gradient: Float64Array; units: readonly number[] } {
  const { a, c, scale } = problem.spatial;
  const state = { a: Float64Array.from(a), c: Float64Array.from(c), scale: Float64Array.from(scale) };
  const prepared = prepare(problem);
  return { gradient: equations(prepared, state, true).gradient, units: prepared.units };
}

/** [angle, translation, channel] of the model, for made-up data. */
export function denseModel(problem: DenseProblem): Float64Array {
  const channels = problem.twoThetaDeg.length;
  const rays = Array.from({ length: problem.omegaDeg.length * problem.translations }, () => new Float64Array(channels));
  for (const phase of [problem.spatial, ...(problem.known ?? [])]) addKnown(problem, phase, rays);
  const out = new Float64Array(rays.length * channels);
  rays.forEach((row, i) => {
    out.set(row, i * channels);
  });
  return out;
}
