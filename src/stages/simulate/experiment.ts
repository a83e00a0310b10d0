/**
 * An honest virtual experiment: what a detector would have counted, line by line or frame by frame, and the truth.
 *
 *   y(2theta) = monitor [ K T sum_parcels sum_hkl I_hkl profile(2theta - 2theta') + air T ]     counts per pixel
 *
 * T is the transmission of the whole chord (exact for forward scattering as 2theta goes to 0). A bin of a pattern is
 * the mean over the n pixels of its ring, so its counts n y are drawn from a Poisson distribution and divided by n.
 */
import type { Structure } from "../../crystal/index.ts";
import type { Axis, ParameterMap } from "../../data/index.ts";
import type { SimulateConfig } from "./config.ts";
import { createFramePainter, type FramePainter } from "./frames.ts";
import { createPatternMaker, type PatternMaker } from "./pattern-maker.ts";
import { drawPhantom, type Phantom } from "./phantom.ts";
import { createRandom, type Random } from "./random.ts";
import { visitRays } from "./rays.ts";
import { sampleAt } from "./sample-at.ts";
import {
  createRadialAxis,
  createScanGeometry,
  isBackwards,
  lineGeometry,
  type RadialAxis,
  type ScanGeometry,
} from "./scan.ts";
import { relativeDensity } from "./scattering.ts";
import { truthMaps } from "./truth.ts";

/** One line as the beamline stores it, in the order of the files: backwards where the stage ran backwards. */
export interface ScanLine extends LineCounters {
  readonly index: number;
  readonly omegaDeg: number;
  /** [translation, bin] counts per pixel; NaN where a point is missing */
  readonly patterns: Float32Array;
}

export interface LineCounters {
  /** [translation] beam monitor, counts */
  readonly monitor: Float64Array;
  /** [translation] beam behind the sample, in the monitor's counts */
  readonly transmitted: Float64Array;
}

export interface Experiment {
  readonly config: SimulateConfig;
  readonly scan: ScanGeometry;
  readonly axis: Axis;
  /** [bin] pixels that a bin is the mean of: sigma^2 = y / pixels */
  readonly pixels: Float64Array;
  /** of the beam: what a unit of scattering counts */
  readonly levels: Levels;
  /** lines that hold no data and have no file */
  readonly missingLines: ReadonlySet<number>;
  /** The counted line; the same whatever was asked for before. */
  line(index: number): ScanLine;
  /** The line's beam monitor and diode alone, to go with its frames. */
  counters(index: number): LineCounters;
  /** [translation, bin] what the line counts on average at constant monitor, in the same order */
  expectedLine(index: number): Float32Array;
  /** [translation] of the line in stored order, exact */
  transmission(index: number): Float64Array;
  /** Detector frames, for the same rays; translation in stored order. */
  readonly frames: FramePainter;
  frame(line: number, translation: number): Int32Array;
  /** of a sample that changes: in the middle of the scan */
  truth(): ParameterMap[];
}

/**
 * A virtual experiment, computed line by line or frame by frame on demand.
 *
 * @param structures by name: those the phases name
 * @param phantom what is in the beam; drawn from the configuration where left out; of a sample that stays as it is
 * @throws InputError naming the setting that cannot be
 */
export function createExperiment(
  config: SimulateConfig,
  structures: Readonly<Record<string, Structure>>,
  phantom?: Phantom,
): Experiment {
  return config.later
    ? createChangingExperiment(config, structures)
    : createSteadyExperiment(config, structures, phantom);
}

/** Every line by itself, of the sample as it is in the middle of its time; the beam is that of the first. */
function createChangingExperiment(config: SimulateConfig, structures: Readonly<Record<string, Structure>>): Experiment {
  const whole = createSteadyExperiment(sampleAt(config, 0), structures);
  let last: { readonly index: number; readonly experiment: Experiment } | undefined;
  const at = (index: number): Experiment => {
    if (last?.index === index) return last.experiment;
    const share = (index + 0.5) / whole.scan.lines;
    const experiment = createSteadyExperiment(sampleAt(config, share), structures, undefined, whole.levels);
    last = { index, experiment };
    return experiment;
  };
  return {
    ...whole,
    config,
    line: (index) => at(index).line(index),
    counters: (index) => at(index).counters(index),
    expectedLine: (index) => at(index).expectedLine(index),
    transmission: (index) => at(index).transmission(index),
    frame: (line, translation) => at(line).frame(line, translation),
    truth: () => createSteadyExperiment(sampleAt(config, 0.5), structures).truth(),
  };
}

