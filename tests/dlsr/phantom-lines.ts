/** Lines of a phantom's phases from their structures: hkl, positions and areas as the simulator has them. */
import { builtInStructure, reflections } from "../../src/crystal/index.ts";
import type { DenseLine, DensePhase } from "./dense-solver.ts";
import { phantomWidth } from "./phantom-model.ts";
import { ETA, type PhantomScan } from "./phantoms.ts";

/**
 * m |F|^2 / (sin^2 theta cos theta) of the given cell; 1/d^2 split into what goes with a and what with c.
 *
 * @param cell lengths in angstrom; the angles are the structure's, which must be cubic, tetragonal or hexagonal
 */
export function phantomLines(scan: PhantomScan, phase: string, cell: { a: number; c: number }): DenseLine[] {
  const given = builtInStructure(phase);
  const isCubic = given.cell.a === given.cell.c && given.cell.gamma === 90;
  const structure = { ...given, cell: { ...given.cell, a: cell.a, b: cell.a, c: isCubic ? cell.a : cell.c } };
  const highest = scan.twoThetaDeg[scan.twoThetaDeg.length - 1]! + 0.2;
  const dMin = scan.wavelengthA / (2 * Math.sin((highest * Math.PI) / 360));
  return reflections(structure, dMin).map(({ h, k, l, multiplicity, fSquared, dA }) => {
    const sine = scan.wavelengthA / (2 * dA);
    const inPlane = structure.cell.gamma === 120 ? (4 / 3) * (h * h + h * k + k * k) : h * h + k * k;
    return {
      intensity: (multiplicity * fSquared) / (sine * sine * Math.sqrt(1 - sine * sine)),
      planar: isCubic ? h * h + k * k + l * l : inPlane,
      axial: isCubic ? 0 : l * l,
    };
  });
}

/** A phase of the dense solver: voxels of a map above a share of its largest value. */
export function densePhase(
  scan: PhantomScan,
  phase: string,
  map: { scale: ArrayLike<number>; a: ArrayLike<number>; c: ArrayLike<number> },
  voxels: ArrayLike<number>,
  reference: { a: number; c: number },
): DensePhase {
  const { size } = scan.phantom;
  const index = Array.from(voxels);
  const at = (i: number): number => (i - (size - 1) / 2) * scan.stepMm;
  const of = (values: ArrayLike<number>): Float64Array => Float64Array.from(index, (v) => values[v]!);
  return {
    lines: phantomLines(scan, phase, reference),
    fwhmDeg: phantomWidth(scan, phase),
    eta: ETA,
    x: index.map((v) => at(v % size)),
    y: index.map((v) => at(Math.floor(v / size))),
    scale: of(map.scale),
    a: of(map.a),
    c: of(map.c),
  };
}
