/**
 * How strongly and where each phase scatters, per voxel volume, as the area of a peak in the azimuthal mean:
 *
 *   I = m |F|^2 / V^2 / (sin^2(theta) cos(theta))        ln tan(2theta) from a and c
 *
 * (the azimuthal mean is what integration gives after solid angle and polarisation; Hill & Howard 1987 for the
 * volume). |F|^2 and the Lorentz factor are those of the structure's own cell; a lattice parameter field moves peaks,
 * and a larger cell holds less.
 */
import {
  atomicWeight,
  type Cell,
  cellVolume,
  density,
  elementMassAttenuation,
  linearAttenuationPerMm,
  reflections,
  type Structure,
} from "../../crystal/index.ts";
import { InputError, KEV_ANGSTROM } from "../../data/index.ts";
import type { AmorphousConfig, CrystallineConfig, SimulateConfig } from "./config.ts";

export interface ScatteringPhase {
  readonly name: string;
  readonly isCrystalline: boolean;
  readonly densityGCm3: number;
  readonly attenuationPerMm: number;
  /** the reference cell; absent for an amorphous phase */
  readonly cell?: Cell;
  /** peaks of one width law */
  readonly groups: readonly PeakGroup[];
}

export interface PeakGroup {
  /** groups of one law share a grid */
  readonly law: string;
  readonly fwhmDeg: (twoThetaDeg: number) => number;
  readonly eta: number;
  /** [peak] area per voxel of the pure phase */
  readonly areas: Float64Array;
  /** [peak] 1/d^2 = planar (a0/a)^2 + axial (c0/c)^2, 1/angstrom^2 */
  readonly planar: Float64Array;
  readonly axial: Float64Array;
}

/** The structures that a configuration needs: what createExperiment has to be given. */
export const structureNames = (config: SimulateConfig): string[] => [
  ...new Set(
    Object.entries(config.phases).flatMap(([name, phase]) => ("humps" in phase ? [] : [phase.structure ?? name])),
  ),
];

/** ln tan(2theta) of a spacing, from 1/d^2; NaN where the wavelength does not reach it. */
export function logTanOf(inverseD2: number, wavelengthA: number): number {
  const sine2 = (wavelengthA * wavelengthA * inverseD2) / 4;
  return Math.log((2 * Math.sqrt(sine2 * (1 - sine2))) / (1 - 2 * sine2));
}

/**
 * @param structures by name; a phase takes the one it names
 * @param dMinA spacing of the highest angle wanted
 * @throws InputError "missing-structure" | "bad-field" | "peak-width-not-real" | those of crystal/
 */
export function createScattering(
  config: SimulateConfig,
  structures: Readonly<Record<string, Structure>>,
  dMinA: number,
): ScatteringPhase[] {
  const crystalline = new Map<string, ScatteringPhase>();
  for (const [name, phase] of Object.entries(config.phases)) {
    if (!("humps" in phase)) crystalline.set(name, crystallinePhase(name, phase, config, structures, dMinA));
  }
  let strongest = 0;
  for (const { groups } of crystalline.values()) {
    for (const { areas } of groups) for (const area of areas) strongest = Math.max(strongest, area);
  }
  return Object.entries(config.phases).map(
    ([name, phase]) => crystalline.get(name) ?? amorphousPhase(name, phase as AmorphousConfig, config, strongest || 1),
  );
}

