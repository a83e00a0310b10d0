/** The few numbers by which a pattern is watched: mean intensities of ranges of bins. */

export interface BandRange {
  readonly name: string;
  /** first bin, and the first after the last */
  readonly from: number;
  readonly to: number;
}

/** Neighbouring groups of bins that a pattern is told from another by. */
const GROUPS = 8;

/**
 * What is watched of each pattern: all of it, its groups of neighbouring bins, and the ranges that the scan names.
 *
 * @param ranges in units of the axis
 */
export function watchedBands(
  axis: ArrayLike<number>,
  ranges: readonly { readonly name: string; readonly range: readonly [number, number] }[],
): BandRange[] {
  const bins = axis.length;
  const groups = Math.min(GROUPS, bins);
  const edge = (group: number): number => Math.floor((group * bins) / groups);
  const within = ranges.map(({ name, range: [low, high] }) => {
    const inside = Array.from({ length: bins }, (_, bin) => bin).filter(
      (bin) => axis[bin]! >= low && axis[bin]! <= high,
    );
    return { name, from: inside[0] ?? 0, to: (inside.at(-1) ?? -1) + 1 };
  });
  return [
    { name: "all", from: 0, to: bins },
    ...Array.from({ length: groups }, (_, g) => ({ name: `group ${g + 1}`, from: edge(g), to: edge(g + 1) })),
    ...within.filter(({ from, to }) => to > from),
  ];
}

/** How many of the bands are the whole and its groups; the scan's own ranges follow. */
export const ownBands = (bins: number): number => 1 + Math.min(GROUPS, bins);

/** [band] mean of the finite intensities; NaN where there is none */
export function bandSums(pattern: Float32Array, bands: readonly BandRange[]): Float32Array {
  return Float32Array.from(bands, ({ from, to }) => {
    let [sum, count] = [0, 0];
    for (let bin = from; bin < to; bin++) {
      const value = pattern[bin]!;
      if (!Number.isFinite(value)) continue;
      sum += value;
      count++;
    }
    return sum / count;
  });
}
