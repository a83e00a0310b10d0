/** Angles, translations and axes that follow from a configuration. */
import { type Axis, convertAxis, InputError, KEV_ANGSTROM } from "../../data/index.ts";
import type { SimulateConfig } from "./config.ts";

export interface ScanGeometry {
  /** [line] degrees; of a turning sample: at its first point */
  readonly omegaDeg: Float64Array;
  readonly lines: number;
  /** points of a line: translations, or the frames of a turn */
  readonly translations: number;
  readonly stepMm: number;
  readonly rotationAxis: number;
  /** where the rotation is the fast axis: degrees, and steps, of each point of a line */
  readonly point?: (line: number, point: number) => { readonly omegaDeg: number; readonly position: number };
}

export function createScanGeometry(config: SimulateConfig): ScanGeometry {
  return config.scan.turning ? turningGeometry(config) : lineGeometry(config);
}

/** @throws InputError "simulate-turning" */
function turningGeometry({ scan }: SimulateConfig): ScanGeometry {
  const { turns, creeps, stride, offsets } = scan.turning!;
  if (scan.arcDeg !== 360 || scan.includesEnd || scan.passes !== 1 || scan.zigZag || scan.angles < 3) {
    throw new InputError(
      "simulate-turning",
      `scan.turning needs arcDeg 360, at least 3 angles, and none of includesEnd, passes and zigZag; arcDeg is ${scan.arcDeg}.`,
    );
  }
  const each = turnsOfPass(scan);
  return {
    ...lineGeometry({ scan } as SimulateConfig),
    lines: each * offsets.length,
    omegaDeg: new Float64Array(each * offsets.length).fill(scan.firstOmegaDeg),
    translations: scan.angles,
    point(line, point) {
      const share = point / scan.angles;
      const turn = line % each;
      const position = creeps ? (turn + share) / turns : Math.floor(turn / turns);
      return {
        omegaDeg: scan.firstOmegaDeg + 360 * share,
        position: stride * position + offsets[Math.floor(line / each)]!,
      };
    },
  };
}

/** Of a sample that turns, in one pass over all translations. */
export const turnsOfPass = ({ translations, turning }: SimulateConfig["scan"]): number =>
  Math.ceil(translations / turning!.stride) * turning!.turns;

/** Lines of translations, each at one angle. */
export function lineGeometry({ scan }: SimulateConfig): ScanGeometry {
  const lines = scan.angles + (scan.includesEnd ? 1 : 0);
  const places = placesOfPasses(scan.passes, lines);
  return {
    omegaDeg: Float64Array.from(places, (place) => scan.firstOmegaDeg + (place * scan.arcDeg) / scan.angles),
    lines,
    translations: scan.translations,
    stepMm: scan.stepMm,
    rotationAxis: scan.rotationAxis ?? (scan.translations - 1) / 2,
  };
}

/** [line] its place among all angles. @throws InputError "simulate-passes" */
function placesOfPasses(passes: number | readonly number[], lines: number): number[] {
  const order = typeof passes === "number" ? Array.from({ length: passes }, (_, pass) => pass) : passes;
  const isOnce = [...order].sort((a, b) => a - b).every((pass, i) => pass === i);
  if (!isOnce || lines % order.length !== 0) {
    throw new InputError(
      "simulate-passes",
      `scan.passes is ${JSON.stringify(passes)} and the scan has ${lines} lines: each pass once, and a number of passes that divides the lines, is needed.`,
    );
  }
  const each = lines / order.length;
  return Array.from({ length: lines }, (_, line) => (line % each) * order.length + order[Math.floor(line / each)]!);
}

/** Whether a line runs and is stored backwards. */
export const isBackwards = ({ scan }: SimulateConfig, line: number): boolean => scan.zigZag && line % 2 === 1;

export interface RadialAxis {
  readonly axis: Axis;
  /** [bins] and [bins + 1], degrees */
  readonly twoThetaDeg: Float64Array;
  readonly binEdgesDeg: Float64Array;
  /** [bins] pixels of full rings on a detector normal to the beam */
  readonly pixels: Float64Array;
}

/** @throws InputError "bad-axis" */
export function createRadialAxis(config: SimulateConfig): RadialAxis {
  const { unit, from, to, bins } = config.axis;
  const distanceM = config.instrument.distanceMm / 1e3;
  const context = { wavelengthA: KEV_ANGSTROM / config.instrument.energyKeV, distanceM };
  const step = (to - from) / (bins - 1);
  const values = Float64Array.from({ length: bins }, (_, i) => from + i * step);
  const edges = Float64Array.from({ length: bins + 1 }, (_, i) => from + (i - 0.5) * step);
  const binEdgesDeg = convertAxis(edges, unit, "two-theta", context);
  if (!(from < to && binEdgesDeg[0]! >= 0 && binEdgesDeg[bins]! < 89)) {
    throw new InputError(
      "bad-axis",
      `axis: ${bins} bins of ${unit} from ${from} to ${to} reach 2θ = ${binEdgesDeg[0]!.toFixed(3)} to ${binEdgesDeg[bins]!.toFixed(3)}°; rising values between 0 and 89° are needed. Correct from, to or unit.`,
    );
  }
  const pixelM = config.detector.pixelUm * 1e-6;
  const radius = (angle: number): number => (distanceM / pixelM) * Math.tan((angle * Math.PI) / 180);
  return {
    axis: { unit, values },
    twoThetaDeg: convertAxis(values, unit, "two-theta", context),
    binEdgesDeg,
    pixels: Float64Array.from(
      values,
      (_, i) => Math.PI * (radius(binEdgesDeg[i + 1]!) ** 2 - radius(binEdgesDeg[i]!) ** 2),
    ),
  };
}
