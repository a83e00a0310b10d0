/**
 * Integrated intensities as the observed pattern has them, shared out over lines in the ratio of the calculated ones:
 *
 *   I_obs = I_calc <(y_obs - background) / (y_calc - background)>,  the mean weighted with the line's profile
 *
 * For R_Bragg, and for the intensities of Le Bail phases.
 *
 * Sources: Rietveld, J. Appl. Cryst. 2 (1969) 65-71; Le Bail, Duroy & Fourquet, Mater. Res. Bull. 23 (1988) 447-452.
 */
import { firstAtOrAbove, type LineList } from "./line-list.ts";

/** Points further from a line than this, in FWHM, say little about it. */
const WINDOW = 4;
const GAUSS = 2 * Math.sqrt(Math.LN2 / Math.PI);

/** [ring] each */
export interface RingAreas {
  /** intensity x degrees, all radiation lines together */
  readonly calculated: Float64Array;
  readonly observed: Float64Array;
  /** whether any point lies where the ring's lines are */
  readonly isSeen: Uint8Array;
}

/**
 * @param list       lines of the evaluation that made `calculated`
 * @param first, end which of them belong to the phase
 * @param rings      of the phase
 * @param twoTheta   [n], likewise observed, calculated, background
 */
export function ringAreas(
  list: LineList,
  first: number,
  end: number,
  rings: number,
  twoTheta: Float64Array,
  observed: Float64Array,
  calculated: Float64Array,
  background: Float64Array,
): RingAreas {
  const n = twoTheta.length;
  const { lines, spans, owner } = list;
  const out = {
    calculated: new Float64Array(rings),
    observed: new Float64Array(rings),
    isSeen: new Uint8Array(rings),
  };
  for (let line = first; line < end; line++) {
    const ring = owner[2 * line + 1]!;
    const position = lines[4 * line]!;
    const fwhm = lines[4 * line + 1]!;
    const eta = lines[4 * line + 2]!;
    const area = lines[4 * line + 3]!;
    const from = Math.max(spans[4 * line]!, firstAtOrAbove(twoTheta, n, position - WINDOW * fwhm));
    const to = Math.min(spans[4 * line + 1]!, firstAtOrAbove(twoTheta, n, position + WINDOW * fwhm));
    let sum = 0;
    let weight = 0;
    for (let i = from; i < to; i++) {
      const net = calculated[i]! - background[i]!;
      if (!(net > 0)) continue;
      const u2 = ((2 * (twoTheta[i]! - position)) / fwhm) ** 2;
      const profile = (eta * 2) / Math.PI / (1 + u2) + (1 - eta) * GAUSS * Math.exp(-Math.LN2 * u2);
      weight += profile;
      sum += (profile * (observed[i]! - background[i]!)) / net;
    }
    out.calculated[ring]! += area;
    out.observed[ring]! += weight > 0 ? (area * sum) / weight : area;
    if (weight > 0) out.isSeen[ring] = 1;
  }
  return out;
}
