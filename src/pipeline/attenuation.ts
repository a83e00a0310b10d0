/** The attenuation map of a slice, from whatever the scan.yaml says it comes from. */
import { massAttenuation } from "../crystal/index.ts";
import { InputError, STATUS } from "../data/index.ts";
import { openFrames } from "../files/frames.ts";
import type { Kernels } from "../kernels/index.ts";
import type { ProjectorGeometry } from "../projector/index.ts";
import { resolveModel } from "../refinement/index.ts";
import {
  type AbsorbConfig,
  type AbsorbingPhase,
  attenuationMap,
  attenuationOfComposition,
  filledShare,
  findFixedPoint,
  lineIntegrals,
  meanOverRays,
  type PhaseVolumes,
  phaseVolumes,
  placeImage,
  type Rest,
  registerImage,
  type ScaleFactor,
  withHoles,
  withVolumes,
} from "../stages/absorb/index.ts";
import { createReconstructionPlan, reconstructBlock } from "../stages/reconstruct/index.ts";
import { parseModel } from "./refine/load-model.ts";
import { findAir, summedIntensity } from "./sample.ts";
import type { MapMeta } from "./stages/map-stage.ts";
import type { VolumeMeta } from "./stages/meta.ts";

export interface AttenuationInput {
  readonly geometry: ProjectorGeometry;
  readonly omegaDeg: Float64Array;
  readonly stepMm: number;
  readonly energyKeV: number;
  readonly size: number;
  readonly sampleThreshold: number;
  readonly volume: VolumeMeta | undefined;
  readonly map: MapMeta | undefined;
  /** [ray] what the maps' sinograms were divided by, if not by 1; "right": as measured, so that they need nothing */
  readonly applied?: Float64Array | "right";
  /** [ray] the measured transmission, and 1 where it can be believed */
  readonly diode?: { readonly values: Float64Array; readonly usable: Uint8Array };
  readonly resolve: (path: string) => string;
}

export interface Attenuation {
  /** [y, x] 1/mm */
  readonly muPerMm: Float64Array;
  /** from scales to volume fractions, where phases are what absorbs */
  readonly factor?: ScaleFactor & {
    /** share of the sample's volume that the phases fill */
    readonly filledShare: number;
  };
  /** [ray] where the transmission itself is what is known */
  readonly rayTransmission?: Float64Array;
  readonly notes: readonly string[];
}

/** @throws InputError, each saying what is missing and where to write it */
export async function findAttenuation(
  kernels: Kernels,
  config: AbsorbConfig,
  input: AttenuationInput,
): Promise<Attenuation> {
  if (config.from === "phases") return fromPhases(kernels, config, input);
  if (config.from === "transmission") return fromTransmission(kernels, input);
  return config.from === "uniform" ? fromUniform(config, input) : fromImage(config, input);
}

/** Rounds in which scales and transmission are made to agree, and the rms change of ln T at which they do. */
const ROUNDS = 30;
const AGREED = 1e-4;

/**
 * Scales of maps whose sinograms were not divided by the right transmission are wrong themselves. Rays of a scale map
 * are right when divided by the transmission, as scales are linear in the patterns, so both are found by turns.
 */
