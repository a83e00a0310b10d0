/** Widths of a phase's lines without what the depth of the sample does to them in a mean pattern. */
import type { PhaseLines } from "./phase-lines.ts";
import type { DlsrGeometry } from "./types.ts";

const DEG = 180 / Math.PI;
/** FWHM of a normal distribution over its standard deviation. */
const FWHM = 2 * Math.sqrt(2 * Math.LN2);
const [LEAST, MOST] = [0.8, 2] as const;

/**
 * Factor on the widths of `bare` with which its lines, spread by the depths of the slice, are as wide as those of
 * `settled`, which were refined on the mean pattern. Widths add up in squares; weighted by the lines' intensities.
 *
 * @param bare    lines without the broadening that was refined
 * @param settled lines as refined
 * @param scale   [y, x] of the phase
 */
export function startingWidth(
  bare: PhaseLines,
  settled: PhaseLines,
  scale: Float64Array,
  { size, stepMm, distanceMm }: DlsrGeometry,
): number {
  const centre = (size - 1) / 2;
  let [weights, squares] = [0, 0];
  scale.forEach((value, v) => {
    weights += value;
    // over all angles a voxel's depth has half of its squared radius as mean square
    squares += (value * (((v % size) - centre) ** 2 + (Math.floor(v / size) - centre) ** 2)) / 2;
  });
  const spread = weights > 0 ? (Math.sqrt(squares / weights) * stepMm) / distanceMm : 0;
  const tangents = new Float64Array(bare.lineCount);
  if (!bare.tangentsOf(bare.cell, tangents)) return 1;
  const [first, last] = [bare.twoTheta[0]!, bare.twoTheta[bare.twoTheta.length - 1]!];
  let [total, sum] = [0, 0];
  tangents.forEach((tangent, line) => {
    const x = bare.apparentDeg(tangent, 0);
    const weight = bare.lineIntensity[line]!;
    if (!(weight > 0 && x > first && x < last)) return;
    const byDepth = FWHM * spread * (tangent / (1 + tangent * tangent)) * DEG;
    const own = bare.fwhmOf(line, x);
    total += weight;
    sum += weight * Math.max(0, (settled.fwhmOf(line, x) ** 2 - byDepth * byDepth) / (own * own));
  });
  return total > 0 ? Math.min(MOST, Math.max(LEAST, Math.sqrt(sum / total))) : 1;
}

/** The lines, all wider by a factor: width 1 of the result is `factor` of theirs. */
export function withWidth(lines: PhaseLines, factor: number): PhaseLines {
  return {
    ...lines,
    fwhmOf: (line, apparentDeg) => factor * lines.fwhmOf(line, apparentDeg),
    addPattern: (cell, tau, width, out) => lines.addPattern(cell, tau, factor * width, out),
    withFactors: (factors) => withWidth(lines.withFactors(factors), factor),
  };
}