function crystallinePhase(
  name: string,
  phase: CrystallineConfig,
  config: SimulateConfig,
  structures: Readonly<Record<string, Structure>>,
  dMinA: number,
): ScatteringPhase {
  const wanted = phase.structure ?? name;
  const given = Object.hasOwn(structures, wanted) ? structures[wanted] : undefined;
  if (!given) {
    throw new InputError(
      "missing-structure",
      `phases.${name}: there is no structure "${wanted}"; given are ${Object.keys(structures).join(", ") || "none"}. Name one of these or add its CIF.`,
    );
  }
  const structure = { ...given, cell: cellWith(given.cell, phase, name) };
  const { cell } = structure;
  const { energyKeV, eta } = config.instrument;
  const wavelengthA = KEV_ANGSTROM / energyKeV;
  const list = reflections(structure, dMinA).filter(({ dA }) => wavelengthA < 2 * dA * Math.SQRT1_2);
  const volume = cellVolume(cell);
  const areas = Float64Array.from(list, ({ dA, multiplicity, fSquared }) => {
    const sine = wavelengthA / (2 * dA);
    return (multiplicity * fSquared) / volume ** 2 / (sine * sine * Math.sqrt(1 - sine * sine));
  });
  const axial = Float64Array.from(list, ({ l }) => (isAxial(cell) ? (l / cell.c) ** 2 : 0));
  const planar = Float64Array.from(list, ({ dA }, i) => 1 / (dA * dA) - axial[i]!);
  return {
    name,
    isCrystalline: true,
    densityGCm3: density(structure),
    attenuationPerMm: linearAttenuationPerMm(structure, energyKeV),
    cell,
    groups: [
      { law: `factor ${phase.widthFactor}`, fwhmDeg: caglioti(config, phase.widthFactor), eta, areas, planar, axial },
    ],
  };
}

/** c normal to a and b, and free of them: its share of 1/d^2 is (l/c)^2. */
const isAxial = ({ alpha, beta, a, c }: Cell): boolean => alpha === 90 && beta === 90 && a !== c;

/** Matter per volume relative to the phase's own cell, V0/V, where a (b with it) or c is another. */
export function relativeDensity(cell: Cell, a = cell.a, c?: number): number {
  const inPlane = cell.a / a;
  return inPlane ** 2 * (c !== undefined ? cell.c / c : isAxial(cell) ? 1 : inPlane);
}

function cellWith(cell: Cell, { a, c }: CrystallineConfig, name: string): Cell {
  if (c !== undefined && !isAxial(cell)) {
    throw new InputError(
      "bad-field",
      `phases.${name}.c: a lattice parameter c of its own needs a cell with c normal to a and b and not equal to a; this one has a = ${cell.a}, c = ${cell.c}, alpha = ${cell.alpha}, beta = ${cell.beta}. Give a alone: the cell then grows as a whole.`,
    );
  }
  const scale = typeof a === "number" ? a / cell.a : 1;
  const changed = { ...cell, a: cell.a * scale, b: cell.b * scale };
  if (typeof c === "number") return { ...changed, c };
  return isAxial(cell) ? changed : { ...changed, c: cell.c * scale };
}

/** FWHM^2 = U tan^2 + V tan + W, checked over the whole pattern. */
function caglioti(config: SimulateConfig, factor: number): (twoThetaDeg: number) => number {
  const { U, V, W } = config.instrument;
  return (twoThetaDeg) => {
    const t = Math.tan((twoThetaDeg * Math.PI) / 360);
    const square = (U * t + V) * t + W;
    if (square > 0) return factor * Math.sqrt(square);
    throw new InputError(
      "peak-width-not-real",
      `instrument: FWHM² = U tan²θ + V tanθ + W is ${square.toPrecision(3)} deg² at 2θ = ${twoThetaDeg.toFixed(2)}° with U = ${U}, V = ${V}, W = ${W}; it must be positive. Raise W or bring V nearer to 0.`,
    );
  };
}

function amorphousPhase(
  name: string,
  phase: AmorphousConfig,
  { instrument }: SimulateConfig,
  strongest: number,
): ScatteringPhase {
  const weights = phase.humps.reduce((sum, { weight }) => sum + weight, 0);
  const groups = phase.humps.map(({ dA, fwhmDeg, weight }) => ({
    law: `constant ${fwhmDeg}`,
    fwhmDeg: () => fwhmDeg,
    eta: 0,
    areas: Float64Array.of((strongest * phase.relativeArea * weight) / weights),
    planar: Float64Array.of(1 / (dA * dA)),
    axial: Float64Array.of(0),
  }));
  let mass = 0;
  let attenuation = 0;
  for (const [element, atoms] of Object.entries(phase.composition)) {
    mass += atoms * atomicWeight(element);
    attenuation += atoms * atomicWeight(element) * elementMassAttenuation(element, instrument.energyKeV);
  }
  return {
    name,
    isCrystalline: false,
    densityGCm3: phase.densityGCm3,
    attenuationPerMm: mass > 0 ? (attenuation / mass) * (phase.densityGCm3 / 10) : 0,
    groups,
  };
}
