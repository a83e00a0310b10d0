/** What the refinement thread does: one request after the other, with kernels and the last map's plan kept warm. */
import { basename, dirname } from "node:path";
import { performance } from "node:perf_hooks";
import { openResult, type Result } from "../../files/result-reader.ts";
import type { Kernels } from "../../kernels/index.ts";
import type { LoadedModel } from "../../pipeline/refine/load-model.ts";
import { sliceOf } from "../../pipeline/refine/map-plan.ts";
import { readResultPattern } from "../../pipeline/refine/result-pattern.ts";
import { overTwoTheta } from "../../pipeline/refine/rietveld-map.ts";
import { formatModel } from "../../pipeline/refine/save-model.ts";
import { type ModelConfig, resolveModel } from "../../refinement/index.ts";
import { refinePattern, settleConfig } from "../../stages/refine/index.ts";
import { type ServedFolder, serveFolder } from "../served-folder.ts";
import type { ModelText, RefineReply } from "../wire-refine.ts";
import { describeVoxel, mapValuesAt } from "./describe-voxel.ts";
import { createMapVoxels, type MapVoxels } from "./map-voxels.ts";
import { loadModelText } from "./model-text.ts";
import type { RefineTask } from "./protocol.ts";
import { assertVoxel, readTarget } from "./target-pattern.ts";

const QUICK =
  "a quick look, from the voxel before alone: the fit with the start of the map follows when the pointer rests";

export type FitReply = Omit<RefineReply, "id">;

export interface RefineTasks {
  /** @throws InputError; undefined where it was cancelled */
  fit(task: RefineTask, isCancelled: () => boolean): Promise<FitReply | undefined>;
  /** the model that a refinement starts from; undefined where the result has none */
  model(task: RefineTask): Promise<ModelText | undefined>;
}

export function createRefineTasks(kernels: Kernels): RefineTasks {
  const empty = kernels.arena.mark();
  /** the file that was asked for last, kept open, and the plan of its map */
  let warm: { readonly key: string; readonly result: Result; voxels?: MapVoxels } | undefined;

  async function open(task: RefineTask) {
    const key = `${task.path} ${task.identity}`;
    if (warm?.key === key) return warm;
    warm?.result.close();
    warm = undefined;
    kernels.arena.release(empty);
    warm = { key, result: await openResult(task.path) };
    return warm;
  }

  async function voxelsOf(task: RefineTask, served: ServedFolder): Promise<MapVoxels | undefined> {
    const opened = await open(task);
    const { result } = opened;
    const text = result.readNote("map/model");
    if (opened.voxels || text === undefined || result.readNote("map/refinement") === undefined) return opened.voxels;
    const model = loadModelText({ text, folder: folderOf(task, served) }, served);
    kernels.arena.release(empty);
    opened.voxels = createMapVoxels(kernels, result, model);
    return opened.voxels;
  }

  async function fitAsMap(task: RefineTask, y: number, x: number, isCancelled: () => boolean) {
    const { result } = await open(task);
    assertVoxel({ y, x }, sliceOf(result), basename(task.path));
    const voxels = await voxelsOf(task, serveFolder(task.root));
    const start = performance.now();
    const voxel = voxels?.fit(result, y, x, isCancelled, task.isQuick);
    if (!voxel) return undefined;
    const described = describeVoxel(voxel);
    return {
      ...described,
      name: `${basename(task.path)}, voxel x ${x}, y ${y}`,
      how: "map" as const,
      title: result.title,
      ...{ reason: "", warnings: [], notes: voxel.isExact ? [] : [QUICK] },
      inMap: mapValuesAt(result, y, x),
      milliseconds: performance.now() - start,
    };
  }

  return {
    async fit(task, isCancelled) {
      const { target, model: given } = task;
      const served = serveFolder(task.root);
      const { result } = await open(task);
      if (given) return fitModel(kernels, result, task, loadModelText(given, served), isCancelled);
      if (target.kind === "voxel") {
        const fitted = await fitAsMap(task, target.y, target.x, isCancelled);
        if (fitted || isCancelled()) return fitted;
      }
      const own = await startModel(result, task, served);
      return own && fitModel(kernels, result, task, loadModelText(own, served), isCancelled);
    },
    async model(task) {
      const { result } = await open(task);
      return startModel(result, task, serveFolder(task.root));
    },
  };
}

/** As `xrdct refine`. */
function fitModel(
  kernels: Kernels,
  result: Result,
  task: RefineTask,
  { config, files }: LoadedModel,
  isCancelled: () => boolean,
): FitReply | undefined {
  const { target } = task;
  const { name, pattern } = readTarget(result, target);
  const start = performance.now();
  const over = overTwoTheta(pattern, resolveModel(config, files).wavelengthA);
  const refined = refinePattern(kernels, config, files, over, name, { isCancelled });
  if (isCancelled()) return undefined;
  const milliseconds = performance.now() - start;
  const { title, status, reason, statistics, weights, wavelengthA, parameters, warnings, notes } = refined;
  const isOfMap = target.kind === "voxel" && result.list().some((entry) => entry.name === "map/rwp");
  const folder = task.model?.folder ?? folderOf(task, serveFolder(task.root));
  return {
    ...{ name, title, status, reason, statistics, weights, wavelengthA, parameters, warnings, notes, milliseconds },
    how: "model",
    phases: refined.phases.map(({ name: phase, kind, weightFraction, weightFractionEsd, reflections }) => ({
      ...{ name: phase, kind, weightFraction, weightFractionEsd },
      reflections: reflections.map(({ h, k, l, twoThetaDeg }) => ({ h, k, l, twoThetaDeg })),
    })),
    pattern: refined.pattern,
    ...(isOfMap && { inMap: mapValuesAt(result, target.y, target.x) }),
    result: refined,
    settled: { text: formatModel(settleConfig(config, parameters), (file) => file), folder },
  };
}

/** As `xrdct refine RESULT [--voxel y,x]` starts. */
async function startModel(result: Result, task: RefineTask, served: ServedFolder): Promise<ModelText | undefined> {
  const { target, path } = task;
  const text = result.readNote("map/model");
  if (text === undefined) return undefined;
  const folder = folderOf(task, served);
  const settled = loadModelText({ text, folder }, served);
  if (target.kind === "summed") return { text, folder };
  const weights: ModelConfig["weights"] = sliceOf(result).hasSigma ? "sigma" : "uniform";
  const ofVoxel = target.kind === "voxel" ? await readResultPattern(path, [target.y, target.x]) : undefined;
  const config = ofVoxel?.model?.config ?? { ...settled.config, weights };
  return { text: formatModel(config, (file) => file), folder };
}

const folderOf = ({ path }: RefineTask, served: ServedFolder): string => served.nameOf(dirname(path));
