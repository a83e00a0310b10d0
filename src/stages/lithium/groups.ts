/** Lithium of groups of voxels: regions, layers, depths, lengths. */
import type { Places } from "../../data/index.ts";
import { REGIONS } from "../../data/index.ts";
import type { StagedPhase } from "./graphite.ts";
import { openRange, stageAmountsEsd } from "./graphite.ts";
import { LITHIUM_FLAG, type OxideLithium } from "./layered-oxide.ts";

/** Voxels that belong together. */
export interface VoxelGroup {
  readonly kind: "all" | "place" | "layer" | "depth" | "along";
  /** "near the casing", "layer 2, inner side" ... */
  readonly name: string;
  /** depth from 0 (separator) to 1 (collector), or mm along the electrode */
  readonly from?: number;
  readonly to?: number;
  readonly has: (v: number) => boolean;
}

export interface LithiumRow {
  /** phase of the cathode, or "anode" */
  readonly electrode: string;
  readonly kind: VoxelGroup["kind"];
  readonly where: string;
  readonly from: number | null;
  readonly to: number | null;
  /** with a value */
  readonly voxels: number;
  /** mean, each voxel by how much of the electrode it holds */
  readonly x: number;
  /** of the mean, from counting */
  readonly esd: number;
  /** of the mean, with what all voxels share: table or stages, scale */
  readonly total: number;
  /** standard deviation from voxel to voxel */
  readonly sd: number;
  /** that part of it which counting does not explain */
  readonly heterogeneity: number;
  /** of the group's amount, in voxels without a value or off the curve */
  readonly unknown: number;
  /** of the amount, in voxels with two possible x */
  readonly ambiguous: number;
}

export interface GroupSettings {
  /** mm from casing, core or tab that count as near */
  readonly nearMm: number;
  readonly depthBins: number;
  readonly alongMm: number;
}

/** Groups of one electrode; of a slice without places the whole alone. */
export function electrodeGroups(
  electrode: "cathode" | "anode",
  places: Places | undefined,
  { nearMm, depthBins, alongMm }: GroupSettings,
): VoxelGroup[] {
  if (!places) return [{ kind: "all", name: "whole slice", has: () => true }];
  const { region, toCasingMm, toCoreMm, toTabMm, layer, depth, alongMm: along } = places;
  // what a strong casing leaves in other phases is no electrode
  const isInside = (v: number): boolean => region[v] !== REGIONS.outside && region[v] !== REGIONS.casing;
  const groups: VoxelGroup[] = [{ kind: "all", name: "whole slice", has: isInside }];
  const ofLayer = new Set(places.layers.filter((one) => one.electrode === electrode).map(({ index }) => index));
  const isHere = (v: number): boolean => region[v] === REGIONS[electrode];
  const near = (distance: Float32Array) => (v: number) => isHere(v) && distance[v]! < nearMm;
  const places3 = [
    ["near the casing", near(toCasingMm)],
    ["near the core", near(toCoreMm)],
    ["near the tab", near(toTabMm)],
  ] as const;
  const hasTab = toTabMm.some((value) => Number.isFinite(value));
  for (const [name, has] of places3) if (name !== "near the tab" || hasTab) groups.push({ kind: "place", name, has });
  groups.push({
    kind: "place",
    name: "elsewhere",
    has: (v) => isHere(v) && places3.every(([, has]) => !has(v)),
  });
  for (const { index, electrode: of, side } of places.layers) {
    if (of === electrode)
      groups.push({ kind: "layer", name: `layer ${index}, ${side} side`, has: (v) => layer[v] === index });
  }
  const isCoated = (v: number): boolean => (ofLayer.size > 0 ? ofLayer.has(layer[v]!) : isHere(v));
  for (let bin = 0; bin < depthBins; bin++) {
    const [from, to] = [bin / depthBins, (bin + 1) / depthBins];
    const isLast = bin === depthBins - 1;
    const has = (v: number): boolean =>
      isCoated(v) && depth[v]! >= from && (depth[v]! < to || (isLast && depth[v]! <= to));
    groups.push({ kind: "depth", name: `depth ${from.toFixed(2)} to ${to.toFixed(2)}`, from, to, has });
  }
  const longest = along.reduce((most, value, v) => (isCoated(v) && value > most ? value : most), 0);
  for (let from = 0; from < longest; from += alongMm) {
    const to = from + alongMm;
    const has = (v: number): boolean => isCoated(v) && along[v]! >= from && along[v]! < to;
    groups.push({ kind: "along", name: `${from.toFixed(1)} to ${to.toFixed(1)} mm`, from, to, has });
  }
  return groups;
}