function fromPhases(kernels: Kernels, config: AbsorbConfig, input: AttenuationInput): Attenuation {
  const { geometry, stepMm, energyKeV, size, diode, applied } = input;
  const map = input.map!;
  // what was not fitted is air, or no part of the reconstruction
  const { status } = map.maps.find(({ name }) => name === "map/rwp")!;
  const scattering = Uint8Array.from(status!, (value) => (value === STATUS.notFitted ? 0 : 1));
  const phases = absorbingPhases(map, energyKeV);
  const { rest: given } = config;
  const rest: Rest | undefined = given && {
    muPerMm: attenuationOfComposition(given.composition, given.densityGCm3, energyKeV),
    least: given.least,
    fillsHoles: given.where === "inside",
  };
  const integrate = (perMm: Float64Array): Float64Array => lineIntegrals(kernels, geometry, perMm, stepMm);
  const { by } = config.scale;
  const believed = by === "auto" || by === "transmission" ? diode : undefined;
  const measured = believed && { ...believed, integrate };
  const mapOf = (volumes: PhaseVolumes) => attenuationMap(config.scale, { volumes, scattering, rest, measured });
  const first = phaseVolumes(phases, scattering, size);
  const logOf = (volumes: PhaseVolumes): Float64Array => integrate(mapOf(volumes).muPerMm).map((integral) => -integral);
  let volumes = first;
  const notes: string[] = [];
  if (applied !== "right") {
    const rescale = createRescaling(kernels, input, first);
    const divideBy = (transmission: Float64Array): PhaseVolumes =>
      rescale(
        transmission.map((t, ray) => (applied?.[ray] ?? 1) / Math.max(config.minimumTransmission, t)),
        phases,
      );
    if (believed) volumes = divideBy(believed.values.map((t) => (t > 0 ? t : 1)));
    else {
      const next = (logT: Float64Array): Float64Array => {
        volumes = divideBy(logT.map(Math.exp));
        try {
          return logOf(volumes);
        } catch (error) {
          // there was a factor, and it was lost on the way: scales that run away
          if (error instanceof InputError) throw ambiguous("scales and transmission run away from each other");
          throw error;
        }
      };
      const { isSettled } = findFixedPoint(next, logOf(first), { rounds: ROUNDS, tolerance: AGREED });
      if (!isSettled) notes.push(`note: scales and transmission did not come to agree in ${ROUNDS} rounds`);
      refuseAmbiguous(integrate(asIfFull(volumes, scattering)), config);
    }
  }
  const found = mapOf(volumes);
  const { muPerMm, factor } = found;
  const share = filledShare(volumes, factor.value, rest?.least ?? 0.1);
  notes.unshift(
    `volume fraction = ${factor.value.toPrecision(4)} x scale x (cell volume)²: ${factor.note}${factor.esd === undefined ? "" : `, esd ${(100 * factor.esd).toFixed(2)} %`}`,
    `phases fill ${(100 * share).toFixed(1)} % of the voxels that hold any${rest ? `; the rest absorbs ${rest.muPerMm.toPrecision(3)} 1/mm` : ", and nothing is assumed between them (absorb.rest)"}`,
  );
  if (share > 1)
    notes.push(
      "note: phases fill more than there is room for: the factor is too large, or a phase is not what the model says",
    );
  if (first.filled > 0) notes.push(`${first.filled} scales without a value were taken from neighbouring voxels`);
  return { muPerMm, factor: { ...factor, filledShare: share }, notes };
}

/**
 * A core of optical depth x shows x exp(-x): two x give the same signal, and only the one under 1 is found from patterns
 * alone. Samples are about half full, so that 2 if full is 1.
 *
 * @throws InputError "absorb-ambiguous"
 */
function refuseAmbiguous(integrals: Float64Array, { mostAttenuation }: AbsorbConfig): void {
  const most = integrals.reduce((largest, value) => Math.max(largest, value), 0);
  if (most <= mostAttenuation) return;
  throw ambiguous(
    `were its voxels full, -ln T would be ${most.toFixed(2)}, and over ${mostAttenuation} a strong attenuation of the core looks like a weak one`,
  );
}

const ambiguous = (why: string): InputError =>
  new InputError(
    "absorb-ambiguous",
    `The sample absorbs too much for that to be known from its own patterns: ${why}. ` +
      "Measure a transmission (a diode in the scan's counters), or give the attenuation: absorb.from uniform or image. Where the sample is known to be mostly empty, raise absorb.mostAttenuation.",
  );

/** [y, x] mu, were all of the sample full of the mean of its phases. */
function asIfFull({ total, attenuation }: PhaseVolumes, scattering: Uint8Array): Float64Array {
  const sum = (values: Float64Array): number => values.reduce((all, value) => all + value, 0);
  const mean = sum(attenuation) / sum(total);
  return Float64Array.from(scattering, (inside) => inside * mean);
}

