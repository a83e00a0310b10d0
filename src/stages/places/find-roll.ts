/** The wound electrodes of a cell: their middles, traced through the maps, and the coatings on them. */
import { median } from "../../fit/index.ts";
import { assumeCoatings, type Coatings, measureCoatings } from "./coatings.ts";
import type { PlacesConfig } from "./config.ts";
import { direction, type Image, type PolarFrame, polarFrame, samplePolar } from "./polar.ts";
import type { RoleSignals } from "./role-signals.ts";
import { everyVoxel, lengthOf, raiseWall, type Strand, straighten, strandOf } from "./strand.ts";
import { traceStrand } from "./trace-strand.ts";
import { withTails } from "./trace-tails.ts";
import { findPitch, findSense, type Winding } from "./winding.ts";

export const ELECTRODES = ["cathode", "anode"] as const;
export type Electrode = (typeof ELECTRODES)[number];

/** Lengths in voxels. */
export interface Roll {
  readonly winding: Winding;
  readonly pitch: number;
  readonly electrodes: ReadonlyMap<Electrode, WoundElectrode>;
}
export interface WoundElectrode {
  readonly strand: Strand;
  readonly coatings: Coatings;
  readonly turns: number;
}

/** Of a pitch: what is looked for across is about as wide as one electrode. */
const ELECTRODE_SHARE = 0.4;
/** Likewise its collector. */
const COLLECTOR_SHARE = 0.08;

/**
 * @param centre of the roll, (x, y) in voxels
 * @param reach voxels from there towards an angle (radians), beyond which there is no roll
 * @param lines where the collectors run, whether or not their height says how much there is
 * @returns undefined where nothing repeats from turn to turn
 */
export function findRoll(
  signals: RoleSignals,
  size: { readonly ny: number; readonly nx: number },
  centre: readonly [number, number],
  reach: (angle: number) => number,
  voxelMm: number,
  config: PlacesConfig,
  lines: RoleSignals,
): Roll | undefined {
  const contrast = contrastOf(signals, size);
  const farthest = Math.max(...Array.from({ length: 360 }, (_, i) => reach((i * Math.PI) / 180)));
  const first = polarFrame(size, centre, farthest * 1.01);
  const seen = within(samplePolar(contrast, first), first, reach);
  const pitch = config.pitchMm === undefined ? findPitch(seen, first) : config.pitchMm / voxelMm / first.step;
  if (pitch === undefined) return undefined;
  const found = findSense(seen, first, pitch);
  const sense = config.winding === "found" ? found.sense : config.winding === "outwards-counterclockwise" ? 1 : -1;
  const winding = { ...found, sense } as const;
  const frame = { ...first, sense };
  const polar = sense === 1 ? seen : within(samplePolar(contrast, frame), frame, reach);
  const ridges = boxed(polar, frame, ELECTRODE_SHARE * pitch);
  const limit = Float64Array.from({ length: frame.angles }, (_, i) => reach(angleOf(frame, i)));
  const smooth = config.smoothMm === undefined ? 6 : config.smoothMm / voxelMm;
  const seek = (electrode: Electrode, wall?: Strand): Strand | undefined => {
    const against = electrode === "cathode" ? ridges.slice() : ridges.map((value) => -value);
    if (wall) raiseWall(against, frame, wall, pitch);
    const own = boxed(
      within(samplePolar(amountOf(signals, electrode, size), frame), frame, reach),
      frame,
      ELECTRODE_SHARE * pitch,
    );
    return strandOf(traceStrand(against, own, frame, winding, limit, smooth), against, frame);
  };
  const lineOf = (electrode: Electrode): Float32Array | undefined => {
    const line = lines.get(`${electrode}Collector`);
    if (!line) return undefined;
    const width = Math.max(1 / frame.step, COLLECTOR_SHARE * pitch);
    return boxed(within(samplePolar(line, frame), frame, reach), frame, width);
  };
  const electrodes = new Map<Electrode, WoundElectrode>();
  const both = new Map(seekBoth(signals, seek));
  for (const [electrode, body] of both) {
    const other = both.get(electrode === "cathode" ? "anode" : "cathode");
    const ridge = lineOf(electrode);
    const strand = other && ridge ? withTails(body, other, ridge, pitch, limit, smooth) : body;
    const line = signals.get(`${electrode}Collector`);
    const coat = signals.get(electrode)!;
    const coatings = measureCoatings(strand, coat, line, pitch * frame.step, config.thicknessWindowMm / voxelMm);
    electrodes.set(electrode, { strand, coatings, turns: (strand.radius.length - 1) / frame.angles });
  }
  if (electrodes.size === 0) return undefined;
  const roll = { winding, pitch: meanPitch([...both.values()]) ?? pitch * frame.step, electrodes };
  return withAssumed(roll, contrast, config.separatorMm === undefined ? undefined : config.separatorMm / voxelMm);
}

