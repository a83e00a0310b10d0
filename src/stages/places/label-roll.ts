/** Regions, layers, depth and length along the electrode of every voxel, from the lines that the electrodes run along. */
import { REGIONS } from "../../data/index.ts";
import type { Side } from "./coatings.ts";
import { ELECTRODES, type Electrode, type Roll, type WoundElectrode } from "./find-roll.ts";
import { type Foot, footOf, passes, valueAt } from "./strand.ts";

/** [y, x] each; lengths in voxels. */
export interface Labels {
  readonly region: Uint8Array;
  readonly depth: Float32Array;
  readonly layer: Int16Array;
  readonly along: Float32Array;
}

/** Layers in the order of their indices. */
export function layersOf(roll: Roll): { readonly electrode: Electrode; readonly side: Side }[] {
  return [...roll.electrodes.keys()].flatMap((electrode) => [
    { electrode, side: "inner" as const },
    { electrode, side: "outer" as const },
  ]);
}

/**
 * Labels what lies inside the casing; leaves other voxels as they are.
 *
 * @param labels regions `outside` and `casing` are known
 * @param separator voxels from a surface that still belong to the separator
 */
export function labelRoll(roll: Roll, labels: Labels, ny: number, nx: number, separator: number): void {
  const layers = layersOf(roll);
  const between = neighboursOf(roll);
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const i = row * nx + col;
      if (labels.region[i] === REGIONS.outside || labels.region[i] === REGIONS.casing) continue;
      let best: Claim | undefined;
      let gap = Number.POSITIVE_INFINITY;
      for (const electrode of ELECTRODES) {
        const wound = roll.electrodes.get(electrode);
        const foot = wound && footOf(wound.strand, col, row);
        if (!wound || !foot) continue;
        const claim = claimOf(electrode, wound, foot);
        gap = Math.min(gap, claim.beyond);
        if (claim.beyond < (best?.beyond ?? 0)) best = claim;
      }
      if (best) {
        labels.region[i] = regionOf(best);
        labels.along[i] = best.along;
        if (best.kind !== "coating") continue;
        labels.depth[i] = best.depth;
        labels.layer[i] = layers.findIndex(({ electrode, side }) => electrode === best.electrode && side === best.side);
        continue;
      }
      labels.region[i] = between(col, row, gap <= separator);
    }
  }
}

interface Claim {
  readonly electrode: Electrode;
  readonly side: Side;
  readonly kind: "coating" | "collector" | "missing";
  /** from the surface outwards; below 0 within the electrode */
  readonly beyond: number;
  readonly depth: number;
  readonly along: number;
}

function claimOf(electrode: Electrode, { strand, coatings }: WoundElectrode, { at, offset }: Foot): Claim {
  const from = offset - valueAt(coatings.centre, at);
  const side = from < 0 ? "inner" : "outer";
  const { collector } = coatings.mean.profile;
  const surface = valueAt(coatings.surface[side], at);
  const isThere = coatings.there[side][Math.round(at)] === 1;
  const out = Math.abs(from);
  return {
    electrode,
    side,
    kind: out < collector ? "collector" : isThere ? "coating" : "missing",
    beyond: out - (isThere ? surface : collector),
    depth: Math.max(0, Math.min(1, 1 - (out - collector) / Math.max(1e-6, surface - collector))),
    along: valueAt(strand.along, at),
  };
}

const regionOf = ({ electrode, kind }: Claim): number =>
  kind === "coating" ? REGIONS[electrode] : kind === "collector" ? REGIONS[`${electrode}Collector`] : REGIONS.other;

/** What is no electrode: core within the roll, separator beside an electrode between two, else something other. */
function neighboursOf(roll: Roll): (x: number, y: number, isNear: boolean) => number {
  const { frame } = [...roll.electrodes.values()][0]!.strand;
  // by ray: the innermost and the outermost line
  const inner = new Float64Array(frame.angles).fill(Number.POSITIVE_INFINITY);
  const outer = new Float64Array(frame.angles).fill(Number.NEGATIVE_INFINITY);
  for (const { strand } of roll.electrodes.values()) {
    for (let ray = 0; ray < frame.angles; ray++) {
      const all = passes(strand, ray);
      inner[ray] = Math.min(inner[ray]!, all[0]?.radius ?? Number.POSITIVE_INFINITY);
      outer[ray] = Math.max(outer[ray]!, all.at(-1)?.radius ?? Number.NEGATIVE_INFINITY);
    }
  }
  return (x, y, isNear) => {
    const turn = (frame.sense * Math.atan2(y - frame.y0, x - frame.x0)) / (2 * Math.PI);
    const ray = Math.floor((turn - Math.floor(turn)) * frame.angles) % frame.angles;
    const r = Math.hypot(x - frame.x0, y - frame.y0);
    if (r < inner[ray]!) return REGIONS.core;
    return isNear && r < outer[ray]! ? REGIONS.separator : REGIONS.other;
  };
}
