/**
 * The parts of a cell from one grey image, as a sum of diffraction intensities or a micro-CT slice is: the casing is
 * what is brightest around all, and of what repeats from turn to turn the cathode is the broad bright band (heavy
 * elements absorb and scatter more than graphite), with the anode's collector as a line midway between two of them.
 */
import { median, quantile } from "../../fit/index.ts";
import type { PlacesConfig } from "./config.ts";
import { findCasing } from "./find-casing.ts";
import { checkSize, type Image, polarFrame, samplePolar } from "./polar.ts";
import type { RoleSignals } from "./role-signals.ts";
import { waveAt } from "./wave-fit.ts";
import { findPitch } from "./winding.ts";

/** In pitches: half the width up to which something is a line and no band; the reach of a collector's signal; surroundings. */
const [LINE, COLLECTOR, SURROUNDINGS] = [0.12, 0.12, 0.6];

export interface ImageSignals {
  readonly signals: RoleSignals;
  /** where the anode's collector runs; its height says nothing of its amount */
  readonly lines: RoleSignals;
}

/** Of the wall's brightness, from which on something within the cell is a tab. */
const TAB = 0.55;

/**
 * @param grey [y, x], brighter where there is more; without NaN
 * @returns casing alone where nothing repeats
 * @throws InputError "places-size"
 */
export function imageSignals(grey: Image, voxelMm: number, config: PlacesConfig): ImageSignals {
  checkSize(grey);
  const casing = casingOf(grey);
  const signals = new Map([["casing" as const, casing]]);
  const found = findCasing(casing, config);
  const centre = found ? ([found.x0, found.y0] as const) : ([(grey.nx - 1) / 2, (grey.ny - 1) / 2] as const);
  const inside = insideOf(grey, found, OFF_WALL);
  const pitch = config.pitchMm === undefined ? pitchOf(grey, inside, centre) : config.pitchMm / voxelMm;
  if (pitch === undefined) return { signals, lines: new Map() };
  const { bands, lines } = layersOf(grey, inside, pitch);
  const betweenBands = lines.map((value, i) => (bands[i]! < 0.5 ? value : 0));
  const around = blur({ ...grey, values: betweenBands }, COLLECTOR * pitch);
  const height =
    quantile(
      around.filter((value) => value > 0.02),
      0.7,
    ) || 1;
  const all = new Map([
    ...signals,
    ["cathode" as const, { ...grey, values: bands.map((value) => 0.5 + 0.5 * value) }],
    ["anode" as const, { ...grey, values: around.map((value) => Math.min(1, value / height)) }],
    // metal as thick as the casing's wall: nothing that is wound comes near its brightness
    ["tab" as const, { ...grey, values: casing.values.map((value) => (value > TAB ? 1 : 0)) }],
  ]);
  // the foot of the wall, cut off by the edge of what is looked at, would be a line
  const offWall = insideOf(grey, found, 2 * OFF_WALL);
  const values = lines.map((value, i) => value * offWall[i]!);
  return { signals: all, lines: new Map([["anodeCollector" as const, { ...grey, values }]]) };
}

/** In units of the wall: the brightest on each ray, its median over the rays. */
function casingOf(grey: Image): Image {
  const frame = polarFrame(grey, [(grey.nx - 1) / 2, (grey.ny - 1) / 2], Math.min(grey.ny, grey.nx) / 2, 0.5);
  const polar = samplePolar(grey, frame);
  const walls = Float64Array.from({ length: frame.angles }, (_, i) =>
    polar.subarray(i * frame.radii, (i + 1) * frame.radii).reduce((most, value) => Math.max(most, value), 0),
  );
  const height = median(walls) || 1;
  return { ...grey, values: grey.values.map((value) => value / height) };
}

/** Voxels from the casing's inside over which its wall still shows. */
const OFF_WALL = 2;

/** 1 in the casing's inside, some voxels off the wall; everywhere where there is none. */
function insideOf({ ny, nx }: Image, casing: ReturnType<typeof findCasing>, off: number): Uint8Array {
  return Uint8Array.from({ length: ny * nx }, (_, i) => {
    if (!casing) return 1;
    const [dx, dy] = [(i % nx) - casing.x0, Math.floor(i / nx) - casing.y0];
    return Math.hypot(dx, dy) < waveAt(casing.inside.coefficients, Math.atan2(dy, dx)) - off ? 1 : 0;
  });
}

/** Enough for a distance that is the same all around. */
const FEW_RAYS = 720;

