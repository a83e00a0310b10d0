/** Where in a cell each voxel of a slice lies, from the maps of its phases. */
import { InputError, type PhaseRoles, type Places, REGIONS, type SliceMaps } from "../../data/index.ts";
import type { PlacesConfig } from "./config.ts";
import { type Casing, findCasing, insideTowards, outsideTowards } from "./find-casing.ts";
import { distanceToPoints, type Points } from "./nearest-point.ts";

import { type RoleSignals, roleSignals } from "./role-signals.ts";
import { waveAt } from "./wave-fit.ts";

/** What was found, in numbers for people. */
export interface PlacesReport {
  readonly casing?: {
    readonly centreMm: readonly [number, number];
    readonly insideRadiusMm: number;
    readonly insideRadiusEsdMm: number;
    readonly outsideRadiusMm: number;
    /** of the inside: half the difference of the axes of the oval */
    readonly ovalityMm: number;
  };
  readonly notes: readonly string[];
}

/**
 * @throws InputError "places-no-electrode" where no phase is said to be of an electrode, "places-no-phase"
 */
export function findPlaces(
  maps: SliceMaps,
  roles: PhaseRoles,
  config: PlacesConfig,
): Places & { readonly report: PlacesReport } {
  if (roles.cathode.length + roles.anode.length === 0) {
    throw new InputError(
      "places-no-electrode",
      `${maps.name}: none of its phases is of the cathode or the anode, so there are no layers to be found. Say which phases are.`,
    );
  }
  const { ny, nx, voxelMm } = maps;
  const signals = roleSignals(maps, roles);
  const casing = signals.has("casing") ? findCasing(signals.get("casing")!, config) : undefined;
  const notes = casing ? [] : ["no closed casing was found: distances to it are left out"];
  const region = labelByAmount(signals, casing, ny, nx, config);
  const nan = () => new Float32Array(ny * nx).fill(Number.NaN);
  return {
    ny,
    nx,
    voxelMm,
    region,
    toCasingMm: casing
      ? distanceMm(
          curvePoints(casing.x0, casing.y0, casing.inside.coefficients),
          region,
          REGIONS.casing,
          ny,
          nx,
          voxelMm,
        )
      : nan(),
    toCoreMm: distanceMm(edgePoints(region, REGIONS.core, ny, nx), region, REGIONS.core, ny, nx, voxelMm),
    toTabMm: distanceMm(edgePoints(region, REGIONS.tab, ny, nx), region, REGIONS.tab, ny, nx, voxelMm),
    toSeparatorMm: distanceMm(
      edgePoints(region, REGIONS.separator, ny, nx),
      region,
      REGIONS.separator,
      ny,
      nx,
      voxelMm,
    ),
    depth: nan(),
    layer: new Int16Array(ny * nx).fill(-1),
    alongMm: nan(),
    layers: [],
    report: { ...(casing && { casing: reportCasing(casing, maps) }), notes },
  };
}

function reportCasing({ x0, y0, inside, outside }: Casing, { ny, nx, voxelMm }: SliceMaps) {
  const [r = 0, , , p = 0, q = 0] = inside.coefficients;
  return {
    centreMm: [(x0 - (nx - 1) / 2) * voxelMm, (y0 - (ny - 1) / 2) * voxelMm] as const,
    insideRadiusMm: r * voxelMm,
    insideRadiusEsdMm: (inside.spread / Math.sqrt(Math.max(1, 2 * Math.PI * r))) * voxelMm,
    outsideRadiusMm: outside.coefficients[0]! * voxelMm,
    ovalityMm: Math.hypot(p, q) * voxelMm,
  };
}

const ROLE_REGIONS = ["cathode", "anode", "cathodeCollector", "anodeCollector"] as const;

function labelByAmount(
  signals: RoleSignals,
  casing: Casing | undefined,
  ny: number,
  nx: number,
  { presence }: PlacesConfig,
): Uint8Array {
  const region = new Uint8Array(ny * nx);
  const middle: [number, number] = casing ? [casing.x0, casing.y0] : [(nx - 1) / 2, (ny - 1) / 2];
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const i = row * nx + col;
      const r = Math.hypot(col - middle[0], row - middle[1]);
      if (casing && r > outsideTowards(casing, col, row)) region[i] = REGIONS.outside;
      else if (casing && r > insideTowards(casing, col, row)) region[i] = REGIONS.casing;
      else region[i] = largest(signals, i, presence);
    }
  }
  fillCore(region, ny, nx, middle);
  return region;
}

function largest(signals: RoleSignals, i: number, presence: number): number {
  let most = presence;
  let found: number = REGIONS.other;
  for (const role of ROLE_REGIONS) {
    const value = signals.get(role)?.values[i] ?? 0;
    if (value > most) [most, found] = [value, REGIONS[role]];
  }
  if (found === REGIONS.other && (signals.get("separator")?.values[i] ?? 0) > presence) return REGIONS.separator;
  return found;
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

/** Points of a curve about (x0, y0), a quarter of a voxel from one to the next. */
function curvePoints(x0: number, y0: number, coefficients: readonly number[]): Points {
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

/** Midpoints of the edges between voxels of a region and others. */
function edgePoints(region: Uint8Array, label: number, ny: number, nx: number): Points {
  const points: number[] = [];
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const i = row * nx + col;
      const isIn = region[i] === label;
      if (col + 1 < nx && (region[i + 1] === label) !== isIn) points.push(col + 0.5, row);
      if (row + 1 < ny && (region[i + nx] === label) !== isIn) points.push(col, row + 0.5);
    }
  }
  return Float64Array.from(points);
}

/** Distance to a region's edge; 0 within it, NaN outside the cell. */
function distanceMm(
  points: Points,
  region: Uint8Array,
  label: number,
  ny: number,
  nx: number,
  voxelMm: number,
): Float32Array {
  const out = distanceToPoints(points, ny, nx);
  for (let i = 0; i < out.length; i++) {
    if (region[i] === REGIONS.outside) out[i] = Number.NaN;
    else out[i] = region[i] === label ? 0 : out[i]! * voxelMm;
  }
  return out;
}
