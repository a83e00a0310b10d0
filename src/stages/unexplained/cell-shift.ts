/**
 * How a cell differs from another. Depth along the beam and temperature change all spacings alike; strain and
 * composition do not have to.
 */
import type { Cell } from "../../crystal/index.ts";

export interface CellShift {
  /** mean relative change of the edges */
  readonly uniform: number;
  /** largest change of an edge beyond that */
  readonly distortion: number;
}

export function cellShift(cell: Cell, from: Cell): CellShift {
  const changes = [cell.a / from.a - 1, cell.b / from.b - 1, cell.c / from.c - 1];
  const uniform = changes.reduce((sum, change) => sum + change, 0) / 3;
  return { uniform, distortion: Math.max(...changes.map((change) => Math.abs(change - uniform))) };
}

/**
 * Whether two cells may be of one phase in one slice.
 *
 * @param parallax relative change of spacings between the places, that depth along the beam can make
 * @param spread relative, of any edge: strain, temperature
 */
export function isOwnCell({ uniform, distortion }: CellShift, parallax: number, spread: number): boolean {
  return Math.abs(uniform) <= parallax + spread && distortion <= spread;
}