/** Voxels from turn to turn, from what is left without slow changes. */
function pitchOf(grey: Image, inside: Uint8Array, centre: readonly [number, number]): number | undefined {
  const whole = polarFrame(grey, centre, Math.min(grey.ny, grey.nx) / 2);
  const frame = { ...whole, angles: Math.min(FEW_RAYS, whole.angles) };
  // the first guess decides over the window, and the window over what is left
  let pitch = frame.radii * frame.step * 0.08;
  for (let round = 0; round < 2; round++) {
    const { bands, isLayered } = layersOf(grey, inside, pitch, round > 0);
    const seen = bands.map((value, i) => (isLayered[i] ? value : 0));
    const found = findPitch(samplePolar({ ...grey, values: seen }, frame), frame);
    if (found === undefined) return undefined;
    pitch = found * frame.step;
  }
  return pitch;
}

/**
 * Broad bands, -1 between them and in a void to 1 in them; and thin lines beside them, 0 to 1.
 */
function layersOf(
  grey: Image,
  inside: Uint8Array,
  pitch: number,
  isPitchKnown = true,
): { bands: Float32Array; lines: Float32Array; isLayered: Uint8Array } {
  const reach = isPitchKnown ? Math.max(1, Math.round(LINE * pitch)) : 0;
  const masked = { ...grey, values: grey.values.map((value, i) => value * inside[i]!) };
  const broad = extreme(extreme(masked, reach, Math.min), reach, Math.max);
  const share = blur({ ...grey, values: Float32Array.from(inside) }, SURROUNDINGS * pitch);
  const local = (values: Float32Array): Float32Array =>
    blur({ ...grey, values }, SURROUNDINGS * pitch).map((value, i) => (inside[i] ? value / share[i]! : 0));
  const around = local(broad.values);
  const excess = broad.values.map((value, i) => (inside[i] ? value - around[i]! : 0));
  const contrast = local(excess.map((value) => value * value)).map((value) => Math.sqrt(Math.max(0, value)));
  // in a void there is nothing to be told apart: noise is not to be blown up
  const floor =
    0.4 *
    quantile(
      contrast.filter((_, i) => inside[i] === 1),
      0.6,
    );
  const bands = excess.map((value, i) => {
    const strength = contrast[i]! > floor ? 1 : contrast[i]! / floor;
    return inside[i] ? Math.max(-1, Math.min(1, value / Math.max(floor, contrast[i]!) + 2 * (strength - 1))) : -1;
  });
  const thin = masked.values.map((value, i) => (inside[i] ? value - broad.values[i]! : 0));
  const height =
    quantile(
      thin.filter((_, i) => inside[i] === 1 && bands[i]! < 0.5),
      0.97,
    ) || 1;
  const isLayered = Uint8Array.from(contrast, (value, i) => (inside[i] && value > floor ? 1 : 0));
  return { bands, isLayered, lines: thin.map((value) => Math.min(1, Math.max(0, value / height - 0.25))) };
}

/** Smallest or largest value in squares of side 2 reach + 1. */
function extreme({ ny, nx, values }: Image, reach: number, pick: (a: number, b: number) => number): Image {
  const across = new Float32Array(values.length);
  const out = new Float32Array(values.length);
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      let value = values[row * nx + col]!;
      for (let k = Math.max(0, col - reach); k <= Math.min(nx - 1, col + reach); k++) {
        value = pick(value, values[row * nx + k]!);
      }
      across[row * nx + col] = value;
    }
  }
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      let value = across[row * nx + col]!;
      for (let k = Math.max(0, row - reach); k <= Math.min(ny - 1, row + reach); k++) {
        value = pick(value, across[k * nx + col]!);
      }
      out[row * nx + col] = value;
    }
  }
  return { ny, nx, values: out };
}

/** A Gaussian mean as three running means (Wells, IEEE Trans. Pattern Anal. 8 (1986) 234). @param sigma voxels */
function blur({ ny, nx, values }: Image, sigma: number): Float32Array {
  // three boxes of width w have a variance of 3 (w^2 - 1) / 12
  const reach = Math.max(1, Math.round((Math.sqrt(4 * sigma * sigma + 1) - 1) / 2));
  let out = values;
  for (let pass = 0; pass < 3; pass++) {
    out = runningMean(out, ny, nx, nx, 1, reach);
    out = runningMean(out, nx, ny, 1, nx, reach);
  }
  return out;
}

/** Along lines of `length` elements that lie `stride` apart, lines `start` apart; edges held. */
function runningMean(
  values: Float32Array,
  count: number,
  length: number,
  start: number,
  stride: number,
  reach: number,
): Float32Array {
  const out = new Float32Array(values.length);
  for (let c = 0; c < count; c++) {
    const at = (k: number): number => values[c * start + Math.min(length - 1, Math.max(0, k)) * stride]!;
    let sum = 0;
    for (let k = -reach; k <= reach; k++) sum += at(k);
    for (let k = 0; k < length; k++) {
      out[c * start + k * stride] = sum / (2 * reach + 1);
      sum += at(k + reach + 1) - at(k - reach);
    }
  }
  return out;
}