function createSteadyExperiment(
  config: SimulateConfig,
  structures: Readonly<Record<string, Structure>>,
  phantom: Phantom = drawPhantom(config),
  given?: Levels,
): Experiment {
  const scan = createScanGeometry(config);
  const radial = createRadialAxis(config);
  const maker = createPatternMaker(config, structures, phantom, radial.binEdgesDeg);
  const levels = given ?? countingLevels(config, lineGeometry(config), radial, maker, phantom);
  const bins = radial.axis.values.length;

  const transmission = (line: number): Float64Array => lineTransmission(config, scan, maker, line);
  const expectedLine = (line: number): Float32Array => {
    const out = new Float32Array(scan.translations * bins);
    maker.addLine(out, scan, line, lineShift(config, line));
    applyLevels(out, radial.twoThetaDeg, transmission(line), levels, config);
    return isBackwards(config, line) ? reverseRows(out, bins) : out;
  };
  const storedTransmission = (line: number): Float64Array =>
    isBackwards(config, line) ? transmission(line).reverse() : transmission(line);
  const frames = createFramePainter(config, structures, phantom, {
    scan,
    transmission,
    lineShift: (line) => lineShift(config, line),
    finish: (out, angles, line) => applyLevels(out, angles, transmission(line), levels, config),
  });
  return {
    config,
    scan,
    axis: radial.axis,
    pixels: radial.pixels,
    levels,
    missingLines: new Set(config.scan.missingLines),
    expectedLine,
    transmission: storedTransmission,
    line: (index) => ({
      ...countPatterns(config, scan, radial, index, expectedLine(index)),
      ...countBeam(config, scan, index, storedTransmission(index)),
    }),
    counters: (index) => countBeam(config, scan, index, storedTransmission(index)),
    frames,
    frame: (line, translation) => frames.frame(line, translation, monitorOf(config, scan, line)[translation]!),
    truth: () => truthMaps(phantom, maker.phases),
  };
}

const lineShift = (config: SimulateConfig, line: number): number =>
  isBackwards(config, line) ? config.scan.lineShiftSteps : 0;

/** [translation] in the order of the translations. */
function lineTransmission(
  config: SimulateConfig,
  scan: ScanGeometry,
  { phases, parcels }: PatternMaker,
  line: number,
): Float64Array {
  const integral = new Float64Array(scan.translations);
  if (config.instrument.absorption) {
    phases.forEach(({ attenuationPerMm }, p) => {
      visitRays(parcels[p]!, scan, line, lineShift(config, line), (translation, weight) => {
        integral[translation]! += weight * attenuationPerMm * scan.stepMm;
      });
    });
  }
  return integral.map((value) => Math.exp(-value));
}

export interface Levels {
  /** counts per pixel for a unit of scattering */
  readonly scale: number;
  /** counts per pixel of air scatter at 2theta = 0 */
  readonly air: number;
}

/** The scale at which a ray through the sample gives countsPerRay on average, without absorption. */
function countingLevels(
  config: SimulateConfig,
  scan: ScanGeometry,
  { pixels, twoThetaDeg }: RadialAxis,
  maker: PatternMaker,
  phantom: Phantom,
): Levels {
  const { countsPerRay, airShare, airDecayDeg } = config.noise;
  let total = 0;
  const isHit = new Uint8Array(scan.translations);
  maker.parcels.forEach((parcels, p) => {
    const { cell, name } = maker.phases[p]!;
    const { a, c } = phantom.phases[name]!;
    const strength = (voxel: number): number => (cell ? relativeDensity(cell, a?.[voxel], c?.[voxel]) ** 2 : 1);
    const volume = parcels.weight.reduce((sum, weight, i) => sum + weight * strength(parcels.voxel[i]!), 0);
    total += volume * maker.purePattern(p).reduce((sum, value, b) => sum + value * pixels[b]!, 0);
    visitRays(parcels, scan, 0, 0, (translation) => {
      isHit[translation] = 1;
    });
  });
  const rays = isHit.reduce((sum, hit) => sum + hit, 0);
  const airTotal = pixels.reduce((sum, n, b) => sum + n * Math.exp(-twoThetaDeg[b]! / airDecayDeg), 0);
  return { scale: total > 0 ? (countsPerRay * rays) / total : 0, air: (airShare * countsPerRay) / airTotal };
}

