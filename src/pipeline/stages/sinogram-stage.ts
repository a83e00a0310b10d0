import { crc32 } from "node:zlib";
import { convertAxis, InputError, type Pattern } from "../../data/index.ts";
import {
  analyseSinogram,
  createPatternSummary,
  type ScanRecord,
  type SinogramConfig,
  type SinogramReport,
  summarisePatterns,
} from "../../stages/sinogram/index.ts";
import { openArray, referenceTo } from "../array-reference.ts";
import { BIN_BLOCK } from "../blocked-array.ts";
import type { Stage } from "../stage.ts";
import type { StageStore } from "../stage-store.ts";
import { readCells, type SinogramPayload } from "../tasks/sinogram-task.ts";
import type { PatternsMeta, SinogramMeta } from "./meta.ts";

export interface SinogramInput {
  readonly key: string;
  readonly patterns: () => PatternsMeta;
  /** of the air or the empty cell, to be subtracted */
  readonly air?: Pattern | undefined;
}

export function createSinogramStage(
  config: SinogramConfig,
  input: SinogramInput,
  store: StageStore,
): Stage<SinogramMeta> {
  return {
    name: "sinogram",
    identity: { stage: "sinogram", config, input: input.key, air: input.air },
    async plan() {
      const measured = input.patterns();
      const ringLength = measured.sigma ? undefined : ringLengthOf(measured);
      const air = input.air && checkAir(input.air, measured);
      const report = store.remember("report", () => analyse(measured, config, ringLength, air));
      const shape = { items: report.angles * report.translations, bins: measured.patterns.bins };
      const sinogram = store.array("sinogram", shape);
      const sigma = report.sigma.source === "none" ? undefined : store.array("sinogram-sigma", shape);
      const payload: SinogramPayload = {
        report,
        folder: store.folder,
        patterns: measured.patterns,
        sinogram: referenceTo(sinogram),
        ...(ringLength && { ringLength }),
        ...(measured.sigma && { patternsSigma: measured.sigma }),
        ...(sigma && { sinogramSigma: referenceTo(sigma) }),
      };
      const arrays = 2 + (measured.sigma ? 1 : 0) + (sigma ? 1 : 0);
      return {
        task: "sinogram",
        payload,
        blocks: sinogram.blocks,
        bytesPerThread: arrays * shape.items * BIN_BLOCK * 4 + 64e6,
        checksums: (block) => [
          sinogram.crcOfBlock(block),
          ...(sigma ? [sigma.crcOfBlock(block)] : []),
          crc32(readCells(store.folder, block) ?? new Uint8Array(0)),
        ],
        preview: {
          title: "mean of the bins that are done",
          unit: measured.isAbsorption ? "" : "counts",
          image: "angle-translation",
          rows: report.angles,
          cols: report.translations,
          array: referenceTo(sinogram),
          filled: { kind: "bins" },
          blocks: sinogram.blocks,
        },
        finish() {
          for (let block = 0; block < sinogram.blocks; block++) {
            readCells(store.folder, block)?.forEach((bits, i) => {
              report.cells[i] = report.cells[i]! | bits;
            });
          }
          sinogram.close();
          sigma?.close();
          const meta: SinogramMeta = {
            report,
            axis: measured.axis,
            sinogram: referenceTo(sinogram),
            ...(sigma && { sigma: referenceTo(sigma) }),
          };
          return { meta, notes: describeReport(report) };
        },
      };
    },
  };
}

/** One pass over the patterns, a few lines at a time, and everything found out from what it leaves. */
function analyse(
  measured: PatternsMeta,
  config: SinogramConfig,
  ringLength: Float64Array | undefined,
  air: Pattern | undefined,
): SinogramReport {
  const { lines, points, patterns } = measured;
  const { bins } = patterns;
  const summary = createPatternSummary(lines, points, bins);
  const array = openArray(patterns);
  const atOnce = Math.max(1, Math.min(lines, Math.floor(64e6 / (4 * points * bins))));
  const buffer = new Float32Array(atOnce * points * bins);
  for (let line = 0; line < lines; line += atOnce) {
    const count = Math.min(atOnce, lines - line);
    const intensity = buffer.subarray(0, count * points * bins);
    array.readItems(line * points, count * points, intensity);
    summarisePatterns(summary, { lines: count, points, bins, intensity }, { line }, ringLength);
  }
  array.close();
  const record: ScanRecord = {
    omegaDeg: measured.omegaDeg,
    ...(measured.monitor && { monitor: measured.monitor }),
    ...(measured.exposureS && { exposureS: measured.exposureS }),
    ...(air && { air }),
    ...(measured.transmitted && { transmitted: measured.transmitted }),
  };
  return analyseSinogram(summary, record, config, measured.sigma !== undefined);
}

