/**
 * Detector frames: the powder rings of a ray painted on a detector that may be tilted, as counts.
 *
 *   mean(pixel) = y(2theta) x solid angle x polarisation factor
 *
 * y is interpolated from a pattern of half-pixel bins. The parallax shift is the one of a detector normal to the beam
 * at the calibrated distance; a tilt changes it by t/L times the relative change of distance, below 1e-4.
 */
import type { Structure } from "../../crystal/index.ts";
import { InputError, KEV_ANGSTROM, type Mask } from "../../data/index.ts";
import { chiMap, type Poni, polarizationMap, type Shape, solidAngleMap, twoThetaMap } from "../../geometry/index.ts";
import type { SimulateConfig } from "./config.ts";
import { createPatternMaker, type PatternMaker } from "./pattern-maker.ts";
import type { Phantom } from "./phantom.ts";
import { createRandom, type Random } from "./random.ts";
import { isBackwards, type ScanGeometry } from "./scan.ts";

export interface FramePainter {
  readonly poni: Poni;
  readonly shape: Shape;
  /** gaps between modules; hot and dead pixels are left for the user to find */
  readonly mask: Mask;
  /**
   * [row, col] counts; gaps -1, dead pixels 0
   *
   * @param monitor relative beam intensity
   * @throws InputError "bad-detector" where its corner lies too far out
   */
  frame(line: number, translation: number, monitor: number): Int32Array;
}

export interface RayContext {
  readonly scan: ScanGeometry;
  readonly transmission: (line: number) => Float64Array;
  readonly lineShift: (line: number) => number;
  /** scales [translation, bin] to counts per pixel, in place */
  readonly finish: (out: Float32Array, anglesDeg: Float64Array, line: number) => void;
}

const DEG = 180 / Math.PI;
const GAP = -1;
/** A hot pixel counts this much in every frame, times a random factor. */
const HOT_COUNTS = 20_000;
const STREAM = { defects: 11, frame: 12 } as const;

/** Paints the frames of a scan; the optics are made with the first one. */
export function createFramePainter(
  config: SimulateConfig,
  structures: Readonly<Record<string, Structure>>,
  phantom: Phantom,
  rays: RayContext,
): FramePainter {
  const poni = createPoni(config);
  const shape = { rows: config.detector.rows, cols: config.detector.cols };
  const mask = { ...shape, data: new Uint8Array(shape.rows * shape.cols) };
  const defects = placeDefects(config, mask.data);
  let optics: Optics | undefined;
  let line: { index: number; patterns: Float32Array } | undefined;
  return {
    poni,
    shape,
    mask,
    frame: (index, translation, monitor) => {
      optics ??= createOptics(config, structures, phantom, poni, shape);
      if (line?.index !== index) line = { index, patterns: paintLine(optics, rays, index) };
      const { translations } = rays.scan;
      if (!(index >= 0 && index < rays.scan.lines && translation >= 0 && translation < translations)) {
        throw new RangeError(`frame ${index}, ${translation} of ${rays.scan.lines} x ${translations}`);
      }
      const at = isBackwards(config, index) ? translations - 1 - translation : translation;
      const bins = optics.anglesDeg.length;
      const pattern = line.patterns.subarray(at * bins, (at + 1) * bins);
      const random = createRandom(config.seed, STREAM.frame, index, translation);
      return paintFrame(config, optics, pattern, monitor, mask.data, defects, random);
    },
  };
}

function createPoni({ detector, instrument }: SimulateConfig): Poni {
  const pixel = detector.pixelUm * 1e-6;
  return {
    dist: instrument.distanceMm / 1e3,
    poni1: (detector.centreRow ?? detector.rows / 2) * pixel,
    poni2: (detector.centreCol ?? detector.cols / 2) * pixel,
    rot1: detector.rot1Deg / DEG,
    rot2: detector.rot2Deg / DEG,
    rot3: detector.rot3Deg / DEG,
    wavelength: (KEV_ANGSTROM / instrument.energyKeV) * 1e-10,
    pixel1: pixel,
    pixel2: pixel,
  };
}

/** What is the same for all frames. */
interface Optics {
  readonly maker: PatternMaker;
  readonly shape: Shape;
  /** [bin] centres of the half-pixel bins, from half a step on */
  readonly anglesDeg: Float64Array;
  readonly stepDeg: number;
  /** [row, col] position on those bins; solid angle times polarisation factor; azimuth */
  readonly position: Float32Array;
  readonly factor: Float32Array;
  readonly chi: Float32Array;
}

