/** Sinograms that exist already as patterns of few bins, or of one: the rest of the way is the same. */
import type { Axis, AxisUnit } from "../data/index.ts";
import { openSinogramArray, type SinogramDimension } from "../files/hdf5-sinograms.ts";
import type { PatternSource, PatternSourceSpec } from "./pattern-source.ts";
import type { ScanConfig } from "./scan-config.ts";

export interface SinogramSpec {
  readonly file: string;
  readonly dataset: string;
  readonly layout: readonly SinogramDimension[];
  readonly slice: number;
  readonly anglesDataset?: string;
  readonly axisDataset?: string;
  readonly axisUnit?: AxisUnit;
  readonly flat?: string;
  readonly dark?: string;
  readonly monitor?: string;
  readonly openBeam?: number | "brightest";
  readonly quantity: "signal" | "line-integral";
}

export async function openSinograms(spec: SinogramSpec): Promise<PatternSource> {
  const { file, slice, anglesDataset, axisDataset, axisUnit, openBeam, ...options } = spec;
  const array = await openSinogramArray(file, { ...options, ...(anglesDataset && { omega: anglesDataset }) });
  try {
    array.read(slice, 0, 1); // a slice or a flat that does not fit is a mistake of the input, not of one line
    const divide = openBeam === undefined ? asIs : divideBy(openBeam, spec.quantity, () => array.read(slice));
    const axis = axisDataset ? array.readAxis(axisDataset, axisUnit) : channels(array.bins);
    return {
      lines: array.angles,
      points: array.translations,
      axis,
      hasSigma: false,
      files: [file],
      missing: () => [],
      readLine: async (line) => ({ intensity: divide(array.read(slice, line, 1)) }),
      close: () => array.close(),
      ...(array.omegaDeg && { omegaDeg: array.omegaDeg }),
    };
  } catch (error) {
    array.close();
    throw error;
  }
}

const asIs = (values: Float32Array): Float32Array => values;

/** Readings over that of the open beam; for line integrals, whose logarithm is taken already, a difference. */
function divideBy(
  openBeam: number | "brightest",
  quantity: SinogramSpec["quantity"],
  readAll: () => Float32Array,
): (values: Float32Array) => Float32Array {
  if (quantity === "line-integral") {
    const open = openBeam === "brightest" ? quantile(readAll(), 0.05) : -Math.log(openBeam);
    return (values) => values.map((value) => value - open);
  }
  const open = openBeam === "brightest" ? quantile(readAll(), 0.95) : openBeam;
  return (values) => values.map((value) => value / open);
}

function quantile(values: Float32Array, share: number): number {
  const sorted = values.filter(Number.isFinite).sort();
  return sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
}

const channels = (bins: number): Axis => ({
  unit: "channel",
  values: Float64Array.from({ length: bins }, (_, bin) => bin),
});

type SinogramInput = Extract<ScanConfig["input"], { kind: "sinograms" }>;

export function sinogramSpec(input: SinogramInput, resolve: (path: string) => string): PatternSourceSpec {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  return { ...(given as unknown as SinogramSpec), kind: "sinograms", file: resolve(input.file) };
}
