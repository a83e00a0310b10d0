/**
 * Anomalous scattering: f = f0 + f' + i f''.
 *
 * Values between the table's energies by interpolation, never across an absorption edge: up to an edge the last points
 * below it are continued. Within 0.0015 electrons + 0.4 % of the table they were thinned from. Within 3 % of an edge the
 * table itself is coarse, and bonding changes f' by electrons: no free-atom value is right there.
 */
import { InputError } from "../data/index.ts";
import type { Structure } from "./structure.ts";
import type { AnomalousFactors } from "./structure-factors.ts";
import { ANOMALOUS_FACTORS, GRID_KEV } from "./tables/anomalous-factors.ts";
import { unitCellAtoms } from "./unit-cell-atoms.ts";

/** Points by rising energy. */
interface Curve {
  readonly lnE: readonly number[];
  readonly values: readonly number[];
}
interface Element {
  /** keV, rising */
  readonly edges: readonly number[];
  /** between the edges, one more than these: f', and ln f'' */
  readonly parts: readonly { readonly fPrime: Curve; readonly lnDoublePrime: Curve }[];
}

const LINES = new Map(
  ANOMALOUS_FACTORS.trim()
    .split("\n")
    .map((line) => [line.slice(0, line.search(/[ |]/)), line] as const),
);
const elements = new Map<string, Element>();

/**
 * f' and f'' of an element in electrons, f'' positive; H to U, 5 to 200 keV.
 *
 * @throws InputError "energy-out-of-range" | "no-anomalous-factor"
 */
export function anomalousFactors(element: string, energyKeV: number): AnomalousFactors {
  const table = readElement(element);
  if (!table) {
    throw new InputError(
      "no-anomalous-factor",
      `There is no f' and f'' for "${element.slice(0, 20)}": the table holds the elements from H to U. Leave anomalous scattering out for this phase.`,
    );
  }
  if (!(energyKeV >= GRID_KEV.first && energyKeV <= GRID_KEV.last)) {
    throw new InputError(
      "energy-out-of-range",
      `f' and f'' of ${element} were asked for at ${energyKeV} keV: the table runs from ${GRID_KEV.first} to ${GRID_KEV.last} keV. Check the energy and its unit.`,
    );
  }
  const part = table.parts[table.edges.filter((edge) => edge < energyKeV).length]!;
  const x = Math.log(energyKeV);
  return { fPrime: interpolate(part.fPrime, x), fDoublePrime: Math.exp(interpolate(part.lnDoublePrime, x)) };
}

/** f' and f'' of every element of a structure, as createStructureFactors takes them. @throws as anomalousFactors */
export const structureAnomalousFactors = (structure: Structure, energyKeV: number): Map<string, AnomalousFactors> =>
  new Map(
    unitCellAtoms(structure).map(
      ({ factor }) => [factor.element, anomalousFactors(factor.element, energyKeV)] as const,
    ),
  );

function readElement(name: string): Element | undefined {
  const ready = elements.get(name);
  const line = LINES.get(name);
  if (ready || !line) return ready;
  const [head, ...parts] = line.split("|") as [string, ...string[]];
  const element = {
    edges: head.split(" ").slice(1).map(Number),
    parts: parts.map((part) => {
      const [fPrime, fDoublePrime] = part.split(",").map(readCurve) as [Curve, Curve];
      return { fPrime, lnDoublePrime: { lnE: fDoublePrime.lnE, values: fDoublePrime.values.map(Math.log) } };
    }),
  };
  elements.set(name, element);
  return element;
}

function readCurve(text: string): Curve {
  const numbers = text.split(" ").map(Number);
  const { first, last, count } = GRID_KEV;
  const step = Math.log(last / first) / (count - 1);
  return {
    lnE: numbers.filter((_, i) => i % 2 === 0).map((at) => Math.log(first) + at * step),
    values: numbers.filter((_, i) => i % 2 === 1),
  };
}

/** Linear; beyond the ends the last two points continued. */
function interpolate({ lnE, values }: Curve, x: number): number {
  if (lnE.length === 1) return values[0]!;
  let i = 0;
  while (i < lnE.length - 2 && lnE[i + 1]! < x) i++;
  const share = (x - lnE[i]!) / (lnE[i + 1]! - lnE[i]!);
  return values[i]! + share * (values[i + 1]! - values[i]!);
}
