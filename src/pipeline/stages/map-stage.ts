import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type ParameterMap, type Pattern, STATUS } from "../../data/index.ts";
import type { BulkPhase, MapConfig } from "../../stages/map/index.ts";
import { type RefinementResult, refinementReport, settleConfig, withEsd } from "../../stages/refine/index.ts";
import { referenceTo } from "../array-reference.ts";
import { fingerprint } from "../fingerprint.ts";
import { firstMomentMaps, type ScanDepth } from "../first-moment-maps.ts";
import { watchInputs } from "../input-watch.ts";
import { loadKernels } from "../load-kernels.ts";
import { type EarlierMap, startsFrom } from "../refine/earlier-map.ts";
import type { LoadedModel } from "../refine/load-model.ts";
import { bulkOfSlice, planRietveldMap, readPhaseMasks } from "../refine/rietveld-map.ts";
import { formatModel } from "../refine/save-model.ts";
import { findAir, meanPattern } from "../sample.ts";
import type { Stage } from "../stage.ts";
import type { StageStore } from "../stage-store.ts";
import {
  type MapPayload,
  mapColumns,
  type PeakMapPayload,
  peakPlanOf,
  type RietveldMapPayload,
  VOXEL_BLOCK,
} from "../tasks/map-task.ts";
import type { PatternsMeta, VolumeMeta } from "./meta.ts";

export interface MapInput {
  readonly key: string;
  readonly volume: () => VolumeMeta;
  /** share of the bright voxels' mean intensity under which a voxel is air */
  readonly sampleThreshold: number;
  readonly patterns: () => Pick<PatternsMeta, "wavelengthA" | "distanceM">;
  /** of a Rietveld map */
  readonly model?: LoadedModel;
  /** where the files of the settings lie */
  readonly folder: string;
  /** of map.rietveld.start */
  readonly earlier?: EarlierMap | undefined;
  /** the scan that the volume was reconstructed from, where parallax is in it and can be known */
  readonly depth?: () => ScanDepth | undefined;
}

export interface MapMeta {
  readonly maps: readonly ParameterMap[];
  readonly summedPattern: Pattern;
  readonly weights: string;
  /** of the summed pattern, in a Rietveld map */
  readonly refinement?: RefinementResult;
  /** model.yaml as the mean pattern settled it: a voxel's pattern is refined further with it */
  readonly settledModel?: string;
  /** weight fractions of the slice */
  readonly bulk?: readonly BulkPhase[];
}

