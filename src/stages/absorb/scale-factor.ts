/** The factor K from scales to volume fractions, in the four ways there are. */
import { InputError } from "../../data/index.ts";
import { quantile, robustSpread } from "../../fit/index.ts";
import type { AbsorbConfig } from "./config.ts";
import { attenuationOfPhases, type PhaseVolumes, type Rest, restShare } from "./phase-volumes.ts";

export interface ScaleFactor {
  readonly value: number;
  readonly by: "transmission" | "phase" | "factor" | "densest";
  /** relative; by transmission only, from the scatter about the fit */
  readonly esd?: number;
  /** what a reader should know about it */
  readonly note: string;
}

/** A transmission that was measured, and how a map is projected on its rays. */
export interface MeasuredTransmission {
  /** [ray] */
  readonly values: ArrayLike<number>;
  /** [ray] 1 where it can be believed */
  readonly usable: Uint8Array;
  /** [y, x] 1/mm -> [ray] line integrals */
  readonly integrate: (perMm: Float64Array) => Float64Array;
}

export interface ScaleFactorInput {
  readonly volumes: PhaseVolumes;
  /** [y, x] 1 in the sample */
  readonly scattering: Uint8Array;
  readonly rest: Rest | undefined;
  readonly measured?: MeasuredTransmission | undefined;
}

/**
 * The factor from scales to volume fractions, from a measured transmission or the sample being full.
 *
 * @throws InputError "absorb-no-transmission" | "absorb-scale-phase" | "absorb-scale-factor" | "absorb-scale-transmission"
 */
export function findScaleFactor(config: AbsorbConfig["scale"], input: ScaleFactorInput): ScaleFactor {
  const by = config.by === "auto" ? whatThereIs(config, input) : config.by;
  if (by === "transmission") return byTransmission(input);
  if (by === "phase") return byDensePhase(config, input);
  if (by === "factor") return byFactor(config);
  return byDensest(config, input);
}

function whatThereIs({ phase, factor }: AbsorbConfig["scale"], { measured }: ScaleFactorInput): ScaleFactor["by"] {
  if (measured) return "transmission";
  if (phase !== undefined) return "phase";
  return factor !== undefined ? "factor" : "densest";
}

function byFactor({ factor }: AbsorbConfig["scale"]): ScaleFactor {
  if (factor !== undefined) return { value: factor, by: "factor", note: "as given" };
  throw new InputError(
    "absorb-scale-factor",
    "absorb.scale.by is factor, and no factor is given: add absorb.scale.factor, volume fraction over scale times cell volume squared, or leave `by` out.",
  );
}

/** Steps until which parts of voxels that are full stay full or not. */
const STEPS = 20;

/**
 * Least squares through -ln T. Of rays that much gets through, the map's own error is what there is, alike for all;
 * of others the diode's noise, which is about the same at every reading and so goes with 1 / T in ln T.
 * With a rest, mu = K (attenuation - mu_rest total) + mu_rest where voxels are not full, and K attenuation where they
 * are: which ones, is found by turns.
 */
function byTransmission({ volumes, rest, measured }: ScaleFactorInput): ScaleFactor {
  if (!measured) {
    throw new InputError(
      "absorb-no-transmission",
      "absorb.scale.by is transmission, and no transmission was measured in this scan: give input.transmitted (frames) or a diode in the scan's counters, or set absorb.scale.by to phase, factor or densest.",
    );
  }
  const { values, usable, integrate } = measured;
  let factor = quantile(volumes.total, 0.95) > 0 ? 1 / quantile(volumes.total, 0.99) : Number.NaN;
  let fit = { value: factor, esd: Number.NaN };
  for (let step = 0; step < STEPS; step++) {
    // where a voxel is not full, its rest shrinks as the phases grow
    const share = rest && restShare(volumes.total, factor, rest, volumes.nx);
    const isOpen = (i: number): boolean => share !== undefined && share[i]! > 0 && share[i]! < 1;
    const slope = volumes.attenuation.map((value, i) =>
      isOpen(i) ? value - rest!.muPerMm * volumes.total[i]! : value,
    );
    const constant = volumes.attenuation.map((_, i) => (share && share[i]! > 0 ? rest!.muPerMm : 0));
    fit = fitThroughOrigin(integrate(slope), rest && integrate(constant), values, usable);
    const isSettled = Math.abs(fit.value / factor - 1) < 1e-6;
    factor = fit.value;
    if (isSettled || !(factor > 0)) break;
  }
  if (!(factor > 0)) {
    throw new InputError(
      "absorb-scale-transmission",
      `The measured transmission does not go with the phases' attenuation (the factor between them comes out as ${factor}). Check the diode (sinogram/transmission: 1 in air, less in the sample), or set absorb.scale.by to phase, factor or densest.`,
    );
  }
  return {
    value: factor,
    by: "transmission",
    esd: fit.esd / factor,
    note: "least squares through the measured transmission",
  };
}

