/**
 * The powder reflections of a structure.
 *
 * Reflections are merged under the Laue class that the operations span, Friedel mates counted once in the
 * multiplicity; inequivalent reflections of equal d stay apart. |F|^2 is that of structure-factors.ts, without anomalous
 * scattering (0.1-0.3 % of the strongest |F|^2 at 100 keV).
 */
import { InputError } from "../data/index.ts";
import { inverseDSquared, reciprocalMetric } from "./cell.ts";
import type { Reflection, Structure } from "./structure.ts";
import { createStructureFactors } from "./structure-factors.ts";
import { parseOperation, rotateIndex, type SymmetryOperation, uniqueRotations } from "./symmetry.ts";

/** Beyond this the list is a mistake in dMin or in the cell, not a powder pattern. */
const MOST_INDICES = 20_000_000;

/**
 * Every reflection with d >= dMinA, by falling d; systematic absences left out, accidental ones (F = 0) kept.
 *
 * @throws InputError "bad-d-min" | "bad-cell" | "bad-symmetry-operation" | "unknown-scatterer"
 */
export function reflections(structure: Structure, dMinA: number): Reflection[] {
  const { cell } = structure;
  const metric = reciprocalMetric(cell);
  const limit = 1 / (dMinA * dMinA);
  const [hMax, kMax, lMax] = [cell.a, cell.b, cell.c].map((edge) => Math.floor(edge / dMinA + 1e-9)) as [
    number,
    number,
    number,
  ];
  if (!(dMinA > 0) || !((2 * hMax + 1) * (2 * kMax + 1) * (lMax + 1) < MOST_INDICES)) {
    throw new InputError(
      "bad-d-min",
      `Reflections of ${structure.name} were asked for down to d = ${dMinA} Å: a spacing above 0 is needed, and large enough that the list stays below ${MOST_INDICES} indices. Ask for a smaller 2θ range.`,
    );
  }
  const operations = structure.operations.map(parseOperation);
  const rotations = uniqueRotations(operations);
  const found: Omit<Reflection, "fSquared">[] = [];
  // -hkl is always among the equivalents, so half of the sphere is enough
  const seen = new Set<number>();
  for (let l = 0; l <= lMax; l++) {
    for (let k = l === 0 ? 0 : -kMax; k <= kMax; k++) {
      for (let h = l === 0 && k === 0 ? 1 : -hMax; h <= hMax; h++) {
        const inverse = inverseDSquared(metric, h, k, l);
        if (inverse > limit * (1 + 1e-12) || seen.has(indexKey(h, k, l))) continue;
        const { canonical, members } = familyOf(rotations, h, k, l);
        for (const member of members) seen.add(member);
        if (isAbsent(operations, h, k, l)) continue;
        const [ch, ck, cl] = canonical;
        found.push({
          h: ch,
          k: ck,
          l: cl,
          multiplicity: 2 * members.size,
          dA: 1 / Math.sqrt(inverse),
        });
      }
    }
  }
  // rounded, so that equal spacings are equal whatever index they were computed from
  const rank = ({ dA }: { dA: number }): number => Math.round(1e9 / (dA * dA));
  found.sort((p, q) => rank(p) - rank(q) || q.h - p.h || q.k - p.k || q.l - p.l);
  const fSquared = new Float64Array(found.length);
  createStructureFactors(structure, found).evaluate(
    Float64Array.from(found, ({ dA }) => 1 / (4 * dA * dA)),
    fSquared,
    null,
  );
  return found.map((reflection, i) => ({ ...reflection, fSquared: fSquared[i]! }));
}

const OFFSET = 1024;
const indexKey = (h: number, k: number, l: number): number =>
  ((h + OFFSET) * 2 * OFFSET + (k + OFFSET)) * 2 * OFFSET + (l + OFFSET);

interface Family {
  readonly canonical: [number, number, number];
  /** indexKey of the members in the half of the sphere that is gone through; as many again are in the other */
  readonly members: ReadonlySet<number>;
}

/** The equivalents under the Laue class; the one to show has the fewest minus signs, then the largest h, k, l. */
function familyOf(rotations: readonly (readonly number[])[], h: number, k: number, l: number): Family {
  const members = new Set<number>();
  let best: [number, number, number] = [h, k, l];
  for (const rotation of rotations) {
    const [p, q, r] = rotateIndex(rotation, h, k, l);
    const sign = r > 0 || (r === 0 && (q > 0 || (q === 0 && p > 0))) ? 1 : -1;
    members.add(indexKey(sign * p, sign * q, sign * r));
    for (const side of [1, -1]) {
      const image: [number, number, number] = [side * p + 0, side * q + 0, side * r + 0];
      if (isBefore(image, best)) best = image;
    }
  }
  return { canonical: best, members };
}

function isBefore(p: readonly number[], q: readonly number[]): boolean {
  const minus = (x: readonly number[]): number => x.filter((v) => v < 0).length;
  const order = minus(q) - minus(p) || p[0]! - q[0]! || p[1]! - q[1]! || p[2]! - q[2]!;
  return order > 0;
}

/** An operation that maps hkl on itself but shifts its phase makes F zero. */
function isAbsent(operations: readonly SymmetryOperation[], h: number, k: number, l: number): boolean {
  for (const { rotation, translation: t } of operations) {
    const [p, q, r] = rotateIndex(rotation, h, k, l);
    if (p !== h || q !== k || r !== l) continue;
    const phase = h * t[0]! + k * t[1]! + l * t[2]!;
    if (Math.abs(phase - Math.round(phase)) > 1e-6) return true;
  }
  return false;
}
