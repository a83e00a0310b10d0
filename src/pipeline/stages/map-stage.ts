import { type Axis, type ParameterMap, type Pattern, STATUS } from "../../data/index.ts";
import type { MapConfig } from "../../stages/map/index.ts";
import { openArray, referenceTo } from "../array-reference.ts";
import type { Stage } from "../stage.ts";
import type { StageStore } from "../stage-store.ts";
import { type MapPayload, mapColumns, planOf, VOXEL_BLOCK } from "../tasks/map-task.ts";
import type { PatternsMeta, VolumeMeta } from "./meta.ts";

export interface MapInput {
  readonly key: string;
  readonly volume: () => VolumeMeta;
  readonly patterns: () => Pick<PatternsMeta, "wavelengthA" | "distanceM">;
}

export interface MapMeta {
  readonly maps: readonly ParameterMap[];
  readonly summedPattern: Pattern;
  readonly weights: string;
}

export function createMapStage(config: MapConfig, input: MapInput, store: StageStore): Stage<MapMeta> {
  return {
    name: "map",
    identity: { stage: "map", config, input: input.key },
    async plan() {
      const volume = input.volume();
      const { wavelengthA, distanceM } = input.patterns();
      const mask = Uint8Array.from(volume.reconstructable, (seen) => (seen ? 0 : 1));
      const summedPattern = sumPatterns(volume, mask);
      const common = {
        config,
        axis: volume.axis,
        wavelengthA,
        summedPattern,
        ...(distanceM !== undefined && { distanceM }),
        ...(volume.sigma && { volumeSigma: volume.sigma }),
      };
      const plan = planOf(common);
      const columns = mapColumns(plan);
      const items = volume.ny * volume.nx;
      const maps = store.array("maps", { items, bins: columns.length });
      const payload: MapPayload = { ...common, volume: volume.volume, mask, maps: referenceTo(maps) };
      return {
        task: "map",
        payload,
        blocks: Math.ceil(items / VOXEL_BLOCK),
        bytesPerThread: 16 * VOXEL_BLOCK * volume.volume.bins + 64e6,
        checksums: (block) => [
          maps.crcOfItems(block * VOXEL_BLOCK, Math.min(VOXEL_BLOCK, items - block * VOXEL_BLOCK)),
        ],
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
          return {
            meta: { maps: list, summedPattern, weights: plan.weights },
            notes: describeMaps(list, plan.weights),
          };
        },
      };
    },
  };
}

/** Mean over the voxels that were seen at every angle, with its uncertainty where the voxels have one. */
function sumPatterns(meta: VolumeMeta, mask: Uint8Array): Pattern {
  const mean = meanOf(meta, mask, meta.volume, (value) => value);
  if (!meta.sigma) return { axis: meta.axis, intensity: mean.values };
  // Voxels of one slice are correlated; sqrt(mean variance / voxels) is a lower bound, good enough for start values.
  const variance = meanOf(meta, mask, meta.sigma, (sigma) => sigma * sigma);
  return {
    axis: meta.axis,
    intensity: mean.values,
    sigma: variance.values.map((value) => Math.sqrt(value / Math.max(1, variance.count))),
  };
}

function meanOf(
  { axis }: { axis: Axis },
  mask: Uint8Array,
  reference: VolumeMeta["volume"],
  f: (value: number) => number,
): { values: Float64Array; count: number } {
  const array = openArray(reference);
  const values = new Float64Array(axis.values.length);
  const counts = new Float64Array(axis.values.length);
  let from = 0;
  for (let block = 0; block < array.blocks; block++) {
    const width = array.width(block);
    const data = new Float32Array(array.items * width);
    array.readBlock(block, data);
    for (let item = 0; item < array.items; item++) {
      if (mask[item]) continue;
      for (let bin = 0; bin < width; bin++) {
        const value = f(data[item * width + bin]!);
        if (!Number.isFinite(value)) continue;
        values[from + bin] = values[from + bin]! + value;
        counts[from + bin] = counts[from + bin]! + 1;
      }
    }
    from += width;
  }
  array.close();
  return { values: values.map((sum, bin) => sum / counts[bin]!), count: Math.max(...counts) };
}

function describeMaps(maps: readonly ParameterMap[], weights: string): string[] {
  const notes = [`weights: ${weights}`];
  for (const { name, status } of maps.filter((map) => map.name.endsWith("/area") && map.status)) {
    const count = (wanted: number): number => status!.reduce((sum, value) => sum + (value === wanted ? 1 : 0), 0);
    const fitted = status!.length - count(STATUS.notFitted);
    notes.push(
      `${name.slice(4, -5)}: ${count(STATUS.converged)} of ${fitted} voxels fitted, ${count(STATUS.noSignal)} without signal, ` +
        `${count(STATUS.atBound)} at a bound, ${count(STATUS.notConverged) + count(STATUS.undetermined)} failed`,
    );
  }
  return notes;
}
