/** Scans as they are watched while they are measured: made up from chords, or measured ones from ../shared. */
import { bandSums, ownBands, watchedBands } from "../src/pipeline/live/band-sums.ts";
import { openPatternSource, type PatternSourceSpec } from "../src/pipeline/pattern-source.ts";
import type { WatchedScan } from "../src/stages/watch/index.ts";
import { normal, seededRandom } from "./seeded-random.ts";
import { shared } from "./shared.ts";

export interface MadeUp {
  readonly lines?: number;
  readonly points?: number;
  /** counts in the mean of a pattern: what its noise comes from */
  readonly counts?: number;
  readonly isZigZag?: boolean;
  /** seen in air beside the sample */
  readonly air?: number;
  /** where the stages stand when a frame is taken: position and angle, in steps */
  readonly stand?: (line: number, point: number) => { line: number; point: number };
}

const BANDS = 9;

/** Chords through eight discs that are not in the middle, each of which scatters into a band of its own. */
export function madeUpScan(options: MadeUp = {}): WatchedScan {
  const { lines = 60, points = 80, counts = 1e5, isZigZag = false, air = 0.02, stand } = options;
  const random = seededRandom(7);
  const discs = Array.from({ length: BANDS - 1 }, (_, k) => ({
    x: 0.55 * Math.cos(2.4 * k),
    y: 0.55 * Math.sin(2.4 * k),
    radius: 0.12 + 0.03 * k,
    band: k + 1,
  }));
  const sums = new Float32Array(lines * points * BANDS);
  for (let line = 0; line < lines; line++) {
    for (let point = 0; point < points; point++) {
      const at = stand?.(line, point) ?? { line, point };
      const omega = (Math.PI * at.line) / lines;
      const place = isZigZag && at.line % 2 === 1 ? points - 1 - at.point : at.point;
      const t = (2.4 * (place + 0.5)) / points - 1.2;
      const frame = (line * points + point) * BANDS;
      let total = 0;
      for (const { x, y, radius, band } of discs) {
        const offset = t - (x * Math.cos(omega) + y * Math.sin(omega));
        const chord = 2 * Math.sqrt(Math.max(0, radius ** 2 - offset ** 2));
        const mean = chord + air;
        // Poisson noise of so many counts is a normal one
        sums[frame + band] = Math.max(0, mean + Math.sqrt(mean / counts) * normal(random));
        total += sums[frame + band]! / (BANDS - 1);
      }
      sums[frame] = total;
    }
  }
  return { points, bands: BANDS, sums };
}

/** The frames multiplied: a beam that is weak or gone. */
export function dimmed(scan: WatchedScan, from: number, to: number, factor: number): WatchedScan {
  const sums = scan.sums.slice();
  for (let i = from * scan.bands; i < to * scan.bands; i++) sums[i]! *= factor;
  return { ...scan, sums };
}

export const without = (scan: WatchedScan, from: number, to: number): WatchedScan => dimmed(scan, from, to, Number.NaN);

const sinograms = (file: string, more: object): PatternSourceSpec =>
  ({
    ...{ kind: "sinograms", file: shared(`data/${file}`), slice: 0, quantity: "signal" },
    ...{ layout: ["angle", "translation"], ...more },
  }) as unknown as PatternSourceSpec;

/** Measured scans, and one of another program; all of them good but for what is said. */
export const MEASURED: readonly { readonly name: string; readonly spec: () => PatternSourceSpec }[] = [
  { name: "aaa_dev, zig-zag", spec: () => ({ kind: "p07", folder: shared("data/simulated/aaa_dev") }) },
  {
    name: "tooth",
    spec: () =>
      sinograms("xrdct/tomopy_tooth/tooth.h5", {
        dataset: "exchange/data",
        layout: ["angle", "slice", "translation"],
        flat: "exchange/data_white",
        dark: "exchange/data_dark",
        quantity: "line-integral",
      }),
  },
  ...["MnNaWSiO2", "POX"].map((dataset) => ({
    name: `SD2I ${dataset}`,
    spec: () => sinograms("xrdct/sd2i_xrdct_sinograms/sd2i_MnNaWSiO2_POX.h5", { dataset }),
  })),
  {
    name: "PyXRDCT image2, with projections that jumped",
    spec: () =>
      sinograms("xrdct/pyxrdct_id11/image2_sinogram.hdf5", {
        dataset: "data/sinogram_00000",
        layout: ["translation", "angle"],
      }),
  },
  {
    name: "Savu I18, with angles out of order",
    spec: () =>
      sinograms("xrdct/savu_i18_multimodal/mm.nxs", {
        dataset: "entry1/stxm_entry/data/data",
        layout: ["angle", "slice", "translation"],
        monitor: "entry1/stxm_entry/monitor/data",
        quantity: "line-integral",
      }),
  },
];

export async function watchedScan(spec: PatternSourceSpec): Promise<WatchedScan> {
  const source = await openPatternSource(spec);
  const bins = source.axis.values.length;
  const bands = watchedBands(source.axis.values, []);
  const own = ownBands(bins);
  const sums = new Float32Array(source.lines * source.points * own);
  for (let line = 0; line < source.lines; line++) {
    const { intensity } = await source.readLine(line);
    for (let p = 0; p < source.points; p++)
      sums.set(bandSums(intensity.subarray(p * bins, (p + 1) * bins), bands), (line * source.points + p) * own);
  }
  source.close();
  return { points: source.points, bands: own, sums, ...(source.monitor && { monitor: source.monitor }) };
}