function createOptics(
  config: SimulateConfig,
  structures: Readonly<Record<string, Structure>>,
  phantom: Phantom,
  poni: Poni,
  shape: Shape,
): Optics {
  const twoTheta = twoThetaMap(poni, shape);
  const highest = twoTheta.reduce((most, angle) => Math.max(most, angle), 0) * DEG;
  if (highest >= 80) {
    throw new InputError(
      "bad-detector",
      `detector: its corner lies at 2θ = ${highest.toFixed(1)}°; frames are painted up to 80°. Move the detector away (instrument.distanceMm) or make it smaller.`,
    );
  }
  const stepDeg = (0.5 * DEG * poni.pixel1) / poni.dist;
  const bins = Math.ceil(highest / stepDeg) + 3;
  const edges = Float64Array.from({ length: bins + 1 }, (_, i) => i * stepDeg);
  const solid = solidAngleMap(poni, shape);
  const polarisation = polarizationMap(poni, shape, config.detector.polarization);
  return {
    maker: createPatternMaker(config, structures, phantom, edges),
    shape,
    anglesDeg: Float64Array.from({ length: bins }, (_, i) => (i + 0.5) * stepDeg),
    stepDeg,
    position: Float32Array.from(twoTheta, (angle) => Math.max(0, (angle * DEG) / stepDeg - 0.5)),
    factor: Float32Array.from(solid, (value, i) => value * polarisation[i]!),
    chi: Float32Array.from(chiMap(poni, shape)),
  };
}

function paintLine({ maker, anglesDeg }: Optics, rays: RayContext, index: number): Float32Array {
  const out = new Float32Array(rays.scan.translations * anglesDeg.length);
  maker.addLine(out, rays.scan, index, rays.lineShift(index));
  rays.finish(out, anglesDeg, index);
  return out;
}

function paintFrame(
  config: SimulateConfig,
  optics: Optics,
  pattern: Float32Array,
  monitor: number,
  mask: Uint8Array,
  defects: Map<number, number>,
  random: Random,
): Int32Array {
  const { position, factor, shape } = optics;
  const mean = new Float32Array(position.length);
  for (let i = 0; i < mean.length; i++) {
    const bin = position[i]! | 0;
    const share = position[i]! - bin;
    mean[i] = monitor * factor[i]! * ((1 - share) * pattern[bin]! + share * pattern[bin + 1]!);
  }
  if (config.detector.spotsPerFrame > 0) addSpots(config, optics, mean, random);
  const frame = new Int32Array(shape.rows * shape.cols);
  const isCounting = config.noise.poisson;
  for (let i = 0; i < frame.length; i++) {
    if (mask[i] === 1) frame[i] = GAP;
    else frame[i] = isCounting ? random.poisson(mean[i]!) : Math.round(mean[i]!);
  }
  for (const [pixel, counts] of defects) frame[pixel] = counts;
  return frame;
}

/** A spot lies where its ring is: pixels are drawn until one is found with more than an ordinary chance. */
function addSpots(config: SimulateConfig, { shape, position }: Optics, mean: Float32Array, random: Random): void {
  let ceiling = 0;
  for (const value of mean) ceiling = Math.max(ceiling, value);
  const spots = ceiling > 0 ? random.poisson(config.detector.spotsPerFrame) : 0;
  for (let spot = 0; spot < spots; spot++) {
    let centre = 0;
    for (let attempt = 0; attempt < 10_000; attempt++) {
      centre = Math.floor(random.uniform() * position.length);
      if (random.uniform() * ceiling < mean[centre]!) break;
    }
    const height = mean[centre]! * config.detector.spotHeight * (0.2 - Math.log(1 - random.uniform()));
    const [row, col] = [Math.floor(centre / shape.cols), centre % shape.cols];
    for (let i = Math.max(0, row - 3); i <= Math.min(shape.rows - 1, row + 3); i++) {
      for (let j = Math.max(0, col - 3); j <= Math.min(shape.cols - 1, col + 3); j++) {
        mean[i * shape.cols + j]! += height * Math.exp(-((i - row) ** 2 + (j - col) ** 2) / 2);
      }
    }
  }
}

/** Gaps into the mask; hot and dead pixels with what they always show. */
function placeDefects({ detector, seed }: SimulateConfig, mask: Uint8Array): Map<number, number> {
  const { rows, cols, moduleRows, moduleCols, gapRows, gapCols } = detector;
  const isGap = (at: number, module: number, gap: number): boolean => module > 0 && at % (module + gap) >= module;
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      if (isGap(row, moduleRows, gapRows) || isGap(col, moduleCols, gapCols)) mask[row * cols + col] = 1;
    }
  }
  const random = createRandom(seed, STREAM.defects);
  const defects = new Map<number, number>();
  const place = (counts: () => number): void => {
    const pixel = Math.floor(random.uniform() * rows * cols);
    if (mask[pixel] === 0) defects.set(pixel, counts());
  };
  for (let i = 0; i < detector.hotPixels; i++) place(() => Math.round(HOT_COUNTS * (0.5 + random.uniform())));
  for (let i = 0; i < detector.deadPixels; i++) place(() => 0);
  return defects;
}
