/** Fetches what the panels of a composition show. */
import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { AXIS_LABELS } from "../../data/index.ts";
import type { ResultInfo, Ticks } from "../../server/wire.ts";
import { type ApiError, type Arrays, ask, askArrays, type Params } from "../core/api.ts";
import { colourOf } from "../parts/colours.ts";
import type { Loaded, LoadedImage, LoadedPattern, PanelSpec, PatternSpec } from "./composition.ts";

export interface PanelsState {
  /** those that are there, in order */
  readonly loaded: readonly Loaded[];
  readonly errors: readonly (Error & { code?: string })[];
  /** panels that are still on their way */
  readonly waiting: number;
  /** by file */
  readonly infos: ReadonlyMap<string, ResultInfo>;
}

interface Request {
  readonly path: string;
  readonly params: Params;
}

/** @param file the page's result; panels may name others */
export function usePanels(file: string, panels: readonly PanelSpec[]): PanelsState {
  const files = useMemo(() => [...new Set([file, ...panels.map((panel) => panel.file ?? file)])], [file, panels]);
  const infoQueries = useQueries({
    queries: files.map((one) => ({
      queryKey: ["result", { file: one }, undefined],
      queryFn: ({ signal }: { signal: AbortSignal }) => ask<ResultInfo>("result", { file: one }, { signal }),
    })),
  });
  const withTicks = files.filter((one) =>
    panels.some((panel) => panel.kind === "pattern" && panel.hasTicks && (panel.file ?? file) === one),
  );
  const tickQueries = useQueries({
    queries: withTicks.map((one) => ({
      queryKey: ["ticks", { file: one }, undefined],
      queryFn: ({ signal }: { signal: AbortSignal }) => ask<Ticks>("ticks", { file: one }, { signal }),
    })),
  });
  const infos = new Map(files.flatMap((one, i) => (infoQueries[i]?.data ? [[one, infoQueries[i]!.data!]] : [])));
  const requests = panels.map((panel) => requestsOf(panel, panel.file ?? file, infos.get(panel.file ?? file)));
  const flat = requests.flatMap((some) => some ?? []);
  const arrays = useQueries({
    queries: flat.map(({ path, params }) => ({
      queryKey: [path, params, undefined, "arrays"],
      queryFn: ({ signal }: { signal: AbortSignal }) => askArrays(path, params, { signal }),
    })),
  });
  const found = (request: Request): Arrays | undefined => arrays[flat.indexOf(request)]?.data;
  const ticksOf = (one: string): Ticks | undefined => tickQueries[withTicks.indexOf(one)]?.data;
  const loaded = panels.flatMap((panel, i): Loaded[] => {
    const of = panel.file ?? file;
    const info = infos.get(of);
    const replies = requests[i]?.map(found);
    if (!info || !replies || !isComplete(replies)) return [];
    return [assemble(panel, info, replies, ticksOf(of))];
  });
  const errors = [...infoQueries, ...tickQueries, ...arrays].flatMap(({ error }) => (error ? [error as ApiError] : []));
  const unknown = panels.flatMap((panel, i) => {
    const isKnown = requests[i] !== undefined || !infos.has(panel.file ?? file);
    return isKnown ? [] : [new Error(`There is no ${namesOf(panel).join(", ")} in ${panel.file ?? file}.`)];
  });
  return {
    loaded,
    errors: [...errors, ...unknown],
    waiting: panels.length - loaded.length - errors.length - unknown.length,
    infos,
  };
}

const isComplete = (replies: readonly (Arrays | undefined)[]): replies is readonly Arrays[] =>
  replies.every((reply) => reply !== undefined);

export const namesOf = (panel: PanelSpec): readonly string[] => (panel.kind === "rgb" ? panel.names : [panel.name]);

/** undefined where the result is not known yet, or has not what is asked for. */
function requestsOf(panel: PanelSpec, file: string, info: ResultInfo | undefined): Request[] | undefined {
  const names = namesOf(panel);
  const entries = names.map((name) => info?.arrays.find((array) => array.name === name));
  if (entries.some((entry) => entry === undefined)) return undefined;
  return names.map((name, i): Request => {
    if (panel.kind === "map" && panel.bins)
      return { path: "image", params: { file, stack: name, from: panel.bins[0], to: panel.bins[1] } };
    if (panel.kind === "pattern" && panel.voxel)
      return { path: "pattern", params: { file, stack: name, y: panel.voxel[0], x: panel.voxel[1] } };
    return { path: "array", params: { file, name, ...(entries[i]!.hasStatus && { with: "status" }) } };
  });
}

function assemble(panel: PanelSpec, info: ResultInfo, replies: readonly Arrays[], ticks: Ticks | undefined): Loaded {
  if (panel.kind === "map") return { spec: panel, image: imageOf(info, panel.name, replies[0]!, panel.bins) };
  if (panel.kind === "rgb")
    return { spec: panel, images: panel.names.map((name, i) => imageOf(info, name, replies[i]!)) };
  return { spec: panel, pattern: patternOf(panel, info, replies[0]!, ticks) };
}

function imageOf(
  info: ResultInfo,
  name: string,
  { values, shapes }: Arrays,
  bins?: readonly [number, number],
): LoadedImage {
  const { title, unit } = info.arrays.find((array) => array.name === name)!;
  const [rows = 1, cols = 1] = shapes["values"]!;
  const isOfSlice = name !== info.sinogram;
  return {
    name,
    title: bins ? binsTitle(info, bins) : title,
    unit,
    rows,
    cols,
    values: values["values"]!,
    ...(values["status"] && { status: values["status"] }),
    ...(info.voxelMm !== undefined && isOfSlice && { voxelMm: info.voxelMm }),
  };
}

function binsTitle({ axis }: ResultInfo, [from, to]: readonly [number, number]): string {
  if (!axis) return `bins ${from} to ${to - 1}`;
  const { label, unit } = AXIS_LABELS[axis.unit];
  const at = (bin: number): string => String(Number((axis.values[bin] ?? Number.NaN).toPrecision(5)));
  return `${label} ${to - from > 1 ? `${at(from)} to ${at(to - 1)}` : at(from)}${unit && ` ${unit}`}`;
}

function patternOf(
  { name, voxel, hasTicks }: PatternSpec,
  info: ResultInfo,
  { values }: Arrays,
  ticks: Ticks | undefined,
): LoadedPattern {
  const { title, unit } = info.arrays.find((array) => array.name === name)!;
  const curve = values["intensity"] ?? values["values"]!;
  const x = info.axis?.values.length === curve.length ? info.axis.values : Array.from(curve, (_, i) => i);
  const { label, unit: symbol } = AXIS_LABELS[info.axis?.unit ?? "channel"];
  return {
    title: voxel ? `pattern of voxel y ${voxel[0]}, x ${voxel[1]}` : title,
    x,
    xLabel: symbol ? `${label} (${symbol})` : label,
    yLabel: unit ? `intensity (${unit})` : "intensity",
    values: curve,
    ...(hasTicks &&
      ticks && {
        ticks: ticks.phases.map(({ name: phase, reflections }, i) => ({
          name: phase,
          positions: reflections.map(({ position }) => position),
          colour: colourOf(i + 1),
        })),
      }),
  };
}
