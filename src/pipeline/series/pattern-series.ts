/** Single patterns over time: refined one after the other, with tables and a figure on the clock of the series. */
import { join } from "node:path";
import { InputError } from "../../data/index.ts";
import { resolveModel } from "../../refinement/index.ts";
import { type SeriesEntry, seriesColumns, seriesCsv } from "../../stages/refine/index.ts";
import { loadKernels } from "../load-kernels.ts";
import { type LoadedModel, loadModel } from "../refine/load-model.ts";
import { refineSeries } from "../refine/refine-series.ts";
import { openSeries } from "../refine/series-source.ts";
import type { SeriesOptions } from "./run-series.ts";
import { type Series, timesOfPatterns } from "./series-config.ts";
import { type AlignedRecord, type TimeCurve, timeCurvesFigure } from "./time-curves.ts";

export interface PatternSeries {
  /** `variable` is the time in h */
  readonly entries: readonly SeriesEntry[];
  readonly csv: string;
  /** SVG */
  readonly figure: string;
  /** what was left out, and why */
  readonly notes: readonly string[];
}

/** @throws InputError of the model, of the patterns, "series-times" */
export async function refinePatternSeries(
  { config, resolve }: Series,
  options: SeriesOptions,
  echem: AlignedRecord | undefined,
): Promise<PatternSeries> {
  const patterns = config.patterns!;
  const model = loadModel(resolve(patterns.model));
  const inputs = [patterns.files].flat().map(resolve);
  const { wavelengthA } = resolveModel(model.config, model.files);
  const axis = patterns.axisUnit && { axis: patterns.axisUnit };
  const items = await openSeries(inputs, { frames: model.config.series.frames, wavelengthA, ...axis });
  const timeH = timesOfPatterns(patterns, items.length, resolve);
  const timed = withTimes(model, timeH);
  const { entries } = await refineSeries(loadKernels(), timed, inputs, {
    ...axis,
    journal: join(options.folder, "patterns.partial"),
    signal: options.signal,
    onProgress: options.onProgress,
  });
  const left = entries.filter(({ flag }) => flag !== "");
  const hours = (value: number): string => `${Number(value.toFixed(4))} h`;
  const notes = left.map(
    ({ name, variable, flag, note }) => `${name} at ${hours(variable)} left out, ${flag}: ${note}`,
  );
  if (left.length === entries.length) {
    throw new InputError("series-failed", `None of the ${entries.length} patterns could be refined. ${notes[0]}`);
  }
  const figure = timeCurvesFigure(curvesOf(entries, timeH), echem, {
    title: config.title || "series",
    note:
      left.length > 0 ? `left out: ${left.map(({ variable, flag }) => `${hours(variable)} (${flag})`).join(", ")}` : "",
    timeH,
  });
  return { entries, csv: seriesCsv(entries, "time (h)"), figure, notes };
}

function withTimes(model: LoadedModel, timeH: Float64Array): LoadedModel {
  const variable = { name: "time", unit: "h", values: [...timeH] };
  return { ...model, config: { ...model.config, series: { ...model.config.series, variable } } };
}

/** Cells, weight fractions, free peaks that are refined, and how well each fit is. */
function curvesOf(entries: readonly SeriesEntry[], timeH: Float64Array): TimeCurve[] {
  return seriesColumns(entries).flatMap(({ name, unit, values, esds }): TimeCurve[] => {
    const isShown =
      /^([^/]+\/(a|b|c|alpha|beta|gamma|weightFraction)|peaks\/.+\/(position|area|fwhm))$/.test(name) &&
      esds.some(Number.isFinite);
    if (!isShown && name !== "Rwp") return [];
    const factor = isShown && !name.endsWith("weightFraction") ? 1 : 100;
    return [
      {
        title: name
          .replace("weightFraction", "weight fraction")
          .replace(/^peaks\//, "")
          .replaceAll("/", " "),
        quantity: name === "Rwp" ? "Rwp" : name.split("/").at(-1)!.replace("weightFraction", "weight fraction"),
        unit: name === "Rwp" ? "%" : factor === 100 ? "wt%" : unit,
        timeH,
        values: values.map((value) => factor * value),
        esds: esds.map((esd) => factor * esd),
      },
    ];
  });
}
