/**
 * The unit cell's metric: volume, reciprocal metric and lattice spacings, for any crystal system.
 *
 *   1/d^2 = h^2 a*^2 + k^2 b*^2 + l^2 c*^2 + 2 k l b* c* cos(alpha*) + 2 h l a* c* cos(beta*) + 2 h k a* b* cos(gamma*)
 *
 * Source: International Tables for Crystallography B (2010), section 1.1.
 */
import { InputError } from "../data/index.ts";
import type { Cell } from "./structure.ts";

const RAD = Math.PI / 180;

/** The six coefficients of h^2, k^2, l^2, kl, hl, hk in 1/d^2, 1/angstrom^2. */
export type ReciprocalMetric = readonly [number, number, number, number, number, number];

/** Angstrom^3. @throws InputError "bad-cell" where the six numbers span no volume */
export function cellVolume(cell: Cell): number {
  const [ca, cb, cg] = [cell.alpha, cell.beta, cell.gamma].map((angle) => Math.cos(angle * RAD)) as [
    number,
    number,
    number,
  ];
  const square = 1 - ca * ca - cb * cb - cg * cg + 2 * ca * cb * cg;
  const volume = cell.a * cell.b * cell.c * Math.sqrt(square);
  if (volume > 0 && Math.min(cell.a, cell.b, cell.c) > 0 && Number.isFinite(volume)) return volume;
  throw new InputError(
    "bad-cell",
    `The cell a, b, c = ${cell.a}, ${cell.b}, ${cell.c} Å and alpha, beta, gamma = ${cell.alpha}, ${cell.beta}, ${cell.gamma}° encloses no volume: three positive lengths and three angles that can meet in a corner are needed.`,
  );
}

/** @throws InputError "bad-cell" */
export function reciprocalMetric(cell: Cell): ReciprocalMetric {
  const v2 = cellVolume(cell) ** 2;
  const { a, b, c } = cell;
  const [ca, cb, cg] = [Math.cos(cell.alpha * RAD), Math.cos(cell.beta * RAD), Math.cos(cell.gamma * RAD)];
  return [
    (b * b * c * c * (1 - ca * ca)) / v2,
    (a * a * c * c * (1 - cb * cb)) / v2,
    (a * a * b * b * (1 - cg * cg)) / v2,
    (2 * a * a * b * c * (cb * cg - ca)) / v2,
    (2 * a * b * b * c * (ca * cg - cb)) / v2,
    (2 * a * b * c * c * (ca * cb - cg)) / v2,
  ];
}

/** 1/d^2, 1/angstrom^2. */
export const inverseDSquared = (g: ReciprocalMetric, h: number, k: number, l: number): number =>
  h * h * g[0] + k * k * g[1] + l * l * g[2] + k * l * g[3] + h * l * g[4] + h * k * g[5];

/** Lattice spacing, angstrom. @throws InputError "bad-cell" */
export const dSpacing = (cell: Cell, h: number, k: number, l: number): number =>
  1 / Math.sqrt(inverseDSquared(reciprocalMetric(cell), h, k, l));