/**
 * Scale maps as they would be had their rays been multiplied. Each voxel by the mean factor of its rays, which leaves
 * edges as sharp as they are; and what the rays of that still lack, by FBP.
 */
function createRescaling(
  kernels: Kernels,
  { geometry, omegaDeg, stepMm, size }: AttenuationInput,
  first: PhaseVolumes,
) {
  const { translations, rotationAxis } = geometry;
  const plan = createReconstructionPlan({ method: "fbp", size }, { omegaDeg, translations, rotationAxis, stepMm });
  const integrate = (volume: Float64Array): Float64Array => lineIntegrals(kernels, geometry, volume, 1);
  const rays = first.volumes.map(integrate);
  const count = first.volumes.length;
  return (factor: Float64Array, phases: readonly AbsorbingPhase[]): PhaseVolumes => {
    const mean = meanOverRays(kernels, geometry, factor);
    const scaled = first.volumes.map((volume) => volume.map((value, i) => value * mean[i]!));
    const { arena } = kernels;
    const mark = arena.mark();
    const sinogram = arena.f32(factor.length * count);
    scaled.forEach((volume, p) => {
      const own = integrate(volume);
      for (let ray = 0; ray < factor.length; ray++)
        sinogram[ray * count + p] = rays[p]![ray]! * factor[ray]! - own[ray]!;
    });
    const added = arena.f32(size * size * count);
    reconstructBlock(kernels, { plan, sinogram, bins: count }, added);
    const volumes = scaled.map((volume, p) => volume.map((value, i) => value + added[i * count + p]!));
    arena.release(mark);
    return withVolumes(first, volumes, phases);
  };
}

/** Scales of a Rietveld map with the densities and compositions of its settled model. */
function absorbingPhases(map: MapMeta, energyKeV: number): AbsorbingPhase[] {
  const { config, files } = parseModel(map.settledModel!, "the settled model", ".");
  const { phases } = resolveModel(config, files).model;
  return map.refinement!.phases.map(({ name, kind, density, volume }) => {
    const structure = phases.find((phase) => phase.name === name)?.structure;
    if (kind !== "rietveld" || density === null || !structure) {
      throw new InputError(
        "absorb-phase-density",
        `Phase ${name} is a ${kind} phase: it has no density, so nothing can be said about what it absorbs. Give it a structure with atoms, or take the attenuation from elsewhere (absorb.from: transmission, uniform or image).`,
      );
    }
    const scale = map.maps.find((one) => one.name === `map/${name}/scale`)!.values;
    return { name, scale, volume, muPerMm: (massAttenuation(structure, energyKeV) * density) / 10 };
  });
}

/** The rays are known as they are; the map of it is for looking at, and for the way out. */
function fromTransmission(
  kernels: Kernels,
  { diode, geometry, omegaDeg, stepMm, size }: AttenuationInput,
): Attenuation {
  if (!diode) {
    throw new InputError(
      "absorb-no-transmission",
      "absorb.from is transmission, and this scan has no measured one: give input.transmitted (frames) or counters with a diode, or take the attenuation from phases, uniform or image.",
    );
  }
  const { arena } = kernels;
  const mark = arena.mark();
  const { translations, rotationAxis } = geometry;
  const plan = createReconstructionPlan(
    { method: "fbp", valuesPer: "mm", size },
    { omegaDeg, translations, rotationAxis, stepMm },
  );
  const sinogram = arena.f32(diode.values.length);
  diode.values.forEach((value, ray) => {
    sinogram[ray] = value > 0 ? -Math.log(value) : 0;
  });
  const out = arena.f32(size * size);
  reconstructBlock(kernels, { plan, sinogram, bins: 1 }, out);
  const muPerMm = Float64Array.from(out, (mu) => Math.max(0, mu));
  arena.release(mark);
  return {
    muPerMm,
    rayTransmission: diode.values,
    notes: ["attenuation reconstructed from the measured transmission"],
  };
}