const rowOf = (electrode: string, { kind, name, from, to }: VoxelGroup) => ({
  electrode,
  kind,
  where: name,
  from: from ?? null,
  to: to ?? null,
});

/** Voxels share noise with their neighbours: so many count as one. */
export interface OxideGroupInput {
  readonly lithium: OxideLithium;
  /** [y, x] formula units */
  readonly amount: ArrayLike<number>;
  readonly xEsd: number;
  readonly voxelsPerResolution: number;
}

/** Mean of a layered oxide, voxels by their formula units. */
export function oxideRow(
  group: VoxelGroup,
  { lithium, amount, xEsd, voxelsPerResolution }: OxideGroupInput,
): LithiumRow {
  const { x, flag, byScale, byCurve } = lithium;
  let [voxels, mass, all, sum, noise, square, variance, scale, curve, twofold] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let v = 0; v < amount.length; v++) {
    const n = amount[v]!;
    if (!(n > 0) || !group.has(v)) continue;
    all += n;
    if (flag.values[v] === LITHIUM_FLAG.none || flag.values[v] === LITHIUM_FLAG.outside) continue;
    voxels++;
    mass += n;
    sum += n * x.values[v]!;
    square += n * x.values[v]! ** 2;
    variance += n * x.esd![v]! ** 2;
    noise += (n * x.esd![v]!) ** 2;
    scale += n * byScale[v]!;
    curve += n * byCurve[v]!;
    if (flag.values[v] === LITHIUM_FLAG.ambiguous) twofold += n;
  }
  const mean = sum / mass;
  const spread = Math.max(0, square / mass - mean * mean);
  const esd = (Math.sqrt(noise) / mass) * Math.sqrt(voxelsPerResolution);
  return {
    ...rowOf(lithium.name, group),
    voxels,
    x: mean,
    esd,
    total: Math.hypot(esd, xEsd, scale / mass, curve / mass),
    sd: Math.sqrt(spread),
    heterogeneity: Math.sqrt(Math.max(0, spread - variance / mass)),
    unknown: all > 0 ? 1 - mass / all : Number.NaN,
    ambiguous: twofold / mass,
  };
}

export interface GraphiteGroupInput {
  readonly phases: readonly StagedPhase[];
  /** map of x, for the spread */
  readonly x: ArrayLike<number>;
  readonly esd: ArrayLike<number>;
  readonly carbon: ArrayLike<number>;
  readonly voxelsPerResolution: number;
  /** relative, of the amounts of two stages against each other */
  readonly scaleRatioEsd: number;
}

/** Sum of lithium over sum of carbon in the voxels that hold enough of it: each voxel by its carbon. */
export function graphiteRow(group: VoxelGroup, input: GraphiteGroupInput): LithiumRow {
  const { phases, x, esd, carbon, voxelsPerResolution, scaleRatioEsd } = input;
  const sums = phases.map(() => 0);
  const noise = phases.map(() => 0);
  let [voxels, mass, all, sum, square, variance] = [0, 0, 0, 0, 0, 0];
  for (let v = 0; v < carbon.length; v++) {
    if (!group.has(v)) continue;
    if (carbon[v]! > 0) all += carbon[v]!;
    if (!Number.isFinite(x[v]!)) continue;
    for (const [p, phase] of phases.entries()) {
      if (!Number.isFinite(phase.carbon[v]!)) continue;
      sums[p]! += phase.carbon[v]!;
      noise[p]! += phase.esd[v]! ** 2;
    }
    voxels++;
    mass += carbon[v]!;
    sum += carbon[v]! * x[v]!;
    square += carbon[v]! * x[v]! ** 2;
    variance += carbon[v]! * esd[v]! ** 2;
  }
  const total = sums.reduce((a, b) => a + b, 0);
  const mean = phases.reduce((s, phase, p) => s + sums[p]! * phase.x, 0) / total;
  const counting = Math.hypot(...phases.map((phase, p) => ((phase.x - mean) * Math.sqrt(noise[p]!)) / total));
  const own = counting * Math.sqrt(voxelsPerResolution);
  const shares = sums.map((value) => Math.max(0, value / total));
  const open = (openRange(phases, shares, "low") + openRange(phases, shares, "high")) / Math.sqrt(12);
  const spread = Math.max(0, square / mass - (sum / mass) ** 2);
  return {
    ...rowOf("anode", group),
    voxels,
    x: mean,
    esd: own,
    total: Math.hypot(own, open, stageAmountsEsd(phases, shares, scaleRatioEsd)),
    sd: Math.sqrt(spread),
    heterogeneity: Math.sqrt(Math.max(0, spread - variance / mass)),
    unknown: all > 0 ? Math.max(0, 1 - mass / all) : Number.NaN,
    ambiguous: 0,
  };
}
