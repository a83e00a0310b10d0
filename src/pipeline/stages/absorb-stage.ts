import { InputError, type ParameterMap, wavelengthAToEnergyKeV } from "../../data/index.ts";
import { createProjectorGeometry, type ProjectorGeometry } from "../../projector/index.ts";
import {
  type AbsorbConfig,
  type BulkFractions,
  compareTransmission,
  expectedChange,
  largestChange,
  limitTransmission,
  type TransmissionComparison,
  transmissionOf,
} from "../../stages/absorb/index.ts";
import { CELL, FILLED } from "../../stages/sinogram/index.ts";
import { referenceTo } from "../array-reference.ts";
import { type Attenuation, findAttenuation } from "../attenuation.ts";
import { BIN_BLOCK } from "../blocked-array.ts";
import type { Fingerprint } from "../fingerprint.ts";
import { loadKernels } from "../load-kernels.ts";
import type { Stage } from "../stage.ts";
import type { StageStore } from "../stage-store.ts";
import type { AbsorbPayload } from "../tasks/absorb-task.ts";
import type { MapMeta } from "./map-stage.ts";
import type { PatternsMeta, SinogramMeta, VolumeMeta } from "./meta.ts";

export interface AbsorbInput {
  /** of the stage before */
  readonly key: string;
  /** "absorb", or "absorb-1" ... of a pass that others follow */
  readonly name: string;
  /** before any correction */
  readonly measured: () => SinogramMeta;
  readonly patterns: () => Pick<PatternsMeta, "wavelengthA">;
  /** of this pass; not where the attenuation is a measured transmission */
  readonly volume: () => VolumeMeta | undefined;
  /** of this pass; only where the attenuation is that of its phases */
  readonly map: () => MapMeta | undefined;
  /** the correction that this pass's maps were made with */
  readonly before: () => AbsorbMeta | undefined;
  readonly stepMm: number | undefined;
  readonly size: number | undefined;
  readonly sampleThreshold: number;
  readonly files: readonly Fingerprint[];
  readonly resolve: (path: string) => string;
}

/** What one pass found and did. */
export interface AbsorbPass {
  /** weight fractions of the maps that it started from */
  readonly bulk?: BulkFractions;
  /** expected largest change of a weight fraction if it corrects */
  readonly expectedChange?: number;
  readonly factor?: Attenuation["factor"];
}

export interface AbsorbMeta {
  /**
   * corrected: the sinograms were divided by the transmission. settled: as the pass before left them, since another
   * correction would change nothing. compared: the sinograms had been divided by the measured transmission already.
   */
  readonly outcome: "corrected" | "settled" | "compared";
  /** for the stages that follow */
  readonly sinogram: SinogramMeta;
  readonly size: number;
  readonly energyKeV: number;
  /** [y, x] 1/mm */
  readonly muPerMm: Float64Array;
  /** [angle, translation] of the attenuation map */
  readonly transmission: Float64Array;
  /** [angle, translation] what the sinograms have been divided by, but for rays that are opaque */
  readonly divisor: Float64Array;
  readonly factor?: Attenuation["factor"];
  readonly comparison?: TransmissionComparison;
  readonly opaqueRays: number;
  readonly passes: readonly AbsorbPass[];
  /** weight fractions and cells before any correction */
  readonly before: readonly ParameterMap[];
}

/** Attenuation, transmission of every ray, and the sinograms put right for it. */
export function createAbsorbStage(config: AbsorbConfig, input: AbsorbInput, store: StageStore): Stage<AbsorbMeta> {
  return {
    name: input.name,
    identity: {
      stage: input.name,
      config,
      input: input.key,
      stepMm: input.stepMm,
      ...(input.files.length > 0 && { files: input.files.map(({ sha256 }) => sha256) }),
    },
    ...(input.files.length > 0 && { inputs: input.files }),
    async plan() {
      const before = input.before();
      if (before && before.outcome !== "corrected") return nothingToDo(before, ["nothing more to do"]);
      const measured = input.measured();
      const found = await findTransmission(config, input, measured);
      const isDivided = measured.report.transmission !== undefined;
      const pass = describePass(input, found, before);
      const isSettled = before !== undefined && (pass.expectedChange ?? Number.POSITIVE_INFINITY) < config.tolerance;
      const outcome = isDivided ? "compared" : isSettled ? "settled" : "corrected";
      const meta = {
        ...found,
        outcome,
        passes: [...(before?.passes ?? []), pass],
        before: before?.before ?? mapsBefore(input.map()),
      } as const;
      if (isDivided)
        return nothingToDo(
          { ...meta, divisor: measured.report.transmission!, sinogram: measured, opaqueRays: 0 },
          describe({ ...meta, opaqueRays: 0 }, found.notes),
        );
      // settled: the maps stay those that the last correction led to
      const divisor = isSettled ? before.divisor : found.transmission;
      return planCorrection(config, { ...meta, divisor }, measured, store, found.notes);
    },
  };
}