/** @throws InputError "air-axis" where its bins are not those of the scan */
function checkAir(air: Pattern, { axis }: PatternsMeta): Pattern {
  const [found, needed] = [air.axis.values, axis.values];
  const tolerance = 0.01 * Math.abs(needed[1]! - needed[0]!);
  if (
    air.axis.unit === axis.unit &&
    found.length === needed.length &&
    found.every((value, i) => Math.abs(value - needed[i]!) <= tolerance)
  )
    return air;
  throw new InputError(
    "air-axis",
    `The air pattern has ${found.length} bins of ${air.axis.unit} from ${found[0]} to ${found.at(-1)}; the scan has ${needed.length} bins of ${axis.unit} ` +
      `from ${needed[0]} to ${needed.at(-1)}. Integrate the air frame with the same settings.`,
  );
}

/** Pixels behind an azimuthal mean grow with the ring: proportional to sin(two-theta), mean 1. */
export function ringLengthOf({
  axis,
  wavelengthA,
  distanceM,
}: Pick<PatternsMeta, "axis" | "wavelengthA" | "distanceM">): Float64Array | undefined {
  if (axis.unit === "channel") return undefined;
  const context = {
    ...(wavelengthA !== undefined && { wavelengthA }),
    ...(distanceM !== undefined && { distanceM }),
  };
  const twoTheta = convertAxis(axis.values, axis.unit, "two-theta", context);
  const length = twoTheta.map((degrees) => Math.sin((degrees * Math.PI) / 180));
  const mean = length.reduce((sum, value) => sum + value, 0) / length.length;
  return length.map((value) => value / mean);
}

/** What was found, in sentences. */
export function describeReport(report: SinogramReport): string[] {
  const { order, rotationAxis, scan, air, jumps, rings, sigma } = report;
  const methods = rotationAxis.estimates.map(({ method, value }) => `${method} ${value.toFixed(3)}`).join(", ");
  const notes = [
    describeOrder(order),
    `rotation axis at ${rotationAxis.value.toFixed(3)} steps${rotationAxis.given ? " as given" : ` (${methods})`}`,
    `${report.angles} projections over ${scan.arcDeg.toFixed(1)}°${scan.closing === "none" ? "" : `; the closing one was ${scan.closing}`}`,
    `air subtracted: ${air.source}${air.source === "outermost" ? ` (${air.low} + ${air.high} translations)` : ""}`,
    `uncertainties: ${sigma.source}${sigma.source === "counting" ? `, gain ${sigma.gain.toPrecision(4)}` : ""}`,
  ];
  if (report.transmission) notes.push(`divided by the measured transmission; ${report.opaqueCells} opaque points`);
  if (jumps.length)
    notes.push(
      `${jumps.length} projections had jumped, the farthest by ${Math.max(...jumps.map((jump) => Math.abs(jump.steps))).toFixed(2)} steps`,
    );
  if (rings.length) notes.push(`${rings.length} translations with a constant offset were put right`);
  if (report.missingPatterns) notes.push(`${report.missingPatterns} missing patterns were filled and flagged`);
  return [...notes, ...report.warnings.map((warning) => `note: ${warning}`)];
}

/** Which way the lines run, in words. */
export function describeOrder(order: SinogramReport["order"]): string {
  const way = order.kind === "zig-zag" ? "every second line runs backwards" : "all lines run the same way";
  return `${order.kind}: ${way}, shifted by ${order.shiftSteps.toFixed(2)} steps`;
}
