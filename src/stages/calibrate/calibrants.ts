/**
 * Calibrants: lattice spacings, and the intensities of their rings, enough to know the strong ones.
 *
 * The spacings are the certificates' (22.5 degrees C), the intensities m |F|^2 times the Lorentz factor of an azimuthal
 * mean, ~d^2.
 */
import { builtInStructure, type PhaseName, reflections, type Structure } from "../../crystal/index.ts";
import { InputError } from "../../data/index.ts";

/** One ring of a powder: reflections of one spacing. */
export interface CalibrantRing {
  readonly dA: number;
  /** of the azimuthal mean, relative to the strongest */
  readonly intensity: number;
  /** indices of its reflections, one of each family; where a structure is known */
  readonly hkl?: readonly (readonly [h: number, k: number, l: number])[];
}

/** The phase of each standard, and the cell where it is another batch's. Ni and Cu are foils, not certified. */
const STANDARDS = {
  CeO2: { phase: "CeO2" },
  LaB6: { phase: "LaB6" },
  Si: { phase: "Si" },
  /** the batch before Si's SRM 640e */
  "Si-640d": { phase: "Si", a: 5.43123 },
  Al2O3: { phase: "Al2O3" },
  Ni: { phase: "Ni" },
  Cu: { phase: "Cu" },
} as const satisfies Record<string, { phase: PhaseName; a?: number }>;

export type CalibrantName = keyof typeof STANDARDS;
/** Names of the standards that calibrate knows. */
export const CALIBRANTS = Object.keys(STANDARDS) as [CalibrantName, ...CalibrantName[]];

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
  if (typeof calibrant === "string") return structureRings(structureOf(calibrant), dMinA);
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

function structureOf(name: CalibrantName): Structure {
  const standard: { phase: PhaseName; a?: number } = STANDARDS[name];
  const structure = builtInStructure(standard.phase);
  const { a } = standard;
  return a === undefined ? structure : { ...structure, cell: { ...structure.cell, a, b: a, c: a } };
}

/** The rings of any structure, as calibrantRings gives them for a standard. */
export function structureRings(structure: Structure, dMinA: number): CalibrantRing[] {
  return mergeRings(
    reflections(structure, dMinA).map(({ h, k, l, dA, multiplicity, fSquared }) => ({
      dA,
      intensity: multiplicity * fSquared * dA * dA,
      hkl: [[h, k, l]],
    })),
  );
}

function mergeRings(rings: CalibrantRing[]): CalibrantRing[] {
  const merged: CalibrantRing[] = [];
  for (const ring of [...rings].sort((p, q) => q.dA - p.dA)) {
    const last = merged.at(-1);
    if (last && last.dA - ring.dA < 1e-6 * ring.dA)
      merged[merged.length - 1] = {
        dA: last.dA,
        intensity: last.intensity + ring.intensity,
        ...(last.hkl && ring.hkl && { hkl: [...last.hkl, ...ring.hkl] }),
      };
    else merged.push(ring);
  }
  const strongest = Math.max(...merged.map((ring) => ring.intensity));
  return merged
    .map((ring) => ({ ...ring, intensity: ring.intensity / strongest }))
    .filter((ring) => ring.intensity >= WEAKEST);
}