type Found = Omit<AbsorbMeta, "outcome" | "divisor" | "sinogram" | "passes" | "before" | "opaqueRays"> & {
  readonly notes: readonly string[];
};

/** The attenuation map, and what of every ray it lets through. */
async function findTransmission(config: AbsorbConfig, input: AbsorbInput, measured: SinogramMeta): Promise<Found> {
  const { report } = measured;
  const stepMm = needStep(input.stepMm);
  const { wavelengthA } = input.patterns();
  if (wavelengthA === undefined) {
    throw new InputError(
      "energy-missing",
      "Attenuation needs the photon energy, and none is known: add energyKeV to the scan.yaml.",
    );
  }
  const energyKeV = wavelengthAToEnergyKeV(wavelengthA);
  const volume = input.volume();
  const size = volume?.ny ?? input.size ?? report.translations;
  const geometry: ProjectorGeometry = createProjectorGeometry({
    omegaDeg: report.omegaDeg,
    translations: report.translations,
    rotationAxis: report.rotationAxis.value,
    size,
  });
  const kernels = loadKernels();
  const diode = report.transmission ?? report.unusedTransmission;
  const usable = diode && usableRays(diode, report.cells, config.minimumTransmission);
  const { muPerMm, factor, rayTransmission, notes } = await findAttenuation(kernels, config, {
    ...input,
    geometry,
    stepMm,
    energyKeV,
    size,
    omegaDeg: report.omegaDeg,
    volume,
    map: input.map(),
    ...(report.transmission ? { applied: "right" } : input.before() && { applied: input.before()!.divisor }),
    ...(diode && { diode: { values: diode, usable: usable! } }),
  });
  const transmission = rayTransmission ?? transmissionOf(kernels, geometry, muPerMm, stepMm);
  const comparison =
    diode && rayTransmission === undefined ? compareTransmission(transmission, diode, usable!) : undefined;
  return {
    size,
    energyKeV,
    muPerMm,
    transmission,
    notes,
    ...(factor && { factor }),
    ...(comparison && { comparison }),
  };
}

function needStep(stepMm: number | undefined): number {
  if (stepMm !== undefined) return stepMm;
  throw new InputError(
    "absorb-step-missing",
    "Absorption needs to know how long a path through the sample is: add stepMm, the translation step in mm, to the scan.yaml.",
  );
}

/** Cells that were measured and are neither opaque nor made up from neighbours. */
const usableRays = (diode: Float64Array, cells: Uint8Array, minimum: number): Uint8Array =>
  Uint8Array.from(diode, (value, i) => (value > minimum && (cells[i]! & (FILLED | CELL.opaque)) === 0 ? 1 : 0));

function describePass(input: AbsorbInput, found: Found, before: AbsorbMeta | undefined): AbsorbPass {
  const bulk = bulkOf(input.map());
  const last = before?.passes[0]?.bulk;
  const change =
    before && bulk && last
      ? expectedChange(
          before.divisor.map(() => 1),
          before.divisor,
          found.transmission,
          largestChange(last, bulk),
        )
      : undefined;
  return {
    ...(bulk && { bulk }),
    ...(change !== undefined && { expectedChange: change }),
    ...(found.factor && { factor: found.factor }),
  };
}

export const bulkOf = (map: MapMeta | undefined): BulkFractions | undefined =>
  map?.bulk && Object.fromEntries(map.bulk.map(({ name, weightFraction }) => [name, weightFraction]));

