import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { openResult, type Result } from "../files/result-reader.ts";
import { svgToPng } from "../files/svg-to-png.ts";
import { directPages } from "../pipeline/direct-figures.ts";
import { figureOf, mapPages } from "../pipeline/result-figures.ts";
import { PRESETS, presetFigures, presetOf, refuseStudy } from "../pipeline/study/preset-figures.ts";
import { type CommonOptions, createCommand, execute } from "./command.ts";
import { figureFormats } from "./figure-formats.ts";

interface Options extends CommonOptions {
  readonly output: string;
  readonly format: string;
  readonly preset?: string;
}

export const figureCommand = (): Command =>
  createCommand(
    "figure",
    "the figures of a result: maps, sinogram, mean pattern",
    "npx xrdct figure cell.nxs -o figures",
  )
    .argument("<result>", "result file of xrdct run")
    .option("-o, --output <folder>", "where to", "figures")
    .option("--format <formats>", "png, svg or both, separated by a comma", "png,svg")
    .option("--preset <name>", `a figure as papers have it: ${PRESETS.join(", ")}; left out: all that there is`)
    .action((path: string, options: Options) =>
      execute(options, async () => {
        const formats = figureFormats(options.format);
        const preset = options.preset === undefined ? undefined : presetOf(options.preset);
        const result = await openResult(path);
        try {
          refuseStudy(result);
          const written = preset
            ? await writePages(presetFigures(result, preset), options.output, formats, PRINT_SCALE)
            : await writeFigures(result, options.output, formats);
          return { json: { written }, lines: written };
        } finally {
          result.close();
        }
      }),
    );

/** @returns the paths written */
export async function writeFigures(
  result: Result,
  folder: string,
  formats: readonly string[] = ["png", "svg"],
): Promise<string[]> {
  const has = new Set(result.list().map(({ name }) => name));
  const pages = [...mapPages(result), ...directPages(result)];
  const figures = [...pages];
  for (const name of [
    "map/summed_pattern",
    "sinogram/data",
    "reconstruct/data",
    "sinogram/transmission",
    "absorb/mu",
    "absorb/transmission",
  ].filter((candidate) => has.has(candidate))) {
    figures.push({ name: name.replace("/data", "").replace("/", "-"), svg: figureOf(result, name) });
  }
  return writePages(figures, folder, formats);
}

/** Pixels of a PNG for one of CSS, of which 96 are an inch: 300 dpi, for figures that know how wide they are printed. */
const PRINT_SCALE = 300 / 96;

async function writePages(
  figures: readonly { readonly name: string; readonly svg: string }[],
  folder: string,
  formats: readonly string[],
  scale?: number,
): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const written: string[] = [];
  for (const { name, svg } of figures) {
    for (const format of formats) {
      const path = join(folder, `${name}.${format}`);
      writeFileSync(path, format === "svg" ? svg : await svgToPng(svg, scale));
      written.push(path);
    }
  }
  return written;
}
