import { extname } from "node:path";
import type { Command } from "commander";
import { InputError } from "../data/index.ts";
import { version } from "../data/version.ts";
import { writeNdtomoVolume } from "../files/ndtomo.ts";
import { writeDiffmap } from "../files/pyfai-diffmap.ts";
import { openResult, type Result } from "../files/result-reader.ts";
import { type ExportOptions, exportArray, openStack } from "../pipeline/export-array.ts";
import { writeWhole } from "../pipeline/write-whole.ts";
import { checkOutputs } from "./check-outputs.ts";
import { type CommonOptions, createCommand, execute, positiveNumber } from "./command.ts";

const EXAMPLE = `npx xrdct export result.nxs --list
npx xrdct export result.nxs --map map/NMC532/003/d -o d.png
npx xrdct export result.nxs --map reconstruct/data --bins 310:330 -o volume.npy
npx xrdct export result.nxs --format pyfai-diffmap -o map.h5`;

interface Options extends CommonOptions {
  readonly list?: true;
  readonly map?: string;
  readonly format?: string;
  readonly output?: string;
  readonly bins?: string;
  readonly limits?: string;
  readonly colourMap?: string;
  readonly scale?: number;
}

export const exportCommand = (): Command =>
  createCommand("export", "any array out of a result: npy, csv, tif, edf, h5, png, svg, xye", EXAMPLE)
    .argument("<result>", "result file of xrdct run")
    .option("--list", "name everything that is in the file")
    .option("--map <name>", "what to export, by its name in --list")
    .option(
      "--format <name>",
      "patterns for another program: ndtomo, pyfai-diffmap; of reconstruct/data where --map is left out",
    )
    .option("--bins <from:to>", "a range of bins of a stack (its mean, where the output is 2D)")
    .option("--limits <low:high>", "range of the colours of a picture")
    .option("--colour-map <name>", "viridis, inferno, magma, cividis, greys, difference")
    .option("--scale <n>", "pixels of a PNG for one unit of the figure, at most 8; left out: 2", scaleOption)
    .option("-o, --output <file>", "where to; the ending says the format")
    .action((path: string, options: Options) => execute(options, () => run(path, options)));

/** Beyond that the picture does not fit into the memory of the program that draws it. */
function scaleOption(text: string): number {
  const value = positiveNumber("--scale")(text);
  if (value <= 8) return value;
  throw new InputError("bad-option", `--scale is at most 8; "${text}" was given. For larger pictures export an svg.`);
}

async function run(path: string, options: Options) {
  const result = await openResult(path);
  try {
    if (options.list || !(options.map ?? options.format)) return list(result);
    if (!options.output)
      throw new InputError(
        "bad-option",
        "export needs -o FILE: its ending (npy, csv, tif, edf, h5, png, svg, xye) says the format.",
      );
    // the ending is for those who write to judge; what matters here is that the result is not written over
    checkOutputs([{ flag: "-o", path: options.output, endings: [extname(options.output).toLowerCase()] }], [path]);
    if (options.format || HDF5_NAME.test(options.output)) return await exportStack(result, options, options.output);
    const { bytes, description } = await exportArray(
      result,
      options.map!,
      extname(options.output).slice(1),
      exportOptions(options),
    );
    writeWhole(options.output, bytes);
    return { json: { written: options.output, ...description }, lines: [`${options.output}: ${description.summary}`] };
  } finally {
    result.close();
  }
}

const HDF5_NAME = /\.(h5|hdf5|nxs)$/;

const FORMATS = { ndtomo: "nDTomo's layout", "pyfai-diffmap": "the layout of pyFAI's diffraction maps" } as const;

/** Patterns in the layout of another program. @throws InputError "bad-option" besides those of the writers */
async function exportStack(result: Result, { map = "reconstruct/data", format = "ndtomo" }: Options, output: string) {
  if (!(format in FORMATS)) {
    const known = Object.keys(FORMATS).join(" or ");
    throw new InputError("bad-option", `--format is ${known}; "${format}" was given. Other formats are told by -o.`);
  }
  if (!HDF5_NAME.test(output)) {
    throw new InputError("bad-option", `--format ${format} writes HDF5: name the output .h5; "${output}" was given.`);
  }
  const stack = openStack(result, map);
  const [slow, fast] = stack.motors;
  if (format === "ndtomo") await writeNdtomoVolume(output, stack);
  else {
    const stages = result.processes();
    const date = stages.at(-1)?.endedAt || new Date().toISOString();
    const about = { title: result.title || map, program: "xrdct", version, date };
    await writeDiffmap(output, stack, { ...about, slow, fast, ...result.instrument() });
  }
  const shape = [...stack.shape, stack.axis.values.length];
  return {
    json: { written: output, name: map, format, shape },
    lines: [`${output}: ${map} in ${FORMATS[format as keyof typeof FORMATS]}, ${shape.join(" x ")}`],
  };
}

function exportOptions(options: Options): ExportOptions {
  return {
    ...(options.bins && { bins: pair("--bins", options.bins) }),
    ...(options.limits && { limits: pair("--limits", options.limits) }),
    ...(options.colourMap && { colourMap: options.colourMap }),
    ...(options.scale && { scale: options.scale }),
  };
}

function pair(name: string, text: string): [number, number] {
  const [low, high, ...rest] = text.split(":").map(Number);
  if (rest.length === 0 && Number.isFinite(low) && Number.isFinite(high) && low! < high!) return [low!, high!];
  throw new InputError(
    "bad-option",
    `${name} needs two numbers, low:high, the first the smaller; "${text}" was given.`,
  );
}

function list(result: Result) {
  const entries = result.list();
  return {
    json: { entries },
    lines: entries.map(
      ({ name, shape, unit, longName }) =>
        `${name.padEnd(44)} ${shape.join(" x ").padEnd(20)} ${unit.padEnd(12)} ${longName}`,
    ),
  };
}
