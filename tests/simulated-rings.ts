/**
 * A frame of a powder standard with a geometry that is known, for the tests: Gaussian rings in two-theta on a falling
 * background, each pixel averaged over 3 x 3 places, Poisson counts from a seed, grains, gaps and a beam stop.
 */
import type { Frame } from "../src/data/index.ts";
import { chiRad, type Poni, placement, twoThetaRad } from "../src/geometry/index.ts";
import { type Calibrant, calibrantRings } from "../src/stages/calibrate/calibrants.ts";
import { ringTwoTheta } from "../src/stages/calibrate/ring-geometry.ts";
import { normal, poisson, seededRandom } from "./seeded-random.ts";

export interface SimulatedRings {
  readonly rows: number;
  readonly cols: number;
  readonly poni: Poni;
  readonly energyKeV: number;
  readonly calibrant: Calibrant;
  /** counts at the top of the strongest ring */
  readonly counts: number;
  readonly fwhmPx?: number;
  /** relative spread of the intensity along a ring, in patches of 1 degree; 0 a perfect powder */
  readonly graininess?: number;
  readonly hasGaps?: boolean;
  readonly seed: number;
}

export function simulateRings(options: SimulatedRings): Frame {
  const { rows, cols, poni, energyKeV, calibrant, counts, fwhmPx = 3, graininess = 0, seed } = options;
  const rings = calibrantRings(calibrant, 0.35).map(({ dA, intensity }) => ({
    twoTheta: ringTwoTheta(dA, energyKeV),
    intensity,
  }));
  const place = placement(poni, { rows, cols });
  const t = new Float64Array(3);
  const sigma = ((fwhmPx / 2.3548) * poni.pixel1) / poni.dist;
  const random = seededRandom(seed);
  const data = new Int32Array(rows * cols);
  const background = (twoTheta: number): number => 0.02 * Math.exp(-twoTheta / 0.3);
  const onRings = (row: number, col: number, near: number[]): number => {
    place(row, col, t);
    const [twoTheta, chi] = [twoThetaRad(t), chiRad(t)];
    let sum = background(twoTheta);
    for (const k of near) {
      const u = (twoTheta - rings[k]!.twoTheta) / sigma;
      sum += rings[k]!.intensity * Math.exp(-0.5 * u * u) * grain(graininess, seed, k, chi);
    }
    return sum;
  };
  const expected = (row: number, col: number): number => {
    place(row + 0.5, col + 0.5, t);
    const twoTheta = twoThetaRad(t);
    const near = [...rings.keys()].filter((k) => Math.abs(twoTheta - rings[k]!.twoTheta) < 7 * sigma);
    if (near.length === 0) return counts * background(twoTheta);
    let sum = 0;
    for (const dr of THIRDS) for (const dc of THIRDS) sum += onRings(row + dr, col + dc, near);
    return (counts * sum) / 9;
  };
  for (let row = 0, at = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++, at++) {
      if (options.hasGaps && (row % 212 >= 195 || col % 494 >= 487)) {
        data[at] = -1;
        continue;
      }
      data[at] = poisson(expected(row, col), random);
    }
  }
  return { rows, cols, data, header: {} };
}

const THIRDS = [1 / 6, 1 / 2, 5 / 6];

/** Log-normal with mean 1, by ring and degree of azimuth. */
function grain(spread: number, seed: number, ring: number, chi: number): number {
  if (spread === 0) return 1;
  const random = seededRandom(seed + 7919 * ring + 104729 * Math.floor((chi * 180) / Math.PI + 180));
  return Math.exp(spread * normal(random) - (spread * spread) / 2);
}
