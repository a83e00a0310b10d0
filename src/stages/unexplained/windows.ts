/** Misfit by parts of the pattern: which lines a model fails at, and where in the slice. */
export interface MisfitWindow {
  /** of its maps */
  readonly name: string;
  /** two-theta, degrees */
  readonly fromDeg: number;
  readonly toDeg: number;
  /** what it is about, for people */
  readonly about: string;
}

export interface WindowPeak {
  /** two-theta, degrees */
  readonly position: number;
  readonly fwhm: number;
  readonly significance: number;
  readonly about: string;
}

/** Of a peak's FWHM, to either side: a window holds nearly all of it. */
const HALF = 1;

/**
 * A window for each peak; one whose middle lies in a window that is there already has none of its own. The strongest of
 * every group comes first, then the second of every group and so on.
 *
 * @param groups of peaks that belong together
 * @param most at most so many
 */
export function windowsOfPeaks(groups: readonly (readonly WindowPeak[])[], most: number): MisfitWindow[] {
  const ranked = groups
    .flatMap((peaks) =>
      [...peaks].sort((a, b) => b.significance - a.significance).map((peak, rank) => ({ ...peak, rank })),
    )
    .sort((a, b) => a.rank - b.rank || b.significance - a.significance);
  const windows: MisfitWindow[] = [];
  for (const { position, fwhm, about } of ranked) {
    const at = windows.findIndex(({ fromDeg, toDeg }) => position >= fromDeg && position <= toDeg);
    const there = windows[at];
    if (there && !there.about.includes(about)) windows[at] = { ...there, about: `${there.about}; ${about}` };
    if (there || windows.length === most) continue;
    const [fromDeg, toDeg] = [position - HALF * fwhm, position + HALF * fwhm];
    windows.push({ name: position.toFixed(3), fromDeg, toDeg, about });
  }
  return windows;
}

/** Points first <= k < end of an ascending axis. */
export function pointsOfWindow(
  twoThetaDeg: ArrayLike<number>,
  { fromDeg, toDeg }: MisfitWindow,
): readonly [first: number, end: number] {
  let first = 0;
  while (first < twoThetaDeg.length && twoThetaDeg[first]! < fromDeg) first++;
  let end = first;
  while (end < twoThetaDeg.length && twoThetaDeg[end]! <= toDeg) end++;
  return [first, end];
}

export interface WindowMisfit {
  /** sum ((o - c) / sigma)^2 over the number of points; NaN where no point has a sigma */
  readonly chi2: number;
  /** sum |o - c| / sum |o|; NaN where nothing was observed */
  readonly r: number;
}

/**
 * Of one pattern in one window. A residual that is NaN counts for nothing.
 *
 * @param residual, observed, sigma [point] observed - calculated, observed, and its standard uncertainty
 */
export function misfitOfWindow(
  residual: ArrayLike<number>,
  observed: ArrayLike<number>,
  sigma: ArrayLike<number>,
  [first, end]: readonly [first: number, end: number],
): WindowMisfit {
  let [squares, points, difference, total] = [0, 0, 0, 0];
  for (let k = first; k < end; k++) {
    const [value, seen] = [residual[k]!, observed[k]!];
    if (!Number.isFinite(value) || !Number.isFinite(seen)) continue;
    difference += Math.abs(value);
    total += Math.abs(seen);
    if (!(sigma[k]! > 0)) continue;
    squares += (value / sigma[k]!) ** 2;
    points++;
  }
  return { chi2: points > 0 ? squares / points : Number.NaN, r: total > 0 ? difference / total : Number.NaN };
}
