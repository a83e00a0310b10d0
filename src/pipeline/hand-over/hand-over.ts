/**
 * A refined pattern, or one voxel of a map, as a folder for the programs that a reviewer trusts:
 *
 *   pattern.xye         2theta, intensity, sigma as weighted
 *   model.inp           TOPAS
 *   gsas2/              GSAS-II: instrument.instprm, a CIF a phase, gsas2_start.py that makes the project
 *   model.yaml, *.cif   this program's own model with the settled values as starts
 *   parameters.csv      every number with its esd
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { InputError, type Pattern } from "../../data/index.ts";
import { formatCif } from "../../files/cif-writer.ts";
import { schemaLine } from "../schema-line.ts";
import { settledConfig } from "./config.ts";
import { formatGsasStart } from "./gsas.ts";
import { type HandOverSource, type SettledModel, settleModel } from "./settled.ts";
import { formatTopasInp } from "./topas.ts";

export type { HandOverSource, SettledValue } from "./settled.ts";

export interface HandOverOptions extends HandOverSource {
  /** folder; made where it is not there */
  readonly out: string;
}

/** Noise of a point where the weights are uniform: what the misfit says it is. */
const uniformSigma = ({ gof }: Pick<HandOverSource, "gof">): number =>
  gof !== undefined && gof > 0 && Number.isFinite(gof) ? gof : 1;

export interface HandOverResult {
  /** paths that were written */
  readonly files: readonly string[];
  /** what the other program has no equivalent for */
  readonly notes: { readonly topas: readonly string[]; readonly gsas2: readonly string[] };
}

const PATTERN = "pattern.xye";
const BACKGROUND = "background.xye";

/**
 * Writes the folder.
 *
 * @throws InputError "hand-over-value" | "hand-over-not-writable" and those of resolveModel and selectData
 */
export function handOverFolder({ out, ...source }: HandOverOptions): HandOverResult {
  const { files, notes } = handOverFiles(source);
  const paths: string[] = [];
  try {
    mkdirSync(join(out, "gsas2"), { recursive: true });
    for (const [name, text] of files) {
      const path = join(out, name);
      writeFileSync(path, text);
      paths.push(path);
    }
  } catch (error) {
    throw new InputError(
      "hand-over-not-writable",
      `The folder ${out} cannot be written: ${(error as Error).message}. Choose another with -o.`,
      { cause: error },
    );
  }
  return { files: paths, notes };
}

/** The files of the folder without writing them: name -> text. @throws as handOverFolder */
export function handOverFiles(source: HandOverSource): {
  files: ReadonlyMap<string, string>;
  notes: HandOverResult["notes"];
} {
  const settled = settleModel(source);
  const topas = formatTopasInp(settled, PATTERN);
  const gsas = formatGsasStart(settled, `../${PATTERN}`);
  const files = new Map<string, string>();
  files.set(PATTERN, formatWeightedXye(source.pattern, source.config.weights, uniformSigma(source)));
  files.set("model.inp", topas.text);
  for (const [name, text] of gsas.files) files.set(`gsas2/${name}`, text);
  for (const { structure, fileName, model } of settled.phases) {
    files.set(`${fileName}.cif`, formatCif(structure, [`${model.name}: cell and sites as refined; angstrom, degrees`]));
  }
  files.set("model.yaml", modelYaml(settled));
  const { measuredBackground: background } = source;
  if (background) {
    const rows = Array.from(background.twoThetaDeg, (x, i) => `${x} ${background.intensity[i]}`);
    files.set(BACKGROUND, `# two_theta_deg intensity\n${rows.join("\n")}\n`);
  }
  files.set("parameters.csv", parameterTable(settled));
  return { files, notes: { topas: topas.notes, gsas2: gsas.notes } };
}

function modelYaml(settled: SettledModel): string {
  const { source } = settled;
  const head = [
    `# ${(source.title || source.config.title || "a refined pattern").replace(/[\r\n]+/g, " ")}: the model with the settled values as starts.`,
    `# xrdct refine ${PATTERN} --model model.yaml`,
  ];
  return `${schemaLine("model")}${head.join("\n")}\n${stringify(settledConfig(settled, BACKGROUND), { lineWidth: 120 })}`;
}

/** Three columns without a head, which every program reads; sigma is that of the weights, sqrt(y) where counts are. */
function formatWeightedXye({ axis, intensity, sigma }: Pattern, weights: string = "auto", uniform: number = 1): string {
  const rows: string[] = [];
  axis.values.forEach((x, i) => {
    const y = intensity[i]!;
    const uncertainty =
      weights === "uniform" ? uniform : sigma && weights !== "counts" ? sigma[i]! : Math.sqrt(Math.max(y, 1));
    if (!Number.isFinite(y) || !(uncertainty > 0 && Number.isFinite(uncertainty))) return;
    rows.push(`${Number(x.toPrecision(12))} ${Number(y.toPrecision(9))} ${Number(uncertainty.toPrecision(9))}`);
  });
  return `${rows.join("\n")}\n`;
}

function parameterTable(settled: SettledModel): string {
  const rows = settled.parameters.map(({ name, unit }) => {
    const esd = settled.source.values.get(name)?.esd;
    return [
      name,
      settled.value(name),
      esd === undefined || !Number.isFinite(esd) ? "" : esd,
      settled.isRefined(name) ? "yes" : "no",
      unit,
    ];
  });
  return `${[["parameter", "value", "esd", "refined", "unit"], ...rows].map((row) => row.join(",")).join("\n")}\n`;
}
