/** study.yaml: which cells there are, what was measured of each, and what the analyses are told. */
import { dirname, resolve } from "node:path";
import * as z from "zod";
import { InputError } from "../../data/index.ts";
import { readText } from "../../files/byte-source.ts";
import { parseYaml } from "../../files/yaml.ts";
import { CompareConfig } from "../../stages/compare/index.ts";
import { EchemConfig } from "../../stages/echem/index.ts";
import { LithiumConfig } from "../../stages/lithium/index.ts";
import { PlacesConfig } from "../../stages/places/index.ts";
import { UnexplainedConfig } from "../../stages/unexplained/index.ts";

const path = z.string().min(1);

const OtherImage = z.strictObject({
  file: path.meta({ description: "TIFF, a slice or a stack" }),
  name: z
    .string()
    .regex(/^[\w-]+$/, "letters, digits, _ and - only")
    .default("image"),
  pixelMm: z.number().positive().optional().meta({ unit: "mm", description: "left out: found by registration" }),
  slice: z.int().min(0).default(0).meta({ description: "which slice of a stack" }),
});

/** What of the lithium is the cell's own, and not the study's. */
const CellLithium = LithiumConfig.pick({
  capacityMah: true,
  cathodeMassG: true,
  cathodeLoadingMgCm2: true,
  inactiveShare: true,
  inactiveX: true,
  unseenShareEsd: true,
}).extend({
  capacityEsdMah: z.number().min(0).optional().meta({ unit: "mAh" }),
  startX: z.number().min(0).max(2).optional().meta({ description: "where the count of its charge begins" }),
  startAnodeX: z.number().min(0).max(1).optional(),
  inactiveShareEsd: z.number().min(0).max(1).optional(),
  inactiveXEsd: z.number().min(0).max(1).optional(),
});

const Cell = z.strictObject({
  name: z
    .string()
    .regex(/^[\w-]+$/, "letters, digits, _ and - only")
    .meta({ description: "short: it names files and maps" }),
  label: z.string().optional().meta({ description: "as figures call it; left out: the name" }),
  scan: path.optional().meta({ description: "scan.yaml, which is run where its result is not up to date" }),
  result: path.optional().meta({ description: "result of `xrdct run`; with a scan, where it goes" }),
  state: z
    .enum(["pristine", "charged", "discharged"])
    .optional()
    .meta({ description: "what the cell is in; lithium differences are taken between these" }),
  rate: z.string().optional().meta({ description: "as it was set: C/20; the true one comes from the cycler's data" }),
  echem: z
    .union([path, z.array(path).min(1)])
    .optional()
    .meta({ description: "cycler data, files in the order of time" }),
  lithium: CellLithium.prefault({}),
  images: z.array(OtherImage).default([]).meta({ description: "images of another kind of the same slice" }),
  truth: path.optional().meta({ description: "simulations: the truth, to be compared with" }),
});
export type CellConfig = z.output<typeof Cell>;

const names = z.array(z.string()).optional();
const Roles = z.strictObject({
  casing: names,
  cathode: names,
  anode: names,
  cathodeCollector: names,
  anodeCollector: names,
  separator: names,
  tab: names,
});

/** Several cells side by side, as study.yaml. */
export const StudyConfig = z.strictObject({
  title: z.string().default(""),
  cells: z.array(Cell).min(1),
  reference: z
    .string()
    .optional()
    .meta({ description: "cell whose grid is common and that the others are compared with; left out: the first" }),
  phases: Roles.prefault({}).meta({ description: "what the phases are for; left out: told by their names" }),
  echem: EchemConfig.prefault({}),
  places: PlacesConfig.prefault({}),
  compare: CompareConfig.prefault({}),
  lithium: z
    .union([z.literal(false), LithiumConfig])
    .prefault({})
    .meta({ description: "false: none; table: a file is seen from the study.yaml" }),
  unexplained: z
    .union([
      z.literal(false),
      UnexplainedConfig.extend({
        cifs: path.optional().meta({ description: "folder of further candidates" }),
      }),
    ])
    .prefault({})
    .meta({ description: "phases that the mean patterns hide; false: not looked for" }),
});
export type StudyConfig = z.output<typeof StudyConfig>;

/** A study.yaml that was read. */
export interface Study {
  readonly config: StudyConfig;
  /** the study.yaml's own path */
  readonly path: string;
  readonly reference: string;
  /** a path of the config, seen from the study.yaml's folder */
  readonly resolve: (path: string) => string;
}

/**
 * Reads and checks a study.yaml; paths in it are seen from its folder.
 *
 * @throws InputError naming the line that is wrong; "study-cells"
 */
export const readStudy = (path: string): Study => parseStudy(readText(path), path);

/** As readStudy, of a text that is not saved yet. @throws as readStudy */
export function parseStudy(text: string, path: string): Study {
  const config = parseYaml(text, path, StudyConfig);
  const names = config.cells.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new InputError("study-cells", `${path}: two cells are called "${twice}". Give each a name of its own.`);
  }
  if (names.length < 2) {
    throw new InputError(
      "study-cells",
      `${path} has one cell, "${names[0]}", and a study compares two or more. Add another one, or analyse this one with xrdct run, places, lithium and unexplained.`,
    );
  }
  const empty = config.cells.find(({ scan, result }) => scan === undefined && result === undefined);
  if (empty) {
    throw new InputError(
      "study-cells",
      `${path}: cell "${empty.name}" has neither a scan nor a result. Add \`scan: its-scan.yaml\`, or \`result:\` with the file that \`xrdct run\` wrote.`,
    );
  }
  const reference = config.reference ?? names[0]!;
  if (!names.includes(reference)) {
    throw new InputError(
      "study-cells",
      `${path}: the reference "${reference}" is none of the cells. They are ${names.join(", ")}.`,
    );
  }
  const folder = dirname(resolve(path));
  return { config, path, reference, resolve: (part) => resolve(folder, part) };
}
