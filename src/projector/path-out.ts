/**
 * What scattered beams lose on their way out, over what they would lose going straight on.
 *
 * A beam that scatters at depth t under 2theta and azimuth eta leaves along
 *
 *   (s, t, z) = (sin 2theta cos eta, cos 2theta, sin 2theta sin eta)
 *
 * so that, in a sample that is the same at every height z, it runs over the slice along the slope tan 2theta cos eta,
 * and is 1 / cos 2theta longer than its shadow along t:
 *
 *   A / T = < exp(-(integral of mu along the slope / cos 2theta - integral of mu straight on)) >_eta
 *
 * The mean over full rings keeps even powers of tan 2theta only, and so A / T is smooth in tan^2 2theta: a quadratic
 * through 0 (where it is 1) and two nodes serves all bins.
 */
import { InputError } from "../data/index.ts";

export interface PathOut {
  readonly angles: number;
  readonly voxels: number;
  /** tan^2 2theta of the two nodes, ascending */
  readonly nodes: readonly [number, number];
  /** [angle, node, voxel] A / T - 1 */
  readonly excess: Float32Array;
}

export interface PathOutOptions {
  /** [angle] degrees */
  readonly omegaDeg: ArrayLike<number>;
  /** voxels along each edge of the grid */
  readonly size: number;
  readonly stepMm: number;
  /** largest 2theta of the bins, degrees, under 60 */
  readonly twoThetaDeg: number;
  /** cos eta and weight of azimuths, weights adding up to 1; left out: whole rings */
  readonly azimuths?: readonly (readonly [cosEta: number, weight: number])[];
}

/** Of whole rings: Gauss-Chebyshev, exact for polynomials in cos eta up to the 7th degree. */
const WHOLE_RINGS: readonly (readonly [number, number])[] = [1, 3, 5, 7].map(
  (k) => [Math.cos((k * Math.PI) / 8), 0.25] as const,
);

/**
 * A / T - 1 for every angle and voxel.
 *
 * @param muPerMm [y, x] 1/mm
 * @throws InputError "path-out-angle"
 */
export function pathOut(muPerMm: ArrayLike<number>, options: PathOutOptions): PathOut {
  const { omegaDeg, size, stepMm, twoThetaDeg, azimuths = WHOLE_RINGS } = options;
  if (!(twoThetaDeg > 0 && twoThetaDeg < 60)) {
    throw new InputError(
      "path-out-angle",
      `The way out was asked for up to 2θ = ${twoThetaDeg}°: it is worked out between 0 and 60°. Cut the patterns there (integrate.range), or set absorb.order to zero.`,
    );
  }
  const angles = omegaDeg.length;
  const voxels = size * size;
  const highest = Math.tan((twoThetaDeg * Math.PI) / 180) ** 2;
  const nodes = [highest / 2, highest] as const;
  const excess = new Float32Array(angles * 2 * voxels);
  const frame = createBeamFrame(size);
  for (let angle = 0; angle < angles; angle++) {
    const omega = (omegaDeg[angle]! * Math.PI) / 180;
    frame.turn(muPerMm, omega);
    const straight = frame.integrate(0, frame.straight);
    nodes.forEach((squared, node) => {
      const tan = Math.sqrt(squared);
      const longer = Math.sqrt(1 + squared);
      frame.sum.fill(0);
      for (const [cosEta, weight] of azimuths) {
        const out = frame.integrate(tan * cosEta, frame.slanted);
        for (let i = 0; i < voxels; i++)
          frame.sum[i]! += weight * Math.expm1(-(longer * out[i]! - straight[i]!) * stepMm);
      }
      frame.turnBack(frame.sum, omega, excess.subarray((angle * 2 + node) * voxels, (angle * 2 + node + 1) * voxels));
    });
  }
  return { angles, voxels, nodes, excess };
}

/** [2] weights of the nodes' excess at tan^2 2theta: the quadratic through both and 0. */
export function nodeWeights([low, high]: PathOut["nodes"], squared: number): [number, number] {
  return [(squared * (squared - high)) / (low * (low - high)), (squared * (squared - low)) / (high * (high - low))];
}

/** Images [t, s] with the beam along t, on the grid's own steps. */
function createBeamFrame(size: number) {
  const voxels = size * size;
  const centre = (size - 1) / 2;
  const mu = new Float64Array(voxels);
  const [sum, straight, slanted] = [new Float64Array(voxels), new Float64Array(voxels), new Float64Array(voxels)];
  const row = new Float64Array(size);
  return {
    sum,
    straight,
    slanted,
    /** the grid's image seen with the beam along t */
    turn(image: ArrayLike<number>, omega: number): void {
      const [c, s] = [Math.cos(omega), Math.sin(omega)];
      for (let t = 0; t < size; t++) {
        for (let i = 0; i < size; i++) {
          const [ds, dt] = [i - centre, t - centre];
          mu[t * size + i] = between(image, size, ds * c - dt * s + centre, ds * s + dt * c + centre);
        }
      }
    },
    /** and back: values at the grid's voxels */
    turnBack(image: ArrayLike<number>, omega: number, out: Float32Array): void {
      const [c, s] = [Math.cos(omega), Math.sin(omega)];
      for (let y = 0; y < size; y++) {
        for (let x = 0; x < size; x++) {
          const [dx, dy] = [x - centre, y - centre];
          out[y * size + x] = between(image, size, dx * c + dy * s + centre, -dx * s + dy * c + centre);
        }
      }
    },
    /**
     * [t, s] integral of mu from each place to beyond the sample along the slope, in steps of t. The image is sheared so
     * that the slope is upright, summed, and sheared back: two interpolations however long the way.
     */
    integrate(slope: number, out: Float64Array): Float64Array {
      row.fill(0);
      const total = new Float64Array(size * 3);
      for (let t = size - 1; t >= 0; t--) {
        const shift = slope * (t - centre);
        // upright column u holds s = u - size + shift
        for (let u = 0; u < total.length; u++) {
          const own = along(mu, t * size, size, u - size + shift);
          total[u]! += own / 2;
        }
        for (let s = 0; s < size; s++) out[t * size + s] = along(total, 0, total.length, s - shift + size);
        for (let u = 0; u < total.length; u++) total[u]! += along(mu, t * size, size, u - size + shift) / 2;
      }
      return out;
    },
  };
}

/**
 * Between the values of a row, by Catmull and Rom's cubics; 0 beyond it. Straight lines would widen what is slanted and
 * leave what is upright: chords near an edge, which bend, would seem longer out than on, by more than the way out is.
 */
function along(values: Float64Array, from: number, length: number, at: number): number {
  const low = Math.floor(at);
  if (low < -2 || low > length) return 0;
  const f = at - low;
  const value = (i: number): number => (i >= 0 && i < length ? values[from + i]! : 0);
  const b = value(low);
  if (f === 0) return b;
  const [a, c, d] = [value(low - 1), value(low + 1), value(low + 2)];
  return b + 0.5 * f * (c - a + f * (2 * a - 5 * b + 4 * c - d + f * (3 * (b - c) + d - a)));
}

/** Between four values of a square image [row, column]; 0 beyond it. */
function between(values: ArrayLike<number>, size: number, x: number, y: number): number {
  const [x0, y0] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - x0, y - y0];
  const at = (row: number, col: number): number =>
    row >= 0 && col >= 0 && row < size && col < size ? values[row * size + col]! : 0;
  return (
    (1 - fy) * ((1 - fx) * at(y0, x0) + fx * at(y0, x0 + 1)) +
    fy * ((1 - fx) * at(y0 + 1, x0) + fx * at(y0 + 1, x0 + 1))
  );
}
