/** Where in a cell each voxel of a slice lies, from the maps of its phases. */
import {
  type ElectrodeLayer,
  InputError,
  type PhaseRoles,
  type Places,
  REGIONS,
  type SliceMaps,
} from "../../data/index.ts";
import { median } from "../../fit/index.ts";
import type { PlacesConfig } from "./config.ts";
import { distanceToCurve, type Points } from "./curve-distance.ts";
import { distanceToEdge } from "./edge-distance.ts";
import { type Casing, findCasing, insideTowards, outsideTowards } from "./find-casing.ts";
import { findRoll, type Roll } from "./find-roll.ts";
import { labelTabs } from "./find-tabs.ts";
import { type Labels, labelRoll, layersOf } from "./label-roll.ts";
import { checkSize } from "./polar.ts";
import { type PlacesReport, reportPlaces } from "./report.ts";
import { type RoleSignals, roleSignals } from "./role-signals.ts";
import { lengthOf } from "./strand.ts";
import { waveAt } from "./wave-fit.ts";

/** Places, with what they were found from. */
export interface FoundPlaces extends Places {
  readonly report: PlacesReport;
  /** the lines that the electrodes run along; undefined where nothing is wound */
  readonly roll?: Roll;
  readonly casing?: Casing;
}

interface Size {
  readonly ny: number;
  readonly nx: number;
  readonly voxelMm: number;
}

/**
 * Finds casing, core, coatings and collectors of a cell in its phase maps.
 *
 * @throws InputError "places-no-electrode" where no phase is said to be of an electrode, "places-no-phase", "places-size"
 */
export function findPlaces(maps: SliceMaps, roles: PhaseRoles, config: PlacesConfig): FoundPlaces {
  if (roles.cathode.length + roles.anode.length === 0) {
    throw new InputError(
      "places-no-electrode",
      `${maps.name}: none of its phases is of the cathode or the anode, so there are no layers to be found. Say which phases are.`,
    );
  }
  return placesOf(roleSignals(maps, roles), maps, config);
}

/**
 * The same from the signals of the parts.
 *
 * @param lines where collectors run, where that is known better than how much of them there is
 * @throws InputError "places-size" where there are too few voxels
 */
export function placesOf(
  signals: RoleSignals,
  size: Size,
  config: PlacesConfig,
  lines: RoleSignals = signals,
): FoundPlaces {
  const { ny, nx, voxelMm } = size;
  checkSize(size);
  const casing = signals.has("casing") ? findCasing(signals.get("casing")!, config) : undefined;
  const centre = casing ? ([casing.x0, casing.y0] as const) : ([(nx - 1) / 2, (ny - 1) / 2] as const);
  const farthest = Math.min(ny, nx) / 2 - 1;
  const reach = (angle: number): number => (casing ? waveAt(casing.inside.coefficients, angle) : farthest);
  const roll = findRoll(signals, size, centre, reach, voxelMm, config, lines);
  const labels = blankLabels(casing, ny, nx);
  if (roll) labelRoll(roll, labels, ny, nx, separatorReach(roll, voxelMm, config));
  else labelByAmount(signals, labels.region, config.presence);
  if (!roll) fillCore(labels.region, ny, nx, centre);
  const toCasing = (i: number): number => {
    const [x, y] = [i % nx, Math.floor(i / nx)];
    return casing ? insideTowards(casing, x, y) - Math.hypot(x - casing.x0, y - casing.y0) : Number.POSITIVE_INFINITY;
  };
  labelTabs(signals, roll, labels, config.presence, toCasing);
  const to = (label: number): Float32Array => distanceToRegion(labels.region, label, size);
  return {
    ny,
    nx,
    voxelMm,
    region: labels.region,
    toCasingMm: distanceToCasing(labels.region, casing, size),
    toCoreMm: to(REGIONS.core),
    toTabMm: to(REGIONS.tab),
    toSeparatorMm: to(REGIONS.separator),
    depth: labels.depth,
    layer: labels.layer,
    alongMm: labels.along.map((s) => s * voxelMm),
    layers: roll ? describeLayers(roll, voxelMm) : [],
    report: reportPlaces(size, casing, roll, labels.region.includes(REGIONS.tab)),
    ...(roll && { roll }),
    ...(casing && { casing }),
  };
}

