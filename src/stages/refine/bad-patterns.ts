import type { Pattern } from "../../data/index.ts";
import type { SeriesFlag } from "./series-entry.ts";

/** Neighbours on each side that a pattern is compared with. */
const NEIGHBOURS = 4;
/** Below this share of its neighbours' median the beam went away while the pattern was taken. */
const DIP = 0.7;

/** Mean intensity of the points that are numbers; NaN where there are none. */
export function meanIntensity({ intensity }: Pattern): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < intensity.length; i++) {
    if (!Number.isFinite(intensity[i]!)) continue;
    sum += intensity[i]!;
    count++;
  }
  return count > 0 ? sum / count : Number.NaN;
}

export interface BadPattern {
  readonly flag: Extract<SeriesFlag, "dark" | "dip">;
  readonly note: string;
}

/**
 * Patterns that no fit should see: without beam, or with the beam lost on the way.
 *
 * @param intensities [pattern] NaN: no pattern
 * @param least share of the median of all
 * @returns [pattern] null where it is good
 */
export function findBadPatterns(intensities: ArrayLike<number>, least: number): (BadPattern | null)[] {
  const all = Array.from(intensities);
  const typical = median(all);
  const isDark = all.map((value) => !(value >= least * typical));
  return all.map((value, i) => {
    const share = (of: number): string => `${((100 * value) / of).toPrecision(2)} %`;
    if (Number.isNaN(value)) return null;
    if (isDark[i]) return { flag: "dark", note: `mean intensity ${share(typical)} of the series' median` };
    const around = all.filter((_, k) => k !== i && Math.abs(k - i) <= NEIGHBOURS && !isDark[k]);
    if (around.length < 3 || value >= DIP * median(around)) return null;
    return { flag: "dip", note: `mean intensity ${share(median(around))} of its neighbours'` };
  });
}

function median(values: readonly number[]): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
