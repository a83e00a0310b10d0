/**
 * The worked study whole: five simulated cells from raw scans to figures, timed part by part, and what it found held
 * against what was simulated.
 *
 * XRDCT_STUDY_SIZE=translations (121); XRDCT_STUDY_KEEP=folder keeps everything there and goes on from it.
 * `npm run build` first.
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openResult } from "../src/files/result-reader.ts";
import { STUDY_SIZE, simulateStudy } from "../src/pipeline/simulate-study.ts";
import type { AnalysedCell } from "../src/pipeline/study/analyse-cell.ts";
import { runStudy, type StudyFindings } from "../src/pipeline/study/run-study.ts";
import { readStudy } from "../src/pipeline/study/study-config.ts";
import { writeStudy } from "../src/pipeline/study/write-study.ts";
import { type Registration, wrapDeg } from "../src/registration/index.ts";
import type { CellTruth } from "../src/stages/simulate/index.ts";
import { benchFolder, report, round } from "./common.ts";

const size = Number(process.env["XRDCT_STUDY_SIZE"] ?? STUDY_SIZE);
const keep = process.env["XRDCT_STUDY_KEEP"];
const folder = keep ?? join(benchFolder, "study");
const common = { workers: 2, onProgress: () => {}, signal: new AbortController().signal };

const digits = (value: number, places: number): number => Number(value.toFixed(places));
const seconds = (from: number): number => round((performance.now() - from) / 1e3);

async function main(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const start = performance.now();
  const simulated = await simulateStudy({ ...common, folder: join(folder, "raw"), size });
  report({ work: "simulate", s: seconds(start) });
  const study = readStudy(simulated.studyPath);
  const output = join(folder, "out");
  let last = performance.now();
  let step = "checks";
  const tell = (next: string): void => {
    report({ work: step, s: seconds(last) });
    [last, step] = [performance.now(), next];
  };
  const findings = await runStudy(study, {
    ...{ ...common, output, memoryBytes: 3e9, formats: ["png", "svg"] },
    onStep: tell,
  });
  tell("tables and figures");
  await writeStudy(findings, { folder: output, formats: ["png", "svg"], startedAt: new Date().toISOString() });
  tell("");
  report({ work: "all", s: seconds(start) });
  await compare(findings, simulated.truth);
  placements(findings);
}

async function compare(findings: StudyFindings, truth: Readonly<Record<string, CellTruth>>): Promise<void> {
  const { cells, comparison, closings } = findings;
  const reference = truth[comparison.reference]!;
  for (const cell of cells) {
    const { name } = cell.config;
    const { cathode, anode } = truth[name]!;
    const inventory = cell.lithium!.inventory!;
    report({
      cell: name,
      "x cathode": digits(inventory.mapped.value, 4),
      "true x": digits(cathode.meanX, 4),
      "x all oxide": digits(inventory.cathode.value, 4),
      "true x, all oxide": digits(cathode.lithium / (cathode.activeTm + cathode.inactiveTm), 4),
      "x anode": digits(inventory.anodeX!.value, 4),
      "true x anode": digits(anode.meanX, 4),
      ...(await gradients(cell)),
    });
    const pair = comparison.pairs.find(
      (one) =>
        one.map === "NMC532/c" && one.cell === name && one.minus === comparison.reference && one.region === "all",
    );
    if (!pair) continue;
    report({
      cell: name,
      "c less the reference's (mA)": digits(1e3 * pair.difference, 3),
      esd: digits(1e3 * pair.esd, 2),
      "true (mA)": digits(1e3 * (cathode.meanC - reference.cathode.meanC), 3),
    });
  }
  for (const { name, found } of findings.hidden) {
    for (const { index, verdict, best } of found.components) {
      const amount = found.phases.find(({ component }) => component === index);
      report({
        cell: name,
        component: index,
        verdict,
        best: best?.name ?? "",
        "bulk wt%": digits(100 * (amount?.bulkShare ?? 0), 2),
        "most wt%": digits(100 * (amount?.largestShare ?? 0), 1),
        "truly inactive wt%": digits(100 * (truth[name]!.weightFractions["NMC532-inactive"] ?? 0), 2),
      });
    }
  }
  for (const { name, lithium } of cells.map(({ config, lithium }) => ({ name: config.name, lithium }))) {
    const { activeTm, inactiveTm, inactiveX } = truth[name]!.cathode;
    for (const { share, shareEsd, x, xEsd } of lithium!.inventory!.hidden) {
      report({
        cell: name,
        "share of hidden oxide": digits(share, 5),
        "esd of share": digits(shareEsd, 5),
        "true share": digits(inactiveTm / (activeTm + inactiveTm), 5),
        "its x": digits(x, 3),
        "esd of x": digits(xEsd, 3),
        "true x": inactiveX,
      });
    }
  }
  for (const { what, words, z } of closings) report({ closing: what, z: digits(z, 2), words });
  const rms = (kind: string): number => {
    const own = closings.filter((closing) => closing.kind === kind);
    return digits(Math.sqrt(own.reduce((sum, { z }) => sum + z * z, 0) / own.length), 2);
  };
  report({
    "within 2": closings.filter(({ z }) => Math.abs(z) < 2).length,
    of: closings.length,
    "rms z, cathode": rms("cathode"),
    "rms z, anode": rms("anode"),
    "rms z, electrodes": rms("electrodes"),
  });
}

interface Lies {
  readonly rotationDeg: number;
  readonly shiftMm: readonly [number, number];
  readonly scale: number;
}

/** How cells lie on the reference, and images on their cells: found less drawn, with what is stated of it. */
function placements({ comparison, images }: StudyFindings): void {
  const truthOf = (name: string): { placement: Lies; ct?: { pixelMm: number; placement: Lies } } =>
    JSON.parse(readFileSync(join(folder, "raw", name, "truth.json"), "utf8"));
  const fixed = truthOf(comparison.reference).placement;
  for (const { name, registration } of comparison.cells) {
    if (!registration) continue;
    const moving = truthOf(name).placement;
    report({
      ...{ placement: name, ...differenceTo(registration, fixed, moving) },
      "scale off (ppm)": digits(1e6 * ((registration.scale * moving.scale) / fixed.scale - 1), 0),
      "its esd (ppm)": digits(1e6 * registration.scaleEsd, 0),
    });
  }
  for (const { name, placed } of images) {
    const { placement, ct } = truthOf(name);
    report({
      ...{ image: `${name}/${placed.name}`, "pixel (um)": 1e3 * placed.pixelMm, "true pixel": 1e3 * ct!.pixelMm },
      ...differenceTo(placed.registration, placement, ct!.placement),
    });
  }
}