/** The electrode that is seen best first; the other cannot cross it. */
function seekBoth(
  signals: RoleSignals,
  seek: (electrode: Electrode, wall?: Strand) => Strand | undefined,
): [Electrode, Strand][] {
  const found = ELECTRODES.filter((electrode) => signals.has(electrode)).flatMap((electrode) => {
    const strand = seek(electrode);
    return strand ? [{ electrode, strand, share: shareSeen(strand) }] : [];
  });
  const [leader, follower] = found.sort((a, b) => b.share - a.share);
  if (!leader) return [];
  const other = follower && (seek(follower.electrode, leader.strand) ?? follower.strand);
  const both: [Electrode, Strand][] = [[leader.electrode, leader.strand]];
  if (other) both.push([follower.electrode, other]);
  return both.sort(([a], [b]) => ELECTRODES.indexOf(a) - ELECTRODES.indexOf(b));
}

/** Steeper than any roll: a trace that goes from one turn to another. */
const STEEP = 0.35;

/** Share of a strand that is there, and is no jump; each jump counts as a tenth of a turn that is not. */
function shareSeen({ height, radius, frame }: Strand): number {
  const arc = (2 * Math.PI) / frame.angles;
  let lost = 0;
  for (let i = 1; i < radius.length; i++) {
    if (height[i]! < 0.5) lost++;
    const slope = Math.abs(radius[i]! - radius[i - 1]!) / (arc * Math.max(1, radius[i]!));
    const before = i > 1 ? Math.abs(radius[i - 1]! - radius[i - 2]!) / (arc * Math.max(1, radius[i - 1]!)) : 0;
    if (slope > STEEP && before <= STEEP) lost += frame.angles / 10;
  }
  return 1 - lost / radius.length;
}

/** Of a pitch: a separator of which nothing is known. */
const USUAL_SEPARATOR = 0.06;

/** Coatings too thin to be measured fill what their neighbours and the separators leave. */
function withAssumed(roll: Roll, contrast: Image, separator = USUAL_SEPARATOR * roll.pitch): Roll {
  const electrodes = new Map(roll.electrodes);
  const [cathode, anode] = ELECTRODES.map((electrode) => roll.electrodes.get(electrode));
  const width = ({ coatings }: WoundElectrode): number =>
    median(coatings.surface.inner) + median(coatings.surface.outer);
  for (const [electrode, own, other] of [
    ["cathode", cathode, anode],
    ["anode", anode, cathode],
  ] as const) {
    if (!own || own.coatings.isMeasured) continue;
    const left = other?.coatings.isMeasured
      ? roll.pitch - width(other) - 2 * separator
      : widthOfSign(own.strand, contrast, roll.pitch, electrode === "cathode" ? 1 : -1) - separator;
    const half = Math.max(0.05 * roll.pitch, left / 2);
    electrodes.set(electrode, { ...own, coatings: assumeCoatings(own.strand, own.coatings, half) });
  }
  return { ...roll, electrodes };
}

