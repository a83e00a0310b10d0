/** The worked study as files: what somebody comes home with from a beamtime with five cells, and the truth about them. */

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { atomicWeight } from "../crystal/index.ts";
import { InputError } from "../data/index.ts";
import { formatEcLabText, formatGamryDta } from "../files/cycler-writer.ts";
import { encodeTiff } from "../files/tiff.ts";
import type { ModelConfigInput } from "../refinement/index.ts";
import {
  AS_RECEIVED_X,
  type CellTruth,
  type CtSlice,
  calibrationCurve,
  capacityPerContentAh,
  designStudyCell,
  drawCtSlice,
  ELECTRODE_HEIGHT_MM,
  finalContent,
  STUDY_CELLS,
  type StudyCellDesign,
  simulateCycling,
  studyTruthMaps,
} from "../stages/simulate/index.ts";
import type { ProgressListener } from "./progress.ts";
import { schemaLine } from "./schema-line.ts";
import { simulateScan } from "./simulate-scan.ts";
import { digest } from "./stage-store.ts";
import { writeWhole } from "./write-whole.ts";

export interface SimulateStudyOptions {
  readonly folder: string;
  /** translations of each scan */
  readonly size: number;
  readonly workers: number;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
}

export interface SimulatedStudy {
  readonly folder: string;
  readonly studyPath: string;
  readonly cells: readonly string[];
  readonly truth: Readonly<Record<string, CellTruth>>;
}

export const STUDY_SIZE = 121;
/** with fewer, layers as thick as such voxels need leave no room for as much anode as cathode */
const LEAST_SIZE = 61;

/**
 * Five cells, each with its scan, model, cycler data and truth; the curve of lithium content; study.yaml.
 *
 * @throws InputError "bad-option" | "output-not-empty" where the folder holds something else
 */
export async function simulateStudy(options: SimulateStudyOptions): Promise<SimulatedStudy> {
  const { folder, size } = options;
  if (size < LEAST_SIZE) {
    throw new InputError(
      "bad-option",
      `--size is ${size}; cells of the study need at least ${LEAST_SIZE} translations: layers as thick as larger voxels need would leave no room for the anode.`,
    );
  }
  const designs = STUDY_CELLS.map((plan) => designStudyCell(plan, size));
  claimFolder(folder, digest({ configs: designs.map(({ config }) => config) }));
  writeWhole(join(folder, CURVE_FILE), curveCsv());
  for (const design of designs) await simulateCell(design, options);
  const studyPath = join(folder, "study.yaml");
  writeWhole(studyPath, schemaLine("study") + stringify(studyYaml(designs)));
  return {
    folder,
    studyPath,
    cells: designs.map(({ plan }) => plan.name),
    truth: Object.fromEntries(designs.map(({ plan, truth }) => [plan.name, truth])),
  };
}

async function simulateCell(design: StudyCellDesign, options: SimulateStudyOptions): Promise<void> {
  const { plan, config } = design;
  const folder = join(options.folder, plan.name);
  const { scanPath } = await simulateScan(config, {
    folder,
    output: "patterns",
    workers: options.workers,
    onProgress: options.onProgress,
    signal: options.signal,
    moreTruth: studyTruthMaps(config),
  });
  writeWhole(join(folder, "model.yaml"), schemaLine("model") + stringify(modelYaml(design)));
  writeWhole(scanPath, schemaLine("scan") + stringify(scanYaml(design)));
  for (const { name, text } of cyclerFiles(design)) writeWhole(join(folder, name), text);
  const ct = plan.hasCt && drawCtSlice(config);
  if (ct) writeWhole(join(folder, CT_FILE), encodeTiff({ rows: ct.size, cols: ct.size, data: ct.data, header: {} }));
  writeWhole(join(folder, "truth.json"), `${JSON.stringify(truthJson(design, ct || undefined), null, 2)}\n`);
}

const CT_FILE = "ct.tif";
const CURVE_FILE = "nmc532.csv";

/** Numbers of the truth that are no maps; what they mean is in docs/validation/simulate-study.md. */
function truthJson({ plan, truth }: StudyCellDesign, ct: CtSlice | undefined) {
  const perContentAh = capacityPerContentAh(truth);
  const { cathode, anode } = truth;
  return {
    name: plan.name,
    // mol for each mm of height
    ...truth,
    heightMm: ELECTRODE_HEIGHT_MM,
    capacityPerContentMAh: 1e3 * perContentAh,
    cathodeLithiumMAh: (1e3 * perContentAh * cathode.lithium) / (cathode.activeTm + cathode.inactiveTm),
    anodeLithiumMAh: (1e3 * perContentAh * anode.lithium) / (cathode.activeTm + cathode.inactiveTm),
    // positive where the cell was charged since it was received
    netChargeMAh: 1e3 * perContentAh * (AS_RECEIVED_X - finalContent(truth)),
    placement: plan.placement,
    ...(ct && { ct: { pixelMm: ct.pixelMm, placement: ct.placement } }),
  };
}

const STARTED_AT = new Date("2026-03-17T08:00:00Z");

/** In the order of time. */
function cyclerFiles({ plan, truth }: StudyCellDesign): { readonly name: string; readonly text: string }[] {
  const steps = simulateCycling(plan, truth);
  if (plan.cycler === "biologic") return [{ name: "cycling.mpt", text: formatEcLabText(steps, STARTED_AT) }];
  const hasComma = plan.cycler === "gamry, decimal comma";
  return steps.map((step, i) => {
    return { name: `${i + 1}-${step.kind}.DTA`, text: formatGamryDta(step, STARTED_AT, hasComma) };
  });
}

