/**
 * Calibrants: lattice spacings, and intensities good to a factor of two, which is enough to know the strong rings.
 *
 * The spacings are the certificates' (22.5 degrees C). The intensities take every atom as a point with
 * f = Z exp(-k s), s = 1/2d, k = 2.2 (8/Z)^0.4 angstrom (a rough fit to the tabulated form factors), times the
 * Lorentz factor of an azimuthal mean, ~d^2. Whoever has |F|^2 gives a list of reflections instead.
 */
import { InputError } from "../../data/index.ts";

/** One ring of a powder: reflections of one spacing. */
export interface CalibrantRing {
  readonly dA: number;
  /** of the azimuthal mean, relative to the strongest */
  readonly intensity: number;
}

interface Crystal {
  readonly a: number;
  readonly c: number;
  readonly gammaDeg: 90 | 120;
  /** whole cell: [Z, x, y, z] */
  readonly atoms: readonly (readonly [number, number, number, number])[];
}

type Position = readonly [number, number, number];
const FACE: Position[] = [
  [0, 0, 0],
  [0, 0.5, 0.5],
  [0.5, 0, 0.5],
  [0.5, 0.5, 0],
];
const RHOMBOHEDRAL: Position[] = [
  [0, 0, 0],
  [2 / 3, 1 / 3, 1 / 3],
  [1 / 3, 2 / 3, 2 / 3],
];
const place = (Z: number, positions: Position[], centring: Position[]) =>
  positions.flatMap(([x, y, z]) => centring.map(([u, v, w]) => [Z, x + u, y + v, z + w] as const));
const cubic = (a: number, atoms: Crystal["atoms"]): Crystal => ({ a, c: a, gammaDeg: 90, atoms });
const diamond = (a: number): Crystal =>
  cubic(
    a,
    place(
      14,
      [
        [0, 0, 0],
        [0.25, 0.25, 0.25],
      ],
      FACE,
    ),
  );

/** B at (x, 1/2, 1/2) of LaB6; Al at (0, 0, z) and O at (x, 0, 1/4) of corundum (Lewis et al., Acta Cryst. A38, 1982, 733). */
const [xB, zAl, xO] = [0.1996, 0.35216, 0.30624];

const CRYSTALS = {
  /** NIST SRM 674b */
  CeO2: cubic(5.411651, [
    ...place(58, [[0, 0, 0]], FACE),
    ...place(
      8,
      [
        [0.25, 0.25, 0.25],
        [0.75, 0.75, 0.75],
      ],
      FACE,
    ),
  ]),
  /** NIST SRM 660c */
  LaB6: cubic(4.156826, [
    [57, 0, 0, 0],
    [5, xB, 0.5, 0.5],
    [5, -xB, 0.5, 0.5],
    [5, 0.5, xB, 0.5],
    [5, 0.5, -xB, 0.5],
    [5, 0.5, 0.5, xB],
    [5, 0.5, 0.5, -xB],
  ]),
  /** NIST SRM 640e; Si-640d is the batch before it */
  Si: diamond(5.431179),
  "Si-640d": diamond(5.43123),
  /** NIST SRM 676a */
  Al2O3: {
    a: 4.759091,
    c: 12.991779,
    gammaDeg: 120,
    atoms: [
      ...place(
        13,
        [
          [0, 0, zAl],
          [0, 0, 0.5 - zAl],
          [0, 0, -zAl],
          [0, 0, 0.5 + zAl],
        ],
        RHOMBOHEDRAL,
      ),
      ...place(
        8,
        [
          [xO, 0, 0.25],
          [0, xO, 0.25],
          [-xO, -xO, 0.25],
          [-xO, 0, 0.75],
          [0, -xO, 0.75],
          [xO, xO, 0.75],
        ],
        RHOMBOHEDRAL,
      ),
    ],
  },
  /** Taylor, J. Inst. Metals 77 (1950) 585: a metal foil, not a certified standard */
  Ni: cubic(3.5239, place(28, [[0, 0, 0]], FACE)),
  /** Wyckoff, Crystal Structures (1963): a metal foil, not a certified standard */
  Cu: cubic(3.61496, place(29, [[0, 0, 0]], FACE)),
} satisfies Record<string, Crystal>;