/** Width over which one electrode outweighs the other, about the middle of the strand. */
function widthOfSign(strand: Strand, contrast: Image, pitch: number, sign: 1 | -1): number {
  const step = 0.1;
  const offsets = Float64Array.from({ length: 2 * Math.round(pitch / step / 2) + 1 }, (_, i) => i * step - pitch / 2);
  const samples = everyVoxel(strand);
  const values = straighten(contrast, strand, samples, offsets);
  let count = 0;
  for (let o = 0; o < offsets.length; o++) {
    let sum = 0;
    for (let s = 0; s < samples.length; s++) sum += values[s * offsets.length + o]!;
    if (sum * sign > 0) count++;
  }
  return count * step;
}

const angleOf = (frame: PolarFrame, ray: number): number => {
  const [cosine, sine] = direction(frame, ray);
  return Math.atan2(sine, cosine);
};

/** Above 0 in the cathode and its collector, below in the anode and its own. */
function contrastOf(signals: RoleSignals, size: { readonly ny: number; readonly nx: number }): Image {
  const [cathode, anode] = ELECTRODES.map((electrode) => amountOf(signals, electrode, size).values);
  return { ...size, values: cathode!.map((value, i) => value - anode![i]!) };
}

/** An electrode with its collector: about 1 within, whichever of both. */
function amountOf(signals: RoleSignals, electrode: Electrode, { ny, nx }: { ny: number; nx: number }): Image {
  const values = new Float32Array(ny * nx);
  for (const role of [electrode, `${electrode}Collector`] as const) {
    signals.get(role)?.values.forEach((value, i) => {
      values[i]! += value;
    });
  }
  return { ny, nx, values: values.map((value) => Math.max(0, Math.min(1.2, value))) };
}

/** Nothing beyond the reach. */
function within(polar: Float32Array, frame: PolarFrame, reach: (angle: number) => number): Float32Array {
  for (let i = 0; i < frame.angles; i++) {
    const end = Math.floor(reach(angleOf(frame, i)) / frame.step);
    polar.fill(0, i * frame.radii + Math.min(frame.radii, end + 1), (i + 1) * frame.radii);
  }
  return polar;
}

/** A running mean along the rays. @param width elements */
function boxed(polar: Float32Array, { angles, radii }: PolarFrame, width: number): Float32Array {
  const out = new Float32Array(polar.length);
  const half = Math.max(1, Math.round(width / 2));
  const sums = new Float64Array(radii + 1);
  for (let i = 0; i < angles; i++) {
    for (let k = 0; k < radii; k++) sums[k + 1] = sums[k]! + polar[i * radii + k]!;
    for (let k = 0; k < radii; k++) {
      out[i * radii + k] = (sums[Math.min(radii, k + half + 1)]! - sums[Math.max(0, k - half)]!) / (2 * half + 1);
    }
  }
  return out;
}

/** Distance from turn to turn of the longest strand that passes a ray twice, where it is whole. */
function meanPitch(strands: readonly Strand[]): number | undefined {
  let best: { length: number; pitch: number } | undefined;
  for (const strand of strands) {
    const { angles } = strand.frame;
    const distances: number[] = [];
    for (let i = angles; i < strand.radius.length; i++) {
      if (Math.min(strand.height[i]!, strand.height[i - angles]!) < WHOLE) continue;
      distances.push(strand.radius[i]! - strand.radius[i - angles]!);
    }
    if (distances.length < angles / 8 || lengthOf(strand) < (best?.length ?? 0)) continue;
    best = { length: lengthOf(strand), pitch: distances.reduce((sum, d) => sum + d, 0) / distances.length };
  }
  return best?.pitch;
}

/** Of its usual height, from which on an electrode is not cut off or torn. */
const WHOLE = 0.85;