/** Transmission at which a diode's noise in ln T has become that of a map. */
const MAP_NOISE = 0.05;

/** Residuals farther than this, in robust standard deviations, are of rays along edges that the map has blurred. */
const FAR = 2.5;
const TRIMS = 4;

/** K of -ln T = constant + K slope, without the rays that are far from it. */
function fitThroughOrigin(
  slope: Float64Array,
  constant: Float64Array | undefined,
  transmission: ArrayLike<number>,
  usable: Uint8Array,
): { value: number; esd: number } {
  const wanted = Float64Array.from(slope, (_, ray) => -Math.log(transmission[ray]!) - (constant?.[ray] ?? 0));
  const through = [...slope.keys()].filter((ray) => usable[ray] && transmission[ray]! > 0 && transmission[ray]! < 0.99);
  const weights = Float64Array.from(
    slope,
    (_, ray) => transmission[ray]! ** 2 / (transmission[ray]! ** 2 + MAP_NOISE ** 2),
  );
  let used = through;
  let value = Number.NaN;
  let [xx, yy, xy] = [0, 0, 0];
  for (let trim = 0; trim <= TRIMS; trim++) {
    [xx, yy, xy] = [0, 0, 0];
    for (const ray of used) {
      const [x, y, weight] = [slope[ray]!, wanted[ray]!, weights[ray]!];
      xx += weight * x * x;
      xy += weight * x * y;
      yy += weight * y * y;
    }
    value = xy / xx;
    const residuals = Float64Array.from(through, (ray) => wanted[ray]! - value * slope[ray]!);
    const spread = robustSpread(residuals, 0);
    if (trim < TRIMS) used = through.filter((_, k) => Math.abs(residuals[k]!) <= FAR * spread + 1e-9);
  }
  const residual = Math.max(0, yy - value * xy);
  return { value, esd: Math.sqrt(residual / Math.max(1, used.length - 1) / xx) };
}

/** Shares of a voxel's volume from which on a phase counts as alone: the first that enough voxels reach. */
const ALONE = [0.9, 0.8, 0.7];
/** Fewer voxels than this say nothing about the fullest. */
const FEWEST = 8;

function byDensePhase({ phase, percentile = 75 }: AbsorbConfig["scale"], { volumes, scattering }: ScaleFactorInput) {
  const p = volumes.names.indexOf(phase ?? "");
  if (p < 0) {
    throw new InputError(
      "absorb-scale-phase",
      `absorb.scale.phase is ${phase === undefined ? "missing" : `"${phase}"`}: name the phase of the model that is dense somewhere (${volumes.names.join(", ")}).`,
    );
  }
  const own = volumes.volumes[p]!;
  const least =
    0.2 *
    quantile(
      own.filter((value, i) => scattering[i] && value > 0),
      0.99,
    );
  const within = (share: number): Float64Array =>
    own.filter((value, i) => value > least && value > share * volumes.total[i]!);
  const share = ALONE.find((one) => within(one).length >= FEWEST);
  if (share === undefined) {
    throw new InputError(
      "absorb-scale-phase",
      `${phase} is alone (over ${100 * ALONE.at(-1)!} % of the volume) in ${within(ALONE.at(-1)!).length} voxels only, and at least ${FEWEST} are needed to say how much of it is full. Name another phase, or give absorb.scale.factor.`,
    );
  }
  const alone = within(share);
  const note = `${phase} taken as full where it is alone (${percentile} % level of ${alone.length} voxels that hold over ${100 * share} % of it)`;
  return { value: 1 / quantile(alone, percentile / 100), by: "phase" as const, note };
}

function byDensest({ percentile = 95 }: AbsorbConfig["scale"], { volumes, scattering }: ScaleFactorInput): ScaleFactor {
  const inside = volumes.total.filter((_, i) => scattering[i]);
  const value = 1 / quantile(inside, percentile / 100);
  const note =
    `the densest voxels (${percentile} % level of ${inside.length}) taken as full, for want of anything better: ` +
    "attenuations are too high where the sample is porous everywhere. A diode, absorb.scale.phase or absorb.scale.factor would say it";
  return { value, by: "densest", note };
}

/** Volume fraction of all phases, on average over the voxels where it is at least `least`. */
export function filledShare({ total }: PhaseVolumes, factor: number, least: number): number {
  let [sum, count] = [0, 0];
  for (const value of total) {
    if (factor * value < least) continue;
    sum += factor * value;
    count++;
  }
  return sum / count;
}

/** [y, x] mu and the factor that it was made with. */
export function attenuationMap(
  config: AbsorbConfig["scale"],
  input: ScaleFactorInput,
): { muPerMm: Float64Array; factor: ScaleFactor } {
  const factor = findScaleFactor(config, input);
  return { muPerMm: attenuationOfPhases(input.volumes, factor.value, input.rest), factor };
}
