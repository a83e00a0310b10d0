/** Lattice parameters of every voxel straight from the sinograms. */
import type * as z from "zod";
import type { ParameterMap } from "../data/index.ts";
import { threadRunner } from "../pipeline/dlsr-threads.ts";
import { loadKernels } from "../pipeline/load-kernels.ts";
import { WorkerPool } from "../pipeline/pool.ts";
import { conventionalPhase, directModel, fittedVoxels } from "../pipeline/refine/direct-start.ts";
import {
  channelMoments,
  createReducer,
  DlsrConfig,
  type DlsrReport,
  raysInMemory,
  reconstructDirect,
  reduceRays,
  serialRunner,
} from "../stages/dlsr/index.ts";
import type { Sinograms } from "./arrays.ts";
import type { RietveldMaps } from "./map-volume.ts";

/** What a direct reconstruction has to know besides its settings, and how it is done. */
export interface MapDirectOptions {
  /** m from the rotation axis to the detector, which makes the parallax */
  readonly distanceM: number;
  /** what the volume of the maps was reconstructed in, as `reconstruct.valuesPer`; left out: voxel */
  readonly valuesPer?: "voxel" | "mm";
  /** the volume of the maps was reconstructed with `parallax` */
  readonly isParallaxUndone?: boolean;
  /** intensities were divided by a measured transmission; left out: as the sinograms' report says */
  readonly isTransmissionMeasured?: boolean;
  /** threads besides this one; left out: none, all is done in this thread */
  readonly workers?: number;
  /** bytes that the kernels' memory may grow by; left out: 3 GB */
  readonly memoryBytes?: number;
  /** told often how far it is, 0 to 1 */
  readonly onProgress?: (share: number) => void;
  /** ends it, and rejects with the signal's reason */
  readonly signal?: AbortSignal;
}

/** What a direct reconstruction comes to. */
export interface DirectMaps {
  /** [y, x] each, with esd and status: "NMC532/a", "NMC532/scale", "rwp" ... */
  readonly maps: ParameterMap[];
  /** chi-squared, what was found of axis, distance and depth, and how direct and conventional maps differ */
  readonly report: DlsrReport;
  /** the same in sentences */
  readonly notes: readonly string[];
}

/**
 * Direct least-squares reconstruction (DLSR): scales and lattice parameters of all voxels refined on all sinograms at
 * once, with the depth of every voxel in the model, starting from Rietveld maps of the same slice.
 * The method: docs/dlsr.md.
 *
 * @param sinograms [angle, translation, bin], as arrangeSinograms gives them
 * @param start     as mapRietveld gives it, of the volume of these sinograms
 * @param config    the settings `dlsr` of scan.yaml but for `start`: `{ phases: { NMC532: { cell: "spatial" } } }`
 * @returns maps [y, x] on the grid of `start`
 * @throws InputError as reconstructDirect
 */
export async function mapDirect(
  sinograms: Sinograms,
  start: RietveldMaps,
  config: Omit<z.input<typeof DlsrConfig>, "start">,
  options: MapDirectOptions,
): Promise<DirectMaps> {
  const { workers = 0, memoryBytes = SHARED_BYTES, signal } = options;
  const pool = workers > 0 ? new WorkerPool(workers, SHARED_BYTES) : undefined;
  try {
    signal?.throwIfAborted();
    const kernels = pool?.kernels() ?? loadKernels(); // of its own: what a slice takes goes with it
    const { omegaDeg, translations, rotationAxis, stepMm, axis, data, sigma, report } = sinograms;
    const rays = {
      sinogram: raysInMemory(data, axis.values.length),
      sigma: sigma && raysInMemory(sigma, axis.values.length),
    };
    const settings = DlsrConfig.parse(config);
    const maps = start.maps.map((map) => ({ ...map, name: `map/${map.name}` }));
    const { calculator, bins, broadeningFixed } = directModel(
      kernels,
      { ...start, maps },
      axis,
      settings.twoThetaRange,
    );
    const { mean, variance } = channelMoments(rays);
    const found = await reconstructDirect({
      kernels,
      runner: pool ? threadRunner(pool, signal) : serialRunner(kernels),
      config: settings,
      calculator,
      geometry: {
        ...{ omegaDeg: Float64Array.from(omegaDeg), translations, rotationAxis, stepMm },
        size: start.maps[0]!.ny,
        distanceMm: 1e3 * options.distanceM,
        depthSign: settings.geometry.depthSign === -1 ? -1 : 1,
      },
      broadeningFixed,
      mean: Float64Array.from(bins, (bin) => mean[bin]!),
      variance: Float64Array.from(bins, (bin) => variance[bin]!),
      isTransmissionMeasured: options.isTransmissionMeasured ?? report?.transmission !== undefined,
      reduce: createReducer(kernels, rays.sinogram, bins, async (job) =>
        reduceRays(kernels, rays, job, 0, rays.sinogram.items),
      ),
      phases: calculator.model.phases.map(({ name }) =>
        conventionalPhase(name, maps, options.valuesPer === "mm" ? stepMm : 1),
      ),
      isParallaxUndone: options.isParallaxUndone ?? false,
      sample: fittedVoxels(maps),
      memoryBytes: Math.min(memoryBytes, SHARED_BYTES),
      ...(options.onProgress && { progress: options.onProgress }),
      isCancelled: () => signal?.aborted ?? false,
    });
    signal?.throwIfAborted();
    return {
      maps: found.maps.map((map) => ({ ...map, name: map.name.replace(/^dlsr\//, "") })),
      report: found.report,
      notes: found.notes,
    };
  } finally {
    await pool?.close();
  }
}

/** Kernel memory of the solver; what is not used costs nothing. */
const SHARED_BYTES = 3e9;