function claimFolder(folder: string, key: string): void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "study.key");
  if (existsSync(path) && readFileSync(path, "utf8") !== key) {
    throw new InputError(
      "output-not-empty",
      `${folder} holds a simulated study with other settings. Give an empty folder with -o, or delete that one.`,
    );
  }
  writeWhole(path, key);
}

function curveCsv(): string {
  const head = [
    `# formula: ${FORMULA_TEXT}`,
    "# source: made up for the simulated study, which follows it; no measurement",
    "# x_esd: 0.002",
    "x,a,c",
  ];
  const rows = calibrationCurve().map(([x, a, c]) => `${x},${a.toFixed(5)},${c.toFixed(5)}`);
  return [...head, ...rows, ""].join("\n");
}

const FORMULA = { Li: 1, Ni: 0.5, Mn: 0.3, Co: 0.2, O: 2 } as const;
const FORMULA_TEXT = "LiNi0.5Mn0.3Co0.2O2";

/** Active oxide in the cell as its maker weighed it, fully lithiated. */
function cathodeMassG({ cathode }: CellTruth): number {
  const perMol = Object.entries(FORMULA).reduce((sum, [element, atoms]) => sum + atoms * atomicWeight(element), 0);
  return Number(((cathode.activeTm + cathode.inactiveTm) * ELECTRODE_HEIGHT_MM * perMol).toFixed(3));
}

/** What a beamline would have said, and what is wanted. */
function scanYaml({ plan, config }: StudyCellDesign) {
  const { scan, instrument } = config;
  return {
    title: `simulated AAA cell, ${plan.label}`,
    input: { kind: "p07", folder: "." },
    stepMm: scan.stepMm,
    angles: { start: scan.firstOmegaDeg, end: scan.firstOmegaDeg + scan.arcDeg, inclusive: true },
    energyKeV: instrument.energyKeV,
    distanceMm: instrument.distanceMm,
    // the anode scatters so little beside copper and steel that the usual threshold would take thin parts of it for air
    sampleThreshold: 0.015,
    reconstruct: { method: "fbp" },
    // stages of lithiated graphite have cells of their own: looking for them where there is little would find noise
    map: {
      rietveld: {
        model: "model.yaml",
        refine: ["*/scale", "NMC532/a", "NMC532/c", "Fe/a", "Cu/a", "Al/a", "background/*", "peaks/*/area"],
      },
    },
    dlsr: { phases: { NMC532: { cell: "spatial" } } },
  };
}

/** The profile is the simulated instrument's; a strain takes up what the cell's depth along the beam smears. */
function modelYaml({ plan }: StudyCellDesign): ModelConfigInput {
  const stages = plan.state === "discharged" ? ["graphite", "LiC30"] : ["LiC12", "LiC6"];
  const phase = (structure: string, name?: string) => {
    return { ...(name !== undefined && { name }), structure, gaussianStrain: { value: 0.003, refine: true } };
  };
  return {
    title: `simulated AAA cell, ${plan.label}`,
    profile: { shape: "tchz", U: 0.0504, W: 4.01e-4, X: 0.0042, Y: 0.02 },
    background: 8,
    zero: 0,
    findCells: true,
    anomalous: false, // as simulated
    peaks: [
      { name: "separator", position: 1.654, fwhm: 0.35, eta: 0 },
      { name: "separator-2", position: 3.27, fwhm: 0.9, eta: 0 },
    ],
    // the stages lie in the same particles; by itself the weaker one would take up what the model misses elsewhere
    constraints: [`${stages[1]}/gaussianStrain = ${stages[0]}/gaussianStrain`],
    phases: [
      phase("Fe"),
      phase(plan.state === "discharged" ? "NMC532-discharged" : "NMC532", "NMC532"),
      ...["Cu", "Al", ...stages, "Ni"].map((structure) => phase(structure)),
    ],
  };
}

function studyYaml(designs: readonly StudyCellDesign[]) {
  return {
    title: "Five simulated AAA cells: what the rate and the place do",
    reference: "pristine",
    cells: designs.map((design) => {
      const { plan } = design;
      const inFolder = (file: string): string => `${plan.name}/${file}`;
      return {
        name: plan.name,
        label: plan.label,
        scan: inFolder("scan.yaml"),
        result: `results/${plan.name}.nxs`,
        state: plan.state,
        ...(plan.rate && { rate: plan.rate }),
        lithium: { cathodeMassG: cathodeMassG(design.truth) },
        echem: cyclerFiles(design).map(({ name }) => inFolder(name)),
        ...(plan.hasCt && { images: [{ file: inFolder(CT_FILE), name: "ct" }] }),
        truth: inFolder("truth.nxs"),
      };
    }),
    phases: {
      casing: ["Fe"],
      cathode: ["NMC532"],
      anode: ["LiC6", "LiC12", "LiC30", "graphite"],
      cathodeCollector: ["Al"],
      anodeCollector: ["Cu"],
      separator: ["separator"],
      tab: ["Ni"],
    },
    lithium: { table: CURVE_FILE, tableXEsd: 0.005, cathodeMassEsdG: 0.01, electrodeHeightMm: ELECTRODE_HEIGHT_MM },
  };
}
