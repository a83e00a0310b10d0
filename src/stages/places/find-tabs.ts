/**
 * Tabs: metal of their own, or collectors far thicker than the foil is elsewhere. Both have to stand out of the noise
 * and to hang together: where nothing does, there is no tab.
 */
import { REGIONS } from "../../data/index.ts";
import { median, robustSpread } from "../../fit/index.ts";
import { ELECTRODES, type Roll } from "./find-roll.ts";
import type { Labels } from "./label-roll.ts";
import type { Image } from "./polar.ts";
import type { RoleSignals } from "./role-signals.ts";

/** In spreads of the noise: what stands out. Voxels are many, so that five is not rare enough. */
const OUTSTANDING = 6;
/** Times the foil, from which on it is a tab. */
const THICKER = 2.5;
/** Voxels that hang together; share of all that stand out which has to do so, else it is scattered noise. */
const [TOGETHER, COHERENT] = [6, 0.5];
/** Share of a slice that holds more than a tab does: noise that was cut off at zero. */
const SPREAD_OUT = 0.05;

/**
 * Labels tabs within the casing, off its wall.
 *
 * @param toCasing voxels to the casing's inside, of a voxel's index
 */
export function labelTabs(
  signals: RoleSignals,
  roll: Roll | undefined,
  labels: Labels,
  presence: number,
  toCasing: (index: number) => number,
): void {
  const isWithin = (i: number): boolean =>
    labels.region[i] !== REGIONS.outside && labels.region[i] !== REGIONS.casing && toCasing(i) >= 1.5;
  const own = signals.get("tab");
  const found = own ? [together(outstanding(own, presence, isWithin), own.nx)] : [];
  for (const electrode of roll ? ELECTRODES : []) {
    const line = signals.get(`${electrode}Collector`);
    if (line) found.push(together(thicker(line, roll!, electrode, presence, isWithin), line.nx));
  }
  for (const voxel of found.flat()) {
    labels.region[voxel] = REGIONS.tab;
    labels.layer[voxel] = -1;
    labels.depth[voxel] = Number.NaN;
  }
}

/** Voxels that hold what is hardly anywhere. */
function outstanding({ values }: Image, presence: number, isWithin: (i: number) => boolean): number[] {
  const inside = values.filter((_, i) => isWithin(i));
  const positive = inside.filter((value) => value > 0);
  const isCutOff = positive.length > SPREAD_OUT * inside.length;
  // half of a normal distribution has its median at 0.674 of its spread
  const noise = robustSpread(inside) || (isCutOff ? median(positive) / 0.674 : 0);
  const picked = [...values.keys()].filter((i) => values[i]! > OUTSTANDING * noise && isWithin(i));
  // of its plateau, as most of what stands out may be what other phases leave
  const heights = Float64Array.from(picked, (i) => values[i]!).sort();
  const height = heights.at(-TOGETHER) ?? Number.POSITIVE_INFINITY;
  const level = presence * median(heights.filter((value) => value > 0.5 * height));
  return picked.filter((i) => values[i]! > level);
}

/** Voxels with more of a collector around them than its foil gives. */
function thicker(
  line: Image,
  { electrodes }: Roll,
  electrode: (typeof ELECTRODES)[number],
  presence: number,
  isWithin: (i: number) => boolean,
): number[] {
  const strand = electrodes.get(electrode)?.strand;
  if (!strand) return [];
  const { ny, nx, values } = line;
  const around = new Float32Array(ny * nx);
  for (let row = 1; row < ny - 1; row++) {
    for (let col = 1; col < nx - 1; col++) {
      let sum = 0;
      for (let d = -1; d <= 1; d++) {
        for (let e = -1; e <= 1; e++) sum += values[(row + d) * nx + col + e]!;
      }
      around[row * nx + col] = sum / 9;
    }
  }
  const onFoil = Float64Array.from(strand.x, (x, s) => around[Math.round(strand.y[s]!) * nx + Math.round(x)] ?? 0);
  const foil = median(onFoil);
  const level = Math.max(THICKER * foil, foil + OUTSTANDING * robustSpread(onFoil));
  const core = [...around.keys()].filter((i) => around[i]! > level && isWithin(i));
  const full = median(core.map((i) => values[i]!));
  // the edge of a tab has less around it than its middle: up to a voxel from what was found
  const near = new Set(core.flatMap((i) => [i, i - 1, i + 1, i - nx, i + nx]));
  return [...near].filter((i) => values[i]! > presence * full && isWithin(i));
}

/** What hangs together (eight neighbours), or nothing where most of it does not. */
function together(picked: readonly number[], nx: number): number[] {
  const left = new Set(picked);
  const kept: number[] = [];
  for (const start of picked) {
    if (!left.delete(start)) continue;
    const group = [start];
    for (const i of group) {
      for (const d of [-nx - 1, -nx, -nx + 1, -1, 1, nx - 1, nx, nx + 1]) if (left.delete(i + d)) group.push(i + d);
    }
    if (group.length >= TOGETHER) kept.push(...group);
  }
  return kept.length >= COHERENT * picked.length ? kept : [];
}
