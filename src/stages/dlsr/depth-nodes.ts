/** Depths at which patterns are tabulated. */
import { InputError } from "../../data/index.ts";
import { lineSharpness } from "./line-sharpness.ts";
import type { PhaseLines } from "./phase-lines.ts";
import type { DepthNodes } from "./types.ts";

/** Shift of a line from one node to the next, in standard deviations of its Gaussian of the same width. */
const STEP = 0.36;
/** Nodes reach this much further than the sample, for distances and axes that are refined. */
const MARGIN = 1.05;
const FEWEST = 10;
const MOST = 64;

/**
 * Nodes over all depths of a sample, close enough that four of them give every line of the phases.
 *
 * @param lines of the phases whose patterns will be tabulated
 * @param radiusMm farthest that a voxel is from the rotation axis
 * @param distanceMm rotation axis to detector
 * @param count number of nodes, instead of the number that the lines ask for
 * @throws InputError "dlsr-depth" where the sample reaches the detector
 */
export function createDepthNodes(
  lines: readonly PhaseLines[],
  radiusMm: number,
  distanceMm: number,
  count?: number,
): DepthNodes {
  const end = (MARGIN * radiusMm) / distanceMm;
  if (!(end < 0.5)) {
    throw new InputError(
      "dlsr-depth",
      `The sample reaches ${radiusMm} mm from the rotation axis, and the detector is ${distanceMm} mm away: less than half of the distance is needed. Check the distance and the step of the translations.`,
    );
  }
  const nodes = count ?? Math.min(MOST, Math.max(FEWEST, Math.ceil((2 * end) / stepOf(lines)) + 1));
  return { count: nodes, first: -end, step: (2 * end) / (nodes - 1) };
}

/** tau that shifts the line most sensitive to it by STEP standard deviations: d(2theta) = sin 2theta cos 2theta d tau. */
function stepOf(lines: readonly PhaseLines[]): number {
  let least = Infinity;
  for (const phase of lines) {
    const tangents = new Float64Array(phase.lineCount);
    phase.tangentsOf(phase.cell, tangents);
    const strongest = phase.lineIntensity.reduce((most, value) => Math.max(most, value), 0);
    const last = phase.twoTheta[phase.twoTheta.length - 1]!;
    tangents.forEach((tangent, line) => {
      const x = phase.apparentDeg(tangent, 0);
      if (!(phase.lineIntensity[line]! > 1e-2 * strongest) || !(x <= last)) return;
      const sigma = lineSharpness(phase, line, x);
      const perTau = ((tangent / (1 + tangent * tangent)) * 180) / Math.PI;
      least = Math.min(least, (STEP * sigma) / perTau);
    });
  }
  return least;
}