async function fromUniform(config: AbsorbConfig, input: AttenuationInput): Promise<Attenuation> {
  const given = config.uniform;
  if (!given) {
    throw new InputError(
      "absorb-uniform-missing",
      "absorb.from is uniform: add absorb.uniform with muPerMm (1/mm), or with composition and densityGCm3.",
    );
  }
  const muPerMm = given.muPerMm ?? attenuationOfComposition(given.composition!, given.densityGCm3!, input.energyKeV);
  const { size } = input;
  const inside =
    given.mask === undefined
      ? withHoles(scatteringVoxels(input), size)
      : Uint8Array.from(await readImage(input.resolve(given.mask), size, "absorb.uniform.mask"), (v) => (v ? 1 : 0));
  const count = inside.reduce((sum, one) => sum + one, 0);
  const from = given.mask === undefined ? "what scatters, with the holes in it" : given.mask;
  return {
    muPerMm: Float64Array.from(inside, (one) => one * muPerMm),
    notes: [`${muPerMm.toPrecision(4)} 1/mm in ${count} voxels (${from})`],
  };
}

const scatteringVoxels = ({ volume, sampleThreshold }: AttenuationInput): Uint8Array =>
  findAir(volume!, sampleThreshold).map((isAir) => 1 - isAir);

async function readImage(path: string, size: number, what: string): Promise<Float64Array> {
  const { rows, cols, values } = await readPixels(path);
  if (rows === size && cols === size) return values;
  throw new InputError(
    "absorb-image-size",
    `${path} (${what}) has ${rows} x ${cols} pixels, and the maps have ${size} x ${size}. Give an image of the maps' size with row 0 at the lowest y${what === "absorb.image" ? ", or say absorb.image.pixelMm" : ""}.`,
  );
}

async function readPixels(path: string): Promise<{ rows: number; cols: number; values: Float64Array }> {
  const frames = await openFrames(path);
  try {
    return { rows: frames.rows, cols: frames.cols, values: Float64Array.from(frames.readFrame(0).data) };
  } finally {
    frames.close();
  }
}

async function fromImage(config: AbsorbConfig, input: AttenuationInput): Promise<Attenuation> {
  const given = config.image;
  if (!given) {
    throw new InputError(
      "absorb-image-missing",
      "absorb.from is image: add absorb.image with the file, its pixelMm and what its values stand for (perMm).",
    );
  }
  const { size, stepMm } = input;
  const path = input.resolve(given.file);
  if (given.pixelMm === undefined) await readImage(path, size, "absorb.image");
  const pixels = await readPixels(path);
  const image = { ...pixels, pixelMm: given.pixelMm ?? stepMm };
  const start = { xMm: given.shiftMm[0], yMm: given.shiftMm[1], rotationDeg: given.rotationDeg };
  const range = { searchMm: given.searchMm ?? 10 * stepMm, searchDeg: given.searchDeg };
  const place =
    given.register === "auto"
      ? registerImage(image, start, summedIntensity(input.volume!), size, stepMm, range)
      : start;
  const muPerMm = placeImage(image, place, size, stepMm).map((value) => Math.max(0, value * given.perMm));
  if (!muPerMm.some((mu) => mu > 0)) {
    throw new InputError(
      "absorb-image-empty",
      `${path} shows nothing that absorbs where the sample is (${image.rows} x ${image.cols} pixels of ${image.pixelMm} mm about ${start.xMm}, ${start.yMm} mm). Check its values, perMm, pixelMm and shiftMm.`,
    );
  }
  const at = `(${place.xMm.toFixed(3)}, ${place.yMm.toFixed(3)}) mm, turned by ${place.rotationDeg.toFixed(2)}°`;
  const how =
    "correlation" in place
      ? `, found by correlation (${(place as { correlation: number }).correlation.toFixed(3)})`
      : "";
  return { muPerMm, notes: [`attenuation image at ${at}${how}`] };
}
