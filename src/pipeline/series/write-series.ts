/** What a series leaves: one file with all maps over time, and tables. */
import { join } from "node:path";
import type { ParameterMap } from "../../data/index.ts";
import { version } from "../../data/version.ts";
import { withEsd } from "../../data/with-esd.ts";
import { createResultWriter, type ResultAxis, type ResultWriter } from "../../files/result-writer.ts";
import { isKnown, type StepMean } from "../../stages/series/index.ts";
import { fingerprintAll } from "../fingerprint.ts";
import type { ParameterSeries, SliceSeries } from "./gather-maps.ts";
import type { RanStep } from "./run-series.ts";
import type { Series } from "./series-config.ts";
import { mapOf, stackSlices, type VolumeSeries } from "./stack-slices.ts";

/** Where the arrays of a height lie: left out of the names where there is one height. */
export const heightName = (slices: readonly SliceSeries[], { heightMm }: SliceSeries): string =>
  slices.length > 1 ? `at_${heightMm}mm/` : "";

/** series.nxs: `series/` [time, y, x], of several heights [time, z, y, x]; `means/` [time], `change/` [y, x]. */
export async function writeSeriesFile(
  path: string,
  { config }: Series,
  ran: readonly RanStep[],
  slices: readonly SliceSeries[],
  startedAt: string,
): Promise<void> {
  const title = config.title || "series";
  const writer = await createResultWriter(path, { program: "xrdct", version, title, startedAt });
  try {
    const endedAt = new Date().toISOString();
    const inputs = fingerprintAll(ran.flatMap((step) => (step.path === undefined ? [] : [step.path])));
    const notes = ran.map(describeStep);
    writer.process("series", { config, startedAt, endedAt, inputs, notes });
    for (const stage of ["means", "change"]) writer.process(stage, { config: {}, startedAt, endedAt, inputs: [] });
    const volume = stackSlices(slices);
    if (volume) writeVolume(writer, volume);
    for (const slice of slices) {
      for (const parameter of slice.parameters) {
        const at = heightName(slices, slice);
        if (!volume) writeMaps(writer, slice, parameter, at);
        writeParameter(writer, slice, parameter, at);
      }
    }
    const first = slices[0]?.parameters[0];
    if (first) writer.plotFirst(`series/${volume ? "" : heightName(slices, slices[0]!)}${first.name}`);
    writer.finish(endedAt);
  } catch (error) {
    writer.abort();
    throw error;
  }
}

export function describeStep({ index, timeH, heightMm, scan, result, flag, note, startedFrom }: RanStep): string {
  const how = startedFrom === undefined ? "" : `, started from step ${startedFrom}`;
  const left = flag === "" ? "" : `; left out, ${flag}: ${note}`;
  return `step ${index}: ${Number(timeH.toFixed(6))} h, ${heightMm} mm, ${scan ?? result}${how}${left}`;
}

const titleOf = (name: string): string => name.replaceAll("/", " ").replaceAll("_", " ");

const gridAxis = (name: "x" | "y", n: number, voxelMm: number): ResultAxis => ({
  name,
  values: Float64Array.from({ length: n }, (_, i) => (i - (n - 1) / 2) * voxelMm),
  unit: "mm",
});

/** [y, x] NaN where a voxel is not known. */
const known = (map: ParameterMap | undefined, values: ArrayLike<number> | undefined, voxels: number): Float32Array =>
  Float32Array.from({ length: voxels }, (_, i) => (map && values && isKnown(map, i) ? values[i]! : Number.NaN));

/** [time, z, y, x] of all heights, and when each height was scanned. */
function writeVolume(writer: ResultWriter, volume: VolumeSeries): void {
  const { slices, heightsMm, rounds, timeH, ny, nx, voxelMm, parameters } = volume;
  const time: ResultAxis = { name: "time", values: timeH, unit: "h" };
  const z: ResultAxis = { name: "z", values: heightsMm, unit: "mm" };
  for (const { name, unit } of parameters) {
    const maps = rounds.map((_, round) => slices.map((_, height) => mapOf(volume, name, round, height)));
    const hasErrors = maps.flat().some((map) => map?.esd);
    const array = writer.array(`series/${name}`, {
      shape: [rounds.length, slices.length, ny, nx],
      dtype: "float32",
      unit,
      longName: titleOf(name),
      axes: [time, z, gridAxis("y", ny, voxelMm), gridAxis("x", nx, voxelMm)],
      chunk: [1, 1, ny, nx],
      errors: hasErrors,
    });
    maps.forEach((heights, t) => {
      heights.forEach((map, k) => {
        const errors = hasErrors ? known(map, map?.esd, ny * nx) : undefined;
        array.writeSlab([t, k, 0, 0], [1, 1, ny, nx], known(map, map?.values, ny * nx), errors);
      });
    });
  }
  const options = { dtype: "float64" as const, unit: "h", longName: "time of each slice", axes: [time, z] };
  writer
    .array("series/time_of_slice", { ...options, shape: [rounds.length, slices.length] })
    .writeSlab(
      [0, 0],
      [rounds.length, slices.length],
      Float64Array.from(
        rounds.flatMap(({ steps }) =>
          steps.map((step, k) => (step === undefined ? Number.NaN : slices[k]!.timeH[step]!)),
        ),
      ),
    );
}

