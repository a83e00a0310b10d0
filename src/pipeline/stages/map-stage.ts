import { type ParameterMap, type Pattern, STATUS } from "../../data/index.ts";
import type { MapConfig } from "../../stages/map/index.ts";
import { referenceTo } from "../array-reference.ts";
import { findAir, meanPattern } from "../sample.ts";
import type { Stage } from "../stage.ts";
import type { StageStore } from "../stage-store.ts";
import { type MapPayload, mapColumns, planOf, VOXEL_BLOCK } from "../tasks/map-task.ts";
import type { PatternsMeta, VolumeMeta } from "./meta.ts";

export interface MapInput {
  readonly key: string;
  readonly volume: () => VolumeMeta;
  /** share of the bright voxels' mean intensity under which a voxel is air */
  readonly sampleThreshold: number;
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
    identity: { stage: "map", config, input: input.key, sampleThreshold: input.sampleThreshold },
    async plan() {
      const volume = input.volume();
      const { wavelengthA, distanceM } = input.patterns();
      const mask = findAir(volume, input.sampleThreshold);
      const summedPattern = meanPattern(volume, mask);
      const common = {
        config,
        axis: volume.axis,
        summedPattern,
        ...(wavelengthA !== undefined && { wavelengthA }),
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
            notes: [describeAir(mask, volume), ...describeMaps(list, plan.weights)],
          };
        },
      };
    },
  };
}

/** Voxels that are left out are said, so that a weak electrode taken for air is noticed. */
function describeAir(mask: Uint8Array, { reconstructable }: VolumeMeta): string {
  const air = mask.reduce((count, out, i) => count + (out && reconstructable[i] ? 1 : 0), 0);
  return `${air} voxels taken for air and not fitted (sampleThreshold)`;
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