/** Weight fractions and cells, which the maps after the correction are held against. */
const mapsBefore = (map: MapMeta | undefined): ParameterMap[] =>
  (map?.maps ?? [])
    .filter(({ name }) => /\/(weight_fraction|a|b|c|alpha|beta|gamma)$/.test(name))
    .map((one) => ({ ...one, name: one.name.replace(/^map\//, "absorb/before/") }));

const nothingToDo = (meta: AbsorbMeta, notes: readonly string[]) => ({
  task: "absorb" as const,
  payload: undefined,
  blocks: 0,
  bytesPerThread: 1,
  checksums: () => [],
  finish: () => ({ meta, notes }),
});

function planCorrection(
  config: AbsorbConfig,
  found: Omit<AbsorbMeta, "sinogram" | "opaqueRays">,
  measured: SinogramMeta,
  store: StageStore,
  notes: readonly string[],
) {
  const { report, axis, sinogram, sigma } = measured;
  const limited = limitTransmission(found.divisor, config.minimumTransmission);
  refuseOpaque(config, limited.opaqueShare);
  const opaqueRays = limited.opaque.reduce((sum, one) => sum + one, 0);
  const shape = { items: sinogram.items, bins: sinogram.bins };
  const corrected = store.array("sinogram", shape);
  const correctedSigma = sigma && store.array("sinogram-sigma", shape);
  const payload: AbsorbPayload = {
    correction: {
      transmission: limited.transmission,
      opaque: limited.opaque,
      ...(report.air.pattern && { air: report.air.pattern }),
    },
    measured: sinogram,
    ...(sigma && { measuredSigma: sigma }),
    corrected: referenceTo(corrected),
    ...(correctedSigma && { correctedSigma: referenceTo(correctedSigma) }),
  };
  const cells = report.cells.map((bits, i) => (limited.opaque[i] ? bits | CELL.opaque : bits));
  const after: SinogramMeta = {
    report: { ...report, cells, opaqueCells: opaqueRays },
    axis,
    sinogram: referenceTo(corrected),
    ...(correctedSigma && { sigma: referenceTo(correctedSigma) }),
  };
  return {
    task: "absorb" as const,
    payload,
    blocks: corrected.blocks,
    bytesPerThread: (sigma ? 2 : 1) * shape.items * BIN_BLOCK * 4 + 16e6,
    checksums: (block: number) => [
      corrected.crcOfBlock(block),
      ...(correctedSigma ? [correctedSigma.crcOfBlock(block)] : []),
    ],
    preview: {
      title: "corrected sinogram: mean of the bins that are done",
      unit: "counts",
      image: "angle-translation" as const,
      rows: report.angles,
      cols: report.translations,
      array: referenceTo(corrected),
      filled: { kind: "bins" as const },
      blocks: corrected.blocks,
    },
    finish() {
      corrected.close();
      correctedSigma?.close();
      const meta: AbsorbMeta = { ...found, sinogram: after, opaqueRays };
      return { meta, notes: describe(meta, notes) };
    },
  };
}

/** @throws InputError "absorb-opaque" */
function refuseOpaque({ minimumTransmission, mostOpaque, from }: AbsorbConfig, share: number): void {
  if (share <= mostOpaque) return;
  throw new InputError(
    "absorb-opaque",
    `${(100 * share).toFixed(1)} % of the rays through the sample let less than ${100 * minimumTransmission} % of the beam through (absorb.from ${from}), and at most ${100 * mostOpaque} % may: what lies behind cannot be told from noise. ` +
      "Check energyKeV, stepMm and what the attenuation comes from (densities, absorb.scale, the image's perMm). If the sample is that opaque, raise absorb.mostOpaque; such rays are flagged in sinogram/cells and have infinite sigma.",
  );
}

const percent = (share: number, digits = 2): string => `${(100 * share).toFixed(digits)} %`;

/** What was found and done, in sentences. */
function describe(meta: Omit<AbsorbMeta, "sinogram" | "divisor">, notes: readonly string[]): string[] {
  const { outcome, energyKeV, muPerMm, transmission, comparison, opaqueRays, passes } = meta;
  const greatest = muPerMm.reduce((most, mu) => Math.max(most, mu), 0);
  const least = transmission.reduce((lowest, t) => (t < lowest ? t : lowest), 1);
  const done = {
    corrected: "sinograms divided by the transmission",
    settled: "settled: sinograms as the pass before left them",
    compared:
      "sinograms had been divided by the measured transmission already (sinogram.transmission), so they were left as they are",
  }[outcome];
  const out = [
    done,
    ...notes,
    `attenuation at ${energyKeV.toFixed(2)} keV up to ${greatest.toPrecision(3)} 1/mm, transmission down to ${percent(least, 1)}`,
  ];
  if (comparison)
    out.push(
      `predicted over measured transmission: ${percent(comparison.bias)} on average, ${percent(comparison.rms)} rms, ${percent(comparison.largest)} at most, over ${comparison.rays} rays`,
    );
  const expected = passes.at(-1)?.expectedChange;
  if (expected !== undefined)
    out.push(
      `a correction by these maps in place of the last would change weight fractions by about ${(100 * expected).toFixed(3)} wt% at most`,
    );
  if (opaqueRays > 0) out.push(`note: ${opaqueRays} opaque rays are flagged and have infinite sigma`);
  return out;
}