/** Scale, absorption and air scatter, in place. @param angles [bin] degrees 2theta */
function applyLevels(
  out: Float32Array,
  angles: Float64Array,
  transmission: Float64Array,
  { scale, air }: Levels,
  { noise }: SimulateConfig,
): void {
  const bins = angles.length;
  const airPattern = angles.map((angle) => air * Math.exp(-angle / noise.airDecayDeg));
  for (let j = 0; j < transmission.length; j++) {
    const t = transmission[j]!;
    for (let b = 0; b < bins; b++) {
      out[j * bins + b] = Math.max(0, t * (scale * out[j * bins + b]! + airPattern[b]!));
    }
  }
}

/** [translation] relative beam intensity, mean about 1, in stored order. */
function monitorOf({ noise, seed }: SimulateConfig, scan: ScanGeometry, line: number): Float64Array {
  const random = createRandom(seed, STREAM.monitor, line);
  const phase = createRandom(seed, STREAM.monitor).uniform();
  return Float64Array.from({ length: scan.translations }, (_, j) => {
    const when = (line + j / scan.translations) / scan.lines;
    return 1 + noise.monitorDrift * Math.sin(2 * Math.PI * (1.7 * when + phase)) + noise.monitorNoise * random.normal();
  });
}

/** Names of the streams of chance, after the seed. */
const STREAM = { monitor: 1, counts: 2, diode: 3 } as const;

/** Turns the expected line into counts, in place. */
function countPatterns(
  config: SimulateConfig,
  scan: ScanGeometry,
  { pixels, axis }: RadialAxis,
  index: number,
  patterns: Float32Array,
): Omit<ScanLine, keyof LineCounters> {
  const { noise, seed } = config;
  const relative = monitorOf(config, scan, index);
  const bins = axis.values.length;
  const random = createRandom(seed, STREAM.counts, index);
  for (let j = 0; j < scan.translations; j++) {
    const row = patterns.subarray(j * bins, (j + 1) * bins);
    for (let b = 0; b < bins; b++) row[b]! *= relative[j]!;
    addPatternSpots(row, random, noise.spotsPerPattern);
    if (noise.poisson) for (let b = 0; b < bins; b++) row[b] = random.poisson(row[b]! * pixels[b]!) / pixels[b]!;
    if (noise.missingFrames > 0 && random.uniform() < noise.missingFrames) row.fill(Number.NaN);
  }
  if (config.scan.missingLines.includes(index)) patterns.fill(Number.NaN);
  return { index, omegaDeg: scan.omegaDeg[index]!, patterns };
}

function countBeam(
  config: SimulateConfig,
  scan: ScanGeometry,
  index: number,
  transmission: Float64Array,
): LineCounters {
  const { noise, seed } = config;
  const relative = monitorOf(config, scan, index);
  const diode = createRandom(seed, STREAM.diode, index);
  const reading = (mean: number): number => (noise.poisson ? diode.poisson(mean) : mean);
  const monitor = relative.map((value) => reading(value * noise.monitorCounts));
  const transmitted = relative.map((value, j) => reading(value * noise.monitorCounts * transmission[j]!));
  return { monitor, transmitted };
}

/** A single crystal's spot that averaging left over: one to five times the pattern, three bins wide. */
function addPatternSpots(row: Float32Array, random: Random, mean: number): void {
  const spots = mean > 0 ? random.poisson(mean) : 0;
  for (let i = 0; i < spots; i++) {
    const at = Math.floor(random.uniform() * row.length);
    const height = row[at]! * (1 + 4 * random.uniform());
    for (let b = -1; b <= 1; b++) {
      if (at + b >= 0 && at + b < row.length) row[at + b]! += height * (b === 0 ? 1 : 0.5);
    }
  }
}

function reverseRows(rows: Float32Array, bins: number): Float32Array {
  const out = new Float32Array(rows.length);
  const count = rows.length / bins;
  for (let j = 0; j < count; j++) out.set(rows.subarray(j * bins, (j + 1) * bins), (count - 1 - j) * bins);
  return out;
}
