/** What the refinement thread does: one request after the other, with kernels and the last map's plan kept warm. */
import { basename, dirname } from "node:path";
import { performance } from "node:perf_hooks";
import { openResult, type Result } from "../../files/result-reader.ts";
import type { Kernels } from "../../kernels/index.ts";
import type { LoadedModel } from "../../pipeline/refine/load-model.ts";
import { readResultPattern } from "../../pipeline/refine/result-pattern.ts";
import { overTwoTheta } from "../../pipeline/refine/rietveld-map.ts";
import { formatModel } from "../../pipeline/refine/save-model.ts";
import { resolveModel } from "../../refinement/index.ts";
import { refinePattern, settleConfig } from "../../stages/refine/index.ts";
import { type ServedFolder, serveFolder } from "../served-folder.ts";
import type { ModelText, RefineReply } from "../wire-refine.ts";
import { describeVoxel, mapValuesAt } from "./describe-voxel.ts";
import { createMapVoxels, type MapVoxels, sliceOf } from "./map-voxels.ts";
import { loadModelText } from "./model-text.ts";
import type { RefineTask } from "./protocol.ts";
import { assertVoxel, readTarget } from "./target-pattern.ts";

export type FitReply = Omit<RefineReply, "id">;

export interface RefineTasks {
  /** @throws InputError; undefined where it was cancelled */
  fit(task: RefineTask, isCancelled: () => boolean): Promise<FitReply | undefined>;
  /** the model that a refinement starts from; undefined where the result has none */
  model(task: RefineTask): Promise<ModelText | undefined>;
}

export function createRefineTasks(kernels: Kernels): RefineTasks {
  const empty = kernels.arena.mark();
  let warm: { readonly key: string; readonly voxels: MapVoxels } | undefined;

  function voxelsOf(result: Result, task: RefineTask, served: ServedFolder): MapVoxels | undefined {
    const key = `${task.path} ${task.identity}`;
    if (warm?.key === key) return warm.voxels;
    const text = result.readNote("map/model");
    if (text === undefined || result.readNote("map/refinement") === undefined) return undefined;
    const model = loadModelText({ text, folder: folderOf(task, served) }, served);
    warm = undefined;
    kernels.arena.release(empty);
    const voxels = createMapVoxels(kernels, result, model);
    warm = { key, voxels };
    return voxels;
  }

  async function fitAsMap(task: RefineTask, y: number, x: number, isCancelled: () => boolean) {
    const result = await openResult(task.path);
    try {
      const slice = sliceOf(result);
      assertVoxel({ y, x }, slice, basename(task.path));
      const start = performance.now();
      const voxel = voxelsOf(result, task, serveFolder(task.root))?.fit(result, y, x, isCancelled);
      if (!voxel) return undefined;
      return {
        ...describeVoxel(voxel),
        name: `${basename(task.path)}, voxel ${y},${x}`,
        how: "map" as const,
        title: result.title,
        reason: "",
        warnings: [],
        notes: [],
        inMap: mapValuesAt(result, y, x),
        milliseconds: performance.now() - start,
      };
    } finally {
      result.close();
    }
  }

  async function fitModel(task: RefineTask, model: LoadedModel, isCancelled: () => boolean) {
    const result = await openResult(task.path);
    try {
      const { target } = task;
      const { name, pattern } = readTarget(result, target);
      const { config, files } = model;
      const start = performance.now();
      const over = overTwoTheta(pattern, resolveModel(config, files).wavelengthA);
      const refined = refinePattern(kernels, config, files, over, name, { isCancelled });
      if (isCancelled()) return undefined;
      const milliseconds = performance.now() - start;
      const { title, status, reason, statistics, weights, wavelengthA, parameters, phases } = refined;
      const isOfMap = target.kind === "voxel" && result.list().some((entry) => entry.name === "map/rwp");
      const folder = task.model?.folder ?? folderOf(task, serveFolder(task.root));
      return {
        ...{ name, title, status, reason, statistics, weights, wavelengthA, parameters, milliseconds },
        how: "model" as const,
        phases: phases.map(({ name: phase, kind, weightFraction, weightFractionEsd, reflections }) => ({
          ...{ name: phase, kind, weightFraction, weightFractionEsd },
          reflections: reflections.map(({ h, k, l, twoThetaDeg }) => ({ h, k, l, twoThetaDeg })),
        })),
        warnings: refined.warnings,
        notes: refined.notes,
        pattern: refined.pattern,
        ...(isOfMap && { inMap: mapValuesAt(result, target.y, target.x) }),
        result: refined,
        settled: { text: formatModel(settleConfig(config, parameters), (file) => file), folder },
      };
    } finally {
      result.close();
    }
  }

  return {
    async fit(task, isCancelled) {
      const { target, model: given } = task;
      const served = serveFolder(task.root);
      if (given) return fitModel(task, loadModelText(given, served), isCancelled);
      if (target.kind === "voxel") {
        const fitted = await fitAsMap(task, target.y, target.x, isCancelled);
        if (fitted || isCancelled()) return fitted;
      }
      const own = await startModel(task, served);
      return own && fitModel(task, loadModelText(own, served), isCancelled);
    },
    model: (task) => startModel(task, serveFolder(task.root)),
  };
}

const folderOf = ({ path }: RefineTask, served: ServedFolder): string => served.nameOf(dirname(path));

/** As `xrdct refine RESULT [--voxel y,x]` starts. */
async function startModel(task: RefineTask, served: ServedFolder): Promise<ModelText | undefined> {
  const result = await openResult(task.path);
  let text: string | undefined;
  let hasSigma: boolean;
  try {
    text = result.readNote("map/model");
    if (text === undefined) return undefined;
    hasSigma = sliceOf(result).hasSigma;
  } finally {
    result.close();
  }
  const folder = folderOf(task, served);
  const settled = loadModelText({ text, folder }, served);
  if (task.target.kind === "summed") return { text, folder };
  const { config } =
    task.target.kind === "voxel"
      ? ((await readResultPattern(task.path, [task.target.y, task.target.x]))?.model ?? settled)
      : { config: { ...settled.config, weights: hasSigma ? ("sigma" as const) : ("uniform" as const) } };
  return { text: formatModel(config, (file) => file), folder };
}
