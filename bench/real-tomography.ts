/**
 * Real measurements of ../shared/data/xrdct reconstructed by FBP, SIRT, CGLS and MLEM. The two XRD-CT sinograms also
 * from every 2nd or 3rd angle; the error is the relative rms difference in the sample circle from the FBP of all
 * angles (the reference of Dong et al. 2023) and from the same method with all angles, and the structural part
 * (correlation). `misfit` is |b - A x| / |b|. Volumes go to $XRDCT_BENCH/real-tomography as npy.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openHdf5 } from "../src/files/hdf5.ts";
import { encodeNpy } from "../src/files/npy.ts";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { createProjectorGeometry, project } from "../src/projector/index.ts";
import {
  createReconstructionPlan,
  type ReconstructConfigInput,
  reconstructBlock,
} from "../src/stages/reconstruct/index.ts";
import { shared } from "../tests/shared.ts";
import { benchFolder, report } from "./common.ts";

const folder = join(benchFolder, "real-tomography");
mkdirSync(folder, { recursive: true });
const kernels = loadKernels();

interface Sinogram {
  readonly name: string;
  readonly omegaDeg: number[];
  readonly translations: number;
  readonly rotationAxis: number;
  /** [angle, translation] */
  readonly data: Float32Array;
}

const METHODS: ReconstructConfigInput[] = [
  { method: "fbp" },
  { method: "fbp", filter: "hann" },
  { method: "sirt" },
  { method: "cgls" },
  { method: "mlem" },
];
const nameOf = ({ method, filter }: ReconstructConfigInput) => (filter ? `${method}-${filter}` : `${method}`);

interface Slice {
  readonly volume: Float32Array;
  readonly circle: Uint8Array;
}

function reconstruct(sinogram: Sinogram, config: ReconstructConfigInput): Slice {
  const { name, data, ...scan } = sinogram;
  const plan = createReconstructionPlan(config, { ...scan, stepMm: 1 });
  const size = plan.projector.size;
  const volume = new Float32Array(size * size);
  const summary = reconstructBlock(kernels, { sinogram: data, bins: 1, plan }, volume);
  const rays = new Float32Array(data.length);
  project(kernels, createProjectorGeometry(scan), volume, 1, rays);
  const misfit = Math.sqrt(sum(data, (value, i) => (value - rays[i]!) ** 2) / sum(data, (value) => value * value));
  report({
    sinogram: name,
    method: nameOf(config),
    angles: scan.omegaDeg.length,
    iterations: summary.iterations[0]!,
    stopped: summary.stopped[0]!,
    misfit: round(misfit),
    missingDeg: round(plan.angles.missingDeg),
  });
  const y = { shape: [size, size], data: volume };
  writeFileSync(join(folder, `${name}-${nameOf(config)}.npy`), encodeNpy(y));
  return { volume, circle: plan.reconstructable };
}

const round = (value: number) => Number(value.toPrecision(4));
const sum = (values: Float32Array, term: (value: number, i: number) => number) =>
  values.reduce((total, value, i) => total + term(value, i), 0);

function compare(got: Float32Array, want: Float32Array, circle: Uint8Array) {
  const inside = [...circle.keys()].filter((i) => circle[i] === 1);
  const mean = (f: (i: number) => number) => inside.reduce((total, i) => total + f(i), 0) / inside.length;
  const error = Math.sqrt(mean((i) => (got[i]! - want[i]!) ** 2) / mean((i) => want[i]! ** 2));
  const a = mean((i) => got[i]!);
  const b = mean((i) => want[i]!);
  const covariance = mean((i) => (got[i]! - a) * (want[i]! - b));
  const variance = mean((i) => (got[i]! - a) ** 2) * mean((i) => (want[i]! - b) ** 2);
  return { error: round(error), correlation: round(covariance / Math.sqrt(variance)) };
}