function differenceTo(found: Registration, fixed: Lies, moving: Lies): Record<string, number | string> {
  const turned = ((fixed.rotationDeg - moving.rotationDeg) * Math.PI) / 180;
  const scale = fixed.scale / moving.scale;
  const [c, s] = [scale * Math.cos(turned), scale * Math.sin(turned)];
  const [x, y] = moving.shiftMm;
  const shift = [fixed.shiftMm[0] - (c * x - s * y), fixed.shiftMm[1] - (s * x + c * y)] as const;
  return {
    status: found.status,
    "rotation off (deg)": digits(wrapDeg(found.rotationDeg - (turned * 180) / Math.PI), 3),
    "its esd": digits(found.rotationEsdDeg, 3),
    "shift off (um)": digits(1e3 * Math.hypot(found.shiftMm[0] - shift[0], found.shiftMm[1] - shift[1]), 2),
    "its esds": `${digits(1e3 * found.shiftEsdMm[0], 2)}, ${digits(1e3 * found.shiftEsdMm[1], 2)}`,
  };
}

/** Mean x within a millimetre of the casing less that of the rest, found and true, in the same voxels. */
async function gradients({ config, slice, places, lithium }: AnalysedCell): Promise<Record<string, number>> {
  const truth = await openResult(join(folder, "raw", config.truth!));
  try {
    const difference = (name: string): [number, number] => {
      const found = lithium!.maps.maps.get(name)!;
      const exact = truth.readMap(`truth/${name}`).values;
      const means = [true, false].map((isNear) => {
        let [sum, trueSum, n] = [0, 0, 0];
        for (let v = 0; v < slice.ny * slice.nx; v++) {
          const distance = places.toCasingMm[v]!;
          if (!(Number.isFinite(found.values[v]!) && Number.isFinite(exact[v]!) && distance > 0)) continue;
          if (distance < 1 !== isNear) continue;
          sum += found.values[v]!;
          trueSum += exact[v]!;
          n++;
        }
        return [sum / n, trueSum / n] as const;
      });
      return [means[0]![0] - means[1]![0], means[0]![1] - means[1]![1]];
    };
    const [cathode, anode] = [difference("NMC532/x"), difference("anode/x")];
    return {
      "cathode near casing": digits(cathode[0], 4),
      "true, cathode": digits(cathode[1], 4),
      "anode near casing": digits(anode[0], 4),
      "true, anode": digits(anode[1], 4),
    };
  } finally {
    truth.close();
  }
}

try {
  await main();
} finally {
  if (!keep) rmSync(folder, { recursive: true, force: true });
}
