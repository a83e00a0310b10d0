/** Fetches what the panels of a composition show. */
import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { AXIS_LABELS } from "../../data/index.ts";
import type { ResultInfo, Ticks } from "../../server/wire.ts";
import { type ApiError, type Arrays, ask, askArrays, type Params } from "../core/api.ts";
import { colourOf } from "../parts/colours.ts";
import {
  isAmount,
  type Loaded,
  type LoadedImage,
  type LoadedPattern,
  type PanelSpec,
  type PatternSpec,
} from "./composition.ts";

export interface PanelsState {
  /** those that are there, in order */
  readonly loaded: readonly Loaded[];
  readonly errors: readonly (Error & { code?: string })[];
  /** panels that are still on their way */
  readonly waiting: number;
}

interface Request {
  readonly path: string;
  readonly params: Params;
}

/** An array, and the amount of its phase or peak where it is a place, a width or a lattice parameter. */
interface Source {
  readonly main: Request;
  readonly amount?: Request;
}

const keyOf = ({ path, params }: Request): string => JSON.stringify([path, params]);

/** @param file the page's result; panels may name others */
export function usePanels(file: string, panels: readonly PanelSpec[]): PanelsState {
  const files = useMemo(() => [...new Set([file, ...panels.map((panel) => panel.file ?? file)])], [file, panels]);
  const infoQueries = useQueries({ queries: files.map((one) => jsonQuery<ResultInfo>("result", one)) });
  const withTicks = files.filter((one) =>
    panels.some((panel) => panel.kind === "pattern" && panel.hasTicks && (panel.file ?? file) === one),
  );
  const tickQueries = useQueries({ queries: withTicks.map((one) => jsonQuery<Ticks>("ticks", one)) });
  const infos = new Map(files.flatMap((one, i) => (infoQueries[i]?.data ? [[one, infoQueries[i]!.data!]] : [])));
  const sources = panels.map((panel) => sourcesOf(panel, panel.file ?? file, infos.get(panel.file ?? file)));
  const all = sources.flatMap((some) => (some ?? []).flatMap(({ main, amount }) => (amount ? [main, amount] : [main])));
  const requests = [...new Map(all.map((request) => [keyOf(request), request])).values()];
  const arrays = useQueries({
    queries: requests.map(({ path, params }) => ({
      queryKey: [path, params, undefined, "arrays"],
      queryFn: ({ signal }: { signal: AbortSignal }) => askArrays(path, params, { signal }),
    })),
  });
  const queries = [...infoQueries, ...tickQueries, ...arrays];
  // the replies are new objects at every turn; what was read is the same until one of them is read again
  const stamp = queries.map(({ dataUpdatedAt }) => dataUpdatedAt).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  const loaded = useMemo(() => {
    const replies = new Map(requests.map((request, i) => [keyOf(request), arrays[i]?.data]));
    return panels.flatMap((panel, i): Loaded[] => {
      const of = panel.file ?? file;
      return assemble(panel, infos.get(of), sources[i], replies, tickQueries[withTicks.indexOf(of)]?.data);
    });
  }, [stamp, panels, file]);
  const errors: Error[] = queries.flatMap(({ error }) => (error ? [error as ApiError] : []));
  panels.forEach((panel, i) => {
    const of = panel.file ?? file;
    if (infos.has(of) && !sources[i]) errors.push(new Error(`There is no ${namesOf(panel).join(", ")} in ${of}.`));
  });
  return { loaded, errors, waiting: errors.length > 0 ? 0 : panels.length - loaded.length };
}

const jsonQuery = <T>(path: string, file: string) => ({
  queryKey: [path, { file }, undefined],
  queryFn: ({ signal }: { signal: AbortSignal }) => ask<T>(path, { file }, { signal }),
});

export const namesOf = (panel: PanelSpec): readonly string[] =>
  panel.kind === "rgb" ? panel.names.filter((name) => name !== "") : [panel.name];

/** undefined where the result is not known yet, or has not what is asked for. */
function sourcesOf(panel: PanelSpec, file: string, info: ResultInfo | undefined): Source[] | undefined {
  const sources = namesOf(panel).map((name): Source | undefined => {
    const entry = info?.arrays.find((array) => array.name === name);
    if (!info || !entry) return undefined;
    if (panel.kind === "map" && panel.bins)
      return { main: { path: "image", params: { file, stack: name, from: panel.bins[0], to: panel.bins[1] } } };
    if (panel.kind === "pattern" && panel.voxel)
      return { main: { path: "pattern", params: { file, stack: name, y: panel.voxel[0], x: panel.voxel[1] } } };
    const amount = amountBehind(name, info);
    return {
      main: { path: "array", params: { file, name, ...(entry.hasStatus && { with: "status" }) } },
      ...(amount && { amount: { path: "array", params: { file, name: amount } } }),
    };
  });
  return sources.every((source) => source !== undefined) ? sources : undefined;
}

/** Scale of the phase, or area of the peak, that a place, width or lattice parameter comes from. */
function amountBehind(name: string, { arrays }: ResultInfo): string | undefined {
  const parent = name.slice(0, name.lastIndexOf("/") + 1);
  if (isAmount(name) || parent.split("/").length < 3) return undefined;
  return [`${parent}scale`, `${parent}area`].find((one) => arrays.some((array) => array.name === one));
}

/** Nothing until all of it is there. */
function assemble(
  panel: PanelSpec,
  info: ResultInfo | undefined,
  sources: readonly Source[] | undefined,
  replies: ReadonlyMap<string, Arrays | undefined>,
  ticks: Ticks | undefined,
): Loaded[] {
  if (!info || !sources) return [];
  const parts = sources.map(({ main, amount }) => ({
    main: replies.get(keyOf(main)),
    amount: amount && replies.get(keyOf(amount)),
    isWhole: !amount || replies.get(keyOf(amount)) !== undefined,
  }));
  const there = parts.flatMap(({ main, amount, isWhole }) => (main && isWhole ? [{ main, amount }] : []));
  if (there.length < parts.length) return [];
  if (panel.kind === "pattern") return [{ spec: panel, pattern: patternOf(panel, info, there[0]!.main, ticks) }];
  const images = namesOf(panel).map((name, i) => imageOf(info, name, there[i]!, panel));
  return [panel.kind === "map" ? { spec: panel, image: images[0]! } : { spec: panel, images }];
}

function imageOf(
  info: ResultInfo,
  name: string,
  { main: { values, shapes }, amount }: { main: Arrays; amount: Arrays | undefined },
  panel: PanelSpec,
): LoadedImage {
  const { title, unit } = info.arrays.find((array) => array.name === name)!;
  const [rows = 1, cols = 1] = shapes["values"]!;
  const isOfSlice = name !== info.sinogram;
  return {
    name,
    title: panel.kind === "map" && panel.bins ? binsTitle(info, panel.bins) : titleOf(name, title),
    unit,
    rows,
    cols,
    values: values["values"]!,
    ...(values["status"] && { status: values["status"] }),
    ...(amount && { amount: amount.values["values"]! }),
    ...(info.voxelMm !== undefined && isOfSlice && { voxelMm: info.voxelMm }),
  };
}

/** Conventional and direct maps of one quantity stand side by side. */
const titleOf = (name: string, title: string): string => (name.startsWith("dlsr/") ? `${title}, direct` : title);

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