export type CalibrantName = keyof typeof CRYSTALS;
export const CALIBRANTS = Object.keys(CRYSTALS) as [CalibrantName, ...CalibrantName[]];

/** A named standard, or lattice spacings with what is known of their intensities. */
export type Calibrant =
  | CalibrantName
  | {
      readonly name: string;
      readonly dA: readonly number[];
      /** relative intensity of each; 1 where left out */
      readonly intensity?: readonly number[] | undefined;
    };

export const calibrantName = (calibrant: Calibrant): string =>
  typeof calibrant === "string" ? calibrant : calibrant.name;

/** Weaker rings than this share of the strongest are not looked for. */
const WEAKEST = 2e-3;

/**
 * The rings of a calibrant with spacings above dMinA, the largest first; equal spacings are one ring.
 *
 * @throws InputError "calibrate-calibrant" for a list that is not spacings
 */
export function calibrantRings(calibrant: Calibrant, dMinA: number): CalibrantRing[] {
  if (typeof calibrant === "string") return crystalRings(CRYSTALS[calibrant], dMinA);
  const { name, dA, intensity } = calibrant;
  if (intensity && intensity.length !== dA.length) {
    throw new InputError(
      "calibrate-calibrant",
      `The calibrant "${name}" has ${dA.length} spacings but ${intensity.length} intensities: give one for each, or none.`,
    );
  }
  const wrong = dA.findIndex((d) => !(d > 0.05 && d < 1000));
  if (wrong >= 0) {
    throw new InputError(
      "calibrate-calibrant",
      `Spacing ${wrong + 1} of the calibrant "${name}" is ${dA[wrong]}: lattice spacings are in angstrom, between 0.05 and 1000.`,
    );
  }
  return mergeRings(dA.map((d, i) => ({ dA: d, intensity: intensity?.[i] ?? 1 }))).filter((ring) => ring.dA >= dMinA);
}

function crystalRings({ a, c, gammaDeg, atoms }: Crystal, dMinA: number): CalibrantRing[] {
  const rings: CalibrantRing[] = [];
  const [hMax, lMax] = [Math.ceil((a * 1.16) / dMinA), Math.ceil(c / dMinA)];
  // (hkl) and (-h-k-l) are the same ring: half of reciprocal space is enough.
  for (let h = 0; h <= hMax; h++) {
    for (let k = h === 0 ? 0 : -hMax; k <= hMax; k++) {
      for (let l = h === 0 && k === 0 ? 1 : -lMax; l <= lMax; l++) {
        const inPlane = gammaDeg === 90 ? (h * h + k * k) / a ** 2 : ((4 / 3) * (h * h + h * k + k * k)) / a ** 2;
        const dA = 1 / Math.sqrt(inPlane + (l * l) / c ** 2);
        if (dA < dMinA) continue;
        const intensity = pointAtomFSquared(atoms, h, k, l, 1 / (2 * dA)) * dA * dA;
        rings.push({ dA, intensity });
      }
    }
  }
  return mergeRings(rings);
}

function pointAtomFSquared(atoms: Crystal["atoms"], h: number, k: number, l: number, s: number): number {
  let [re, im] = [0, 0];
  for (const [Z, x, y, z] of atoms) {
    const f = Z * Math.exp(-2.2 * (8 / Z) ** 0.4 * s);
    const phase = 2 * Math.PI * (h * x + k * y + l * z);
    re += f * Math.cos(phase);
    im += f * Math.sin(phase);
  }
  return re * re + im * im;
}

function mergeRings(rings: CalibrantRing[]): CalibrantRing[] {
  const merged: CalibrantRing[] = [];
  for (const ring of [...rings].sort((p, q) => q.dA - p.dA)) {
    const last = merged.at(-1);
    if (last && last.dA - ring.dA < 1e-6 * ring.dA)
      merged[merged.length - 1] = { dA: last.dA, intensity: last.intensity + ring.intensity };
    else merged.push(ring);
  }
  const strongest = Math.max(...merged.map((ring) => ring.intensity));
  return merged
    .map(({ dA, intensity }) => ({ dA, intensity: intensity / strongest }))
    .filter((ring) => ring.intensity >= WEAKEST);
}
