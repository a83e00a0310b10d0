/** Factors that make intensities of different points comparable: monitor, exposure, transmission. All [line, point]. */
import { InputError } from "../../data/index.ts";
import { median, quantile, robustSpread } from "../../fit/index.ts";

/** What was recorded beside the patterns, in the order of the measurement. */
export interface ScanRecord {
  /** [line] degrees */
  readonly omegaDeg: ArrayLike<number>;
  /** [line, point] incident beam, any unit */
  readonly monitor?: ArrayLike<number>;
  /** [line, point] or one for all, seconds */
  readonly exposureS?: ArrayLike<number>;
  /** [line, point] transmitted beam, any unit */
  readonly transmitted?: ArrayLike<number>;
  /** [line, point] 1 where the frame is known to be missing */
  readonly missing?: ArrayLike<number>;
  /** [bin] air or empty-cell pattern, normalised as the patterns will be (same monitor, exposure), with its sigma */
  readonly air?: { readonly intensity: ArrayLike<number>; readonly sigma?: ArrayLike<number> };
}

/** @throws InputError "sinogram-record-shape" when a record has not one value for each pattern */
export function checkRecord(record: ScanRecord, lines: number, points: number): void {
  const complain = (what: string, found: number, needed: string): never => {
    throw new InputError(
      "sinogram-record-shape",
      `The ${what} has ${found} values, and the scan of ${lines} lines x ${points} points needs ${needed}: ` +
        "give one for each, in the order of the measurement, or leave it out.",
    );
  };
  if (record.omegaDeg.length !== lines) complain("list of rotation angles", record.omegaDeg.length, `${lines}`);
  for (const [what, values] of [
    ["monitor", record.monitor],
    ["exposure time", record.exposureS],
    ["transmitted beam", record.transmitted],
    ["list of missing frames", record.missing],
  ] as const) {
    if (!values || values.length === lines * points || (what === "exposure time" && values.length === 1)) continue;
    complain(what, values.length, `${lines * points}`);
  }
  const bad = Array.from(record.omegaDeg).findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new InputError(
      "sinogram-angle-not-finite",
      `The rotation angle of line ${bad + 1} is ${record.omegaDeg[bad]}: every line needs a finite angle in degrees.`,
    );
}

/**
 * 1 / (monitor x exposure), each relative to its median, so that intensities keep their size.
 * NaN where the monitor reads nothing: such a pattern is missing.
 */
export function incidentFactor(
  record: ScanRecord,
  cells: number,
  options: { normaliseByMonitor: boolean; normaliseByExposure: boolean; monitorDark: number },
): Float64Array {
  const factor = new Float64Array(cells).fill(1);
  if (record.monitor && options.normaliseByMonitor) {
    const beam = Float64Array.from(record.monitor, (value) => value - options.monitorDark);
    const typical = median(beam);
    for (let i = 0; i < cells; i++) factor[i] = beam[i]! > 0.01 * typical ? typical / beam[i]! : Number.NaN;
  }
  const exposure = record.exposureS;
  if (exposure && exposure.length === cells && options.normaliseByExposure) {
    const typical = median(exposure);
    for (let i = 0; i < cells; i++) factor[i] = exposure[i]! > 0 ? (factor[i]! * typical) / exposure[i]! : Number.NaN;
  }
  return factor;
}

export interface Transmission {
  /** [line, point] 1 in air, clipped below */
  readonly values: Float64Array;
  /** [line, point] 1 where it was clipped */
  readonly opaque: Uint8Array;
  /** relative scatter of the readings in air */
  readonly noise: number;
  /** share of the points that are air */
  readonly airShare: number;
}

/**
 * Transmitted / incident beam, divided by its own value in air: the plateau at the upper end of its histogram, line
 * by line where a line has air of its own (the ratio of two diodes drifts), else over the scan.
 */
export function measuredTransmission(
  record: ScanRecord,
  lines: number,
  points: number,
  options: { monitorDark: number; transmittedDark: number; minimumTransmission: number },
): Transmission | undefined {
  if (!record.transmitted) return undefined;
  const cells = lines * points;
  const ratio = Float64Array.from({ length: cells }, (_, i) => {
    const beam = record.monitor ? record.monitor[i]! - options.monitorDark : 1;
    return (record.transmitted![i]! - options.transmittedDark) / beam;
  });
  // Outer points first: where the sample is smaller than the line they are the air.
  const top = quantile(ratio, 0.99);
  const airOf = (from: number, to: number, level: number): number[] =>
    Array.from(ratio.subarray(from, to)).filter((value) => Math.abs(value / level - 1) < 0.03);
  const air = airOf(0, cells, top);
  const level = air.length > 0 ? median(air) : top;
  const noise = robustSpread(airOf(0, cells, level), level) / level;
  const values = new Float64Array(cells);
  const opaque = new Uint8Array(cells);
  for (let l = 0; l < lines; l++) {
    const own = airOf(l * points, (l + 1) * points, level);
    const lineLevel = own.length >= Math.max(4, points / 20) ? median(own) : level;
    for (let p = 0; p < points; p++) {
      const at = l * points + p;
      const value = ratio[at]! / lineLevel;
      opaque[at] = value < options.minimumTransmission ? 1 : 0;
      values[at] = Number.isFinite(value) ? Math.max(options.minimumTransmission, value) : Number.NaN;
    }
  }
  return { values, opaque, noise, airShare: air.length / cells };
}