function blankLabels(casing: Casing | undefined, ny: number, nx: number): Labels {
  const region = new Uint8Array(ny * nx).fill(REGIONS.other);
  for (let row = 0; casing && row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const r = Math.hypot(col - casing.x0, row - casing.y0);
      if (r > outsideTowards(casing, col, row)) region[row * nx + col] = REGIONS.outside;
      else if (r > insideTowards(casing, col, row)) region[row * nx + col] = REGIONS.casing;
    }
  }
  return {
    region,
    depth: new Float32Array(ny * nx).fill(Number.NaN),
    layer: new Int16Array(ny * nx).fill(-1),
    along: new Float32Array(ny * nx).fill(Number.NaN),
  };
}

/** Gaps up to this are filled by the separator: half as much again as it is thick, for what is uneven. */
function separatorReach({ pitch, electrodes }: Roll, voxelMm: number, { separatorMm }: PlacesConfig): number {
  if (separatorMm !== undefined) return (1.5 * separatorMm) / voxelMm;
  const bands = [...electrodes.values()].map(
    ({ coatings }) => median(coatings.surface.inner) + median(coatings.surface.outer),
  );
  const gap = electrodes.size === 2 ? (pitch - bands[0]! - bands[1]!) / 2 : 0.06 * pitch;
  return 1.5 * Math.max(0.03 * pitch, gap);
}

function describeLayers(roll: Roll, voxelMm: number): ElectrodeLayer[] {
  return layersOf(roll).map(({ electrode, side }, index) => {
    const { strand, coatings } = roll.electrodes.get(electrode)!;
    const { mean, isMeasured, thickness } = coatings;
    const usual = isMeasured ? median(thickness[side]) : mean.profile[side];
    return { index, electrode, side, lengthMm: lengthOf(strand) * voxelMm, thicknessMm: usual * voxelMm };
  });
}

const ROLE_REGIONS = ["cathode", "anode", "cathodeCollector", "anodeCollector", "separator"] as const;

/** Where nothing is wound: each voxel is what there is most of in it. */
function labelByAmount(signals: RoleSignals, region: Uint8Array, presence: number): void {
  for (let i = 0; i < region.length; i++) {
    if (region[i] !== REGIONS.other) continue;
    let most = presence;
    for (const role of ROLE_REGIONS) {
      const value = signals.get(role)?.values[i] ?? 0;
      if (value > most) [most, region[i]] = [value, REGIONS[role]];
    }
  }
}

/** On each ray from the middle everything up to the first electrode. */
function fillCore(region: Uint8Array, ny: number, nx: number, [x0, y0]: readonly [number, number]): void {
  const rays = 8 * Math.max(ny, nx);
  for (let ray = 0; ray < rays; ray++) {
    const angle = (2 * Math.PI * ray) / rays;
    for (let r = 0; r < Math.max(ny, nx); r += 0.25) {
      const col = Math.round(x0 + r * Math.cos(angle));
      const row = Math.round(y0 + r * Math.sin(angle));
      const i = row * nx + col;
      if (row < 0 || col < 0 || row >= ny || col >= nx) break;
      if (region[i] !== REGIONS.other && region[i] !== REGIONS.separator && region[i] !== REGIONS.core) break;
      region[i] = REGIONS.core;
    }
  }
}

/** Points of the casing's inside, a quarter of a voxel from one to the next. */
function curvePoints({ x0, y0, inside: { coefficients } }: Casing): Points {
  const n = Math.ceil(8 * Math.PI * coefficients[0]!);
  const points = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    const angle = (2 * Math.PI * i) / n;
    const r = waveAt(coefficients, angle);
    points[2 * i] = x0 + r * Math.cos(angle);
    points[2 * i + 1] = y0 + r * Math.sin(angle);
  }
  return points;
}

/** Distance to a region's edge; 0 within it, NaN outside the cell and where there is no such region. */
function distanceToRegion(region: Uint8Array, label: number, { ny, nx, voxelMm }: Size): Float32Array {
  return distanceToEdge(region, label, ny, nx).map((voxels, i) => {
    if (region[i] === label) return 0;
    return region[i] === REGIONS.outside || voxels === Number.POSITIVE_INFINITY ? Number.NaN : voxels * voxelMm;
  });
}

/** Distance to the casing's fitted inside; 0 within its wall, NaN outside the cell. */
function distanceToCasing(region: Uint8Array, casing: Casing | undefined, { ny, nx, voxelMm }: Size): Float32Array {
  if (!casing) return new Float32Array(ny * nx).fill(Number.NaN);
  const isAsked = (i: number): boolean => region[i] !== REGIONS.outside && region[i] !== REGIONS.casing;
  return distanceToCurve(curvePoints(casing), ny, nx, isAsked).map((voxels, i) =>
    region[i] === REGIONS.casing ? 0 : voxels * voxelMm,
  );
}