export function createMapStage(config: MapConfig, input: MapInput, store: StageStore): Stage<MapMeta> {
  const { model, sampleThreshold } = input;
  const measured = model?.files.measuredBackground;
  const identityOfModel = model && {
    config: model.config,
    structures: [...model.files.structures],
    ...(measured && { measured: [Array.from(measured.twoThetaDeg), Array.from(measured.intensity)] }),
  };
  const masks = Object.values(config.rietveld?.phaseMasks ?? {})
    .map((file) => resolve(input.folder, file))
    .filter((file) => existsSync(file)); // one that is missing is said when it is read
  const watch = watchInputs(() => masks);
  const maskFiles = masks.map(fingerprint);
  return {
    name: "map",
    identity: {
      stage: "map",
      // what the earlier result holds counts, and not where it lies
      config: input.earlier ? { ...config, rietveld: { ...config.rietveld, start: input.earlier.key } } : config,
      input: input.key,
      sampleThreshold,
      model: identityOfModel,
      ...(maskFiles.length > 0 && { masks: maskFiles.map(({ sha256 }) => sha256) }),
    },
    ...(maskFiles.length > 0 && { inputs: maskFiles, watch }),
    async plan() {
      const volume = input.volume();
      const { wavelengthA, distanceM } = input.patterns();
      const { mask, summedPattern } = store.remember("mean", () => {
        const air = findAir(volume, sampleThreshold);
        return { mask: air, summedPattern: meanPattern(volume, air) };
      });
      const hasSigma = volume.sigma !== undefined;
      const peaks: PeakMapPayload | undefined =
        config.regions.length === 0
          ? undefined
          : {
              config,
              axis: volume.axis,
              summedPattern,
              hasSigma,
              ...(wavelengthA !== undefined && { wavelengthA }),
              ...(distanceM !== undefined && { distanceM }),
            };
      const refine = (rietveld: NonNullable<MapConfig["rietveld"]>) =>
        planRietveldMap(loadKernels(), rietveld, model!, summedPattern, {
          wavelengthA,
          hasSigma,
          isReconstructed: volume.plan !== undefined,
          earlier: input.earlier?.entry,
        });
      const { rietveld: wanted } = config;
      const refined = wanted && store.remember("refined", () => refine(wanted));
      const rietveld: RietveldMapPayload | undefined = refined && {
        plan: refined.plan,
        phaseMasks: await readPhaseMasks(
          config.rietveld!.phaseMasks,
          input.folder,
          refined.plan.model.phases.map(({ name }) => name),
          volume,
        ),
        ...(input.earlier && { starts: await startsFrom(input.earlier, refined.plan, volume) }),
      };
      const peakPlan = peaks && peakPlanOf(peaks);
      const weights = peakPlan?.weights ?? refined!.plan.weights;
      const columns = mapColumns(peakPlan, refined?.plan);
      const items = volume.ny * volume.nx;
      const maps = store.array("maps", { items, bins: columns.length });
      const payload: MapPayload = {
        ...(peaks && { peaks }),
        ...(rietveld && { rietveld }),
        volume: volume.volume,
        ...(volume.sigma && { volumeSigma: volume.sigma }),
        mask,
        maps: referenceTo(maps),
      };
      return {
        task: "map",
        payload,
        blocks: Math.ceil(items / VOXEL_BLOCK),
        bytesPerThread: 16 * VOXEL_BLOCK * volume.volume.bins + 64e6,
        checksums: (block) => [
          maps.crcOfItems(block * VOXEL_BLOCK, Math.min(VOXEL_BLOCK, items - block * VOXEL_BLOCK)),
        ],
        preview: {
          title: "voxels that are done",
          unit: "",
          image: "y-x",
          rows: volume.ny,
          cols: volume.nx,
          array: referenceTo(maps),
          filled: { kind: "items", each: VOXEL_BLOCK },
          blocks: Math.ceil(items / VOXEL_BLOCK),
          columns: columns.flatMap(({ name, unit, kind }, bin) => (kind === "value" ? [{ bin, name, unit }] : [])),
        },
        finish() {
          const table = new Float32Array(items * columns.length);
          maps.readItems(0, items, table);
          maps.close();
          const column = (at: number): Float32Array =>
            Float32Array.from({ length: items }, (_, voxel) => table[voxel * columns.length + at]!);
          const find = (name: string, kind: string): Float32Array | undefined => {
            const at = columns.findIndex((c) => c.name === name && c.kind === kind);
            return at < 0 ? undefined : column(at);
          };
          const list = columns
            .filter(({ kind }) => kind === "value")
            .map(({ name, unit, statusOf }): ParameterMap => {
              const status = statusOf === undefined ? undefined : find(statusOf, "status");
              const esd = find(name, "esd");
              return {
                name: `map/${name}`,
                ny: volume.ny,
                nx: volume.nx,
                unit,
                values: find(name, "value")!,
                ...(esd && { esd }),
                ...(status && { status: Uint8Array.from(status) }),
              };
            });
          const bulk = refined && bulkOfSlice(refined, list);
          const depth = config.firstMoment === "auto" ? input.depth?.() : undefined;
          const moved = depth && firstMomentMaps(loadKernels(), list, config, depth);
          return {
            meta: {
              maps: [...list, ...(moved?.maps ?? [])],
              summedPattern,
              weights,
              ...(refined && {
                refinement: refined.result,
                settledModel: formatModel(settleConfig(refined.config, refined.result.parameters), (file) =>
                  resolve(dirname(model!.path), file),
                ),
                bulk: bulk!,
              }),
            },
            notes: [
              describeAir(mask, volume),
              ...(refined ? refinementReport(refined.result).map((line) => `mean pattern: ${line}`) : []),
              ...describeBulk(bulk ?? []),
              ...describeMaps(list, weights),
              ...(moved?.notes ?? []),
            ],
          };
        },
      };
    },
  };
}

function describeBulk(bulk: readonly BulkPhase[]): string[] {
  const percent = (value: number, esd: number): string => withEsd(100 * value, 100 * esd);
  return bulk.map(
    ({ name, weightFraction, weightFractionEsd, voxelSum, voxelSumEsd }) =>
      `bulk: ${name} ${percent(weightFraction, weightFractionEsd)} wt% (mean pattern, esd times its goodness of fit); voxels add up to ${percent(voxelSum, voxelSumEsd)} wt%`,
  );
}

/** Voxels that are left out are said, so that a weak electrode taken for air is noticed. */
function describeAir(mask: Uint8Array, { reconstructable }: VolumeMeta): string {
  const air = mask.reduce((count, out, i) => count + (out && reconstructable[i] ? 1 : 0), 0);
  return `${air} voxels taken for air and not fitted (sampleThreshold)`;
}

function describeMaps(maps: readonly ParameterMap[], weights: string): string[] {
  const notes = [`weights: ${weights}`];
  for (const { name, status } of maps.filter((map) => /\/(area|scale)$/.test(map.name) && map.status)) {
    const count = (wanted: number): number => status!.reduce((sum, value) => sum + (value === wanted ? 1 : 0), 0);
    const fitted = status!.length - count(STATUS.notFitted);
    notes.push(
      `${name.slice(4, name.lastIndexOf("/"))}: ${count(STATUS.converged)} of ${fitted} voxels fitted, ${count(STATUS.noSignal)} without signal, ` +
        `${count(STATUS.atBound)} at a bound, ${count(STATUS.notConverged) + count(STATUS.undetermined)} failed`,
    );
  }
  return notes;
}