/** [time, y, x] of one height. */
function writeMaps(writer: ResultWriter, { voxelMm }: SliceSeries, parameter: ParameterSeries, at: string): void {
  const { name, unit, ny, nx, timeH, steps } = parameter;
  const hasErrors = steps.some((map) => map?.esd);
  const array = writer.array(`series/${at}${name}`, {
    shape: [steps.length, ny, nx],
    dtype: "float32",
    unit,
    longName: titleOf(name),
    axes: [{ name: "time", values: timeH, unit: "h" }, gridAxis("y", ny, voxelMm), gridAxis("x", nx, voxelMm)],
    chunk: [1, ny, nx],
    errors: hasErrors,
  });
  steps.forEach((map, k) => {
    const errors = hasErrors ? known(map, map?.esd, ny * nx) : undefined;
    array.writeSlab([k, 0, 0], [1, ny, nx], known(map, map?.values, ny * nx), errors);
  });
}

/** Means over time, and what changed. */
function writeParameter(writer: ResultWriter, slice: SliceSeries, parameter: ParameterSeries, at: string): void {
  const { name, unit, timeH, steps, means, change } = parameter;
  const longName = titleOf(name);
  const time: ResultAxis = { name: "time", values: timeH, unit: "h" };
  const column = (pick: (mean: StepMean) => number, of: readonly StepMean[]): Float64Array =>
    Float64Array.from(of, pick);
  const curve = writer.array(`means/${at}${name}`, {
    shape: [steps.length],
    dtype: "float64",
    unit,
    longName: `mean ${longName}`,
    axes: [time],
    errors: true,
  });
  curve.writeSlab(
    [0],
    [steps.length],
    column(({ mean }) => mean, means.common),
    column(({ esd }) => esd, means.common),
  );
  if (steps.length < 2) return;
  for (const map of Object.values(change)) {
    const part = map.name.slice(name.length + 1);
    writer.map(`change/${at}${name}/${part}`, map, {
      voxelMm: slice.voxelMm,
      longName: `${part.replaceAll("_", " ")} of ${longName}`,
    });
  }
}

const number = (value: number): string => (Number.isFinite(value) ? String(Number(value.toPrecision(9))) : "");
const field = (value: string): string => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

/** .csv, a line for each step and parameter: means over the voxels that it knows, and over those that all steps know. */
export function meansCsv(ran: readonly RanStep[], slices: readonly SliceSeries[]): string {
  const head =
    "height_mm,step,time_h,flag,parameter,unit,voxels,mean,esd,spread,common_voxels,common_mean,common_esd,common_spread,note";
  const rows: string[][] = [];
  for (const slice of slices) {
    for (const { name, unit, means } of slice.parameters) {
      slice.steps.forEach((step, k) => {
        const of = ({ voxels, mean, esd, spread }: StepMean): string[] => [voxels, mean, esd, spread].map(number);
        const at = [number(slice.heightMm), String(step.index), number(step.timeH), step.flag];
        rows.push([...at, name, unit, ...of(means.each[k]!), ...of(means.common[k]!), ""]);
      });
    }
  }
  const left = ran.filter(({ flag }) => flag !== "");
  for (const { heightMm, index, timeH, flag, note } of left)
    rows.push([number(heightMm), String(index), number(timeH), flag, ...Array(10).fill(""), note]);
  return `${[head, ...rows.map((row) => row.map(field).join(","))].join("\n")}\n`;
}

/** Means over the voxels that every step knows, a column for each parameter: Markdown. */
export function meansMarkdown(slice: SliceSeries): string {
  const parameters = slice.parameters.filter(({ means }) => means.common.some(({ mean }) => Number.isFinite(mean)));
  const head = ["time (h)", ...parameters.map(({ name, unit }) => (unit ? `${name} (${unit})` : name))];
  const rows = slice.steps.map((step, k) => [
    String(Number(step.timeH.toFixed(4))),
    ...parameters.map(({ means }) => {
      const { mean, esd } = means.common[k]!;
      return Number.isFinite(mean) ? withEsd(mean, Number.isFinite(esd) ? esd : null) : "-";
    }),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return `${[line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n")}\n`;
}

export const seriesFile = (folder: string): string => join(folder, "series.nxs");