/** Every `step`-th projection. */
function undersample(full: Sinogram, step: number): Sinogram {
  const kept = full.omegaDeg.map((_, i) => i).filter((i) => i % step === 0);
  const rows = kept.map((i) => full.data.subarray(i * full.translations, (i + 1) * full.translations));
  const data = Float32Array.from(rows.flatMap((row) => [...row]));
  return { ...full, name: `${full.name}-every-${step}`, omegaDeg: kept.map((i) => full.omegaDeg[i]!), data };
}

async function readCatalysts(): Promise<{ full: Sinogram; step: number }[]> {
  const file = await openHdf5(shared("data/xrdct/sd2i_xrdct_sinograms/sd2i_MnNaWSiO2_POX.h5"));
  const cases = [
    { name: "MnNaWSiO2", rotationAxis: 89, step: 2 },
    { name: "POX", rotationAxis: 111, step: 3 },
  ];
  const found = cases.map(({ name, rotationAxis, step }) => {
    const [angles, translations] = file.dataset(name)!.shape as [number, number];
    const omegaDeg = Array.from({ length: angles }, (_, i) => (i * 180) / angles);
    return { full: { name, omegaDeg, translations, rotationAxis, data: Float32Array.from(file.read(name)) }, step };
  });
  file.close();
  return found;
}

/** Absorption of one row, -ln of the transmission; the axis as in PROVENANCE.md. */
async function readTooth(): Promise<Sinogram> {
  const file = await openHdf5(shared("data/xrdct/tomopy_tooth/tooth.h5"));
  const translations = 640;
  const angles = 181;
  const row = (path: string, n: number) => file.read(path, [0, 0, 0], [n, 1, translations]);
  const mean = (path: string) => {
    const values = row(path, 10);
    return Float64Array.from({ length: translations }, (_, t) =>
      Array.from({ length: 10 }, (_, i) => values[i * translations + t]! / 10).reduce((a, b) => a + b),
    );
  };
  const dark = mean("exchange/data_dark");
  const white = mean("exchange/data_white");
  const data = Float32Array.from(row("exchange/data", angles), (value, i) => {
    const t = i % translations;
    return -Math.log(Math.max(1e-6, (value - dark[t]!) / (white[t]! - dark[t]!)));
  });
  const omegaDeg = [...(file.read("exchange/theta") as Float64Array)];
  file.close();
  return { name: "tooth", omegaDeg, translations, rotationAxis: 295.75, data };
}

/** STXM of Diamond I18, height 3: 52 angles over 357 degrees, neither sorted nor even. */
async function readI18(): Promise<Sinogram> {
  const file = await openHdf5(shared("data/xrdct/savu_i18_multimodal/mm.nxs"));
  const translations = 101;
  const angles = 52;
  const row = (path: string) => file.read(path, [0, 3, 0], [angles, 1, translations]);
  const monitor = row("entry1/fluo_entry/monitor/data");
  const ratio = Float32Array.from(row("entry1/stxm_entry/data/data"), (value, i) => value / monitor[i]!);
  // The scan reaches beyond the sample: the brightest tenth of the rays is the open beam.
  const open = [...ratio].sort((a, b) => b - a)[Math.floor(ratio.length / 20)]!;
  const omegaDeg = [...(file.read("entry1/stxm_entry/data/theta") as Float32Array)];
  file.close();
  return {
    name: "I18",
    omegaDeg,
    translations,
    rotationAxis: 44.7,
    data: ratio.map((value) => -Math.log(value / open)),
  };
}

for (const { full, step } of await readCatalysts()) {
  const few = undersample(full, step);
  let reference: Float32Array | undefined;
  for (const config of METHODS) {
    const whole = reconstruct(full, config);
    const part = reconstruct(few, config);
    reference ??= whole.volume;
    const fromFbp = compare(part.volume, reference, whole.circle);
    const fromSame = compare(part.volume, whole.volume, whole.circle);
    report({
      sinogram: few.name,
      method: nameOf(config),
      errorFromFullFbp: fromFbp.error,
      correlationWithFullFbp: fromFbp.correlation,
      errorFromFullSame: fromSame.error,
      correlationWithFullSame: fromSame.correlation,
    });
  }
}
for (const sinogram of [await readTooth(), await readI18()]) {
  for (const config of METHODS) reconstruct(sinogram, config);
}
