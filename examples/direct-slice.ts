/**
 * Lattice parameters straight from sinograms (DLSR), every stage in memory: the sinograms of a result are reconstructed,
 * mapped by Rietveld, and refined directly with the depth of every voxel in the model.
 *
 *   npx tsx examples/direct-slice.ts cell.nxs model.yaml Cu        cell.nxs: of xrdct run --until reconstruct, or further
 *
 * With your own data, `arrangeSinograms` gives the sinograms. Docs: docs/dlsr.md says what may be set.
 */
import { pathToFileURL } from "node:url";
import {
  loadModel,
  type MapDirectOptions,
  mapDirect,
  mapRietveld,
  openResult,
  reconstructVolume,
  type Sinograms,
  STATUS,
} from "xrdct";

/** The sinograms of a result with sigma, and what of the instrument it knows. */
async function readSinograms(path: string) {
  const result = await openResult(path);
  try {
    const { wavelengthA, distanceM } = result.instrument();
    if (wavelengthA === undefined || distanceM === undefined) throw new Error(`${path} has no wavelength or distance`);
    const [angles, translations, radial] = result.axes("sinogram/data");
    const [y] = result.axes("reconstruct/data");
    const has = (name: string): boolean => result.list().some((entry) => entry.name === name);
    const sinograms: Sinograms = {
      omegaDeg: angles!.values,
      translations: translations!.values.length,
      axis: { unit: radial!.name === "two_theta" ? "two-theta" : "q", values: radial!.values },
      data: Float32Array.from(result.readArray("sinogram/data")),
      ...(has("sinogram/data_esd") && { sigma: Float32Array.from(result.readArray("sinogram/data_esd")) }),
      rotationAxis: -translations!.values[0]!, // they are counted from it
      stepMm: (y!.values.at(-1)! - y!.values[0]!) / (y!.values.length - 1),
    };
    return { sinograms, wavelengthA, distanceM, isTransmissionMeasured: has("sinogram/transmission") };
  } finally {
    result.close();
  }
}

/**
 * @param path of a result
 * @param modelPath of the model.yaml
 * @param config which phases have a cell in every voxel, as `dlsr` of scan.yaml
 * @param options workers, sampleThreshold ...
 */
export async function directSlice(
  path: string,
  modelPath: string,
  config: Parameters<typeof mapDirect>[2],
  options: Omit<MapDirectOptions, "distanceM"> & { readonly sampleThreshold?: number } = {},
) {
  const { sinograms, wavelengthA, ...known } = await readSinograms(path);
  const volume = reconstructVolume(sinograms);
  const { sampleThreshold = 0.01 } = options;
  const conventional = mapRietveld(volume, loadModel(modelPath), {}, { wavelengthA, sampleThreshold });
  const direct = await mapDirect(sinograms, conventional, config, { ...known, ...options });
  return { conventional, direct };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [path, model, phase] = process.argv.slice(2) as [string, string, string];
  const config = { phases: { [phase]: { cell: "spatial" } } } as const;
  const { conventional, direct } = await directSlice(path, model, config, { workers: 2 });
  for (const { name, values, esd, status, unit } of direct.maps.filter((map) => map.esd)) {
    const before = conventional.maps.find((map) => map.name === name);
    const good = [...values.keys()].filter((voxel) => status![voxel] === STATUS.converged);
    const median = (of: ArrayLike<number>): string =>
      (good.map((voxel) => of[voxel]!).sort((a, b) => a - b)[good.length >> 1] ?? Number.NaN).toPrecision(6);
    console.log(
      `${name}: median ${median(values)} ${unit}, esd ${median(esd!)}, ${good.length} voxels; conventional ${before ? median(before.values) : "-"}`,
    );
  }
  for (const note of direct.notes) console.log(note);
}
