/** The numbers behind a figure, with the figure and the composition that it is drawn from. */
import { strToU8, zipSync } from "fflate";
import { columnsCsv, gridCsv, sourceLines } from "../parts/data-files.ts";
import { type Composition, cutTo, drawnValues, type Loaded, type LoadedImage, labelOf } from "./composition.ts";

/** A zip: a csv for each map and pattern as drawn, figure.svg, composition.figure.json. */
export async function zippedNumbers(
  file: string,
  composition: Composition,
  loaded: readonly Loaded[],
  svg: string,
): Promise<Blob> {
  const files: Record<string, Uint8Array> = {
    "figure.svg": strToU8(svg),
    "composition.figure.json": strToU8(formatComposition(composition)),
  };
  const first = loaded.flatMap(imagesOf)[0];
  for (const [i, one] of loaded.entries()) {
    const letter = i < 26 ? String.fromCharCode(97 + i) : `${i + 1}`;
    const of = one.spec.file ?? file;
    for (const image of imagesOf(one)) {
      const bins = "image" in one ? one.spec.bins : undefined;
      files[fileName(letter, image.name)] = strToU8(await imageCsv(image, of, composition, first!, bins));
    }
    if ("pattern" in one) {
      const { x, xLabel, yLabel, values, title } = one.pattern;
      const head = await sourceLines({ file: of, array: one.spec.name }, title);
      const columns = [
        { name: xLabel, values: x },
        { name: yLabel, values },
      ];
      files[fileName(letter, one.spec.name)] = strToU8(columnsCsv(columns, head));
    }
  }
  return new Blob([zipSync(files) as BlobPart], { type: "application/zip" });
}

/** As it is saved: two spaces, so that it can be read and compared. */
export const formatComposition = (composition: Composition): string => `${JSON.stringify(composition, undefined, 2)}\n`;

const imagesOf = (one: Loaded): readonly LoadedImage[] =>
  "image" in one ? [one.image] : "images" in one ? one.images : [];

const fileName = (letter: string, name: string): string => `${letter}-${name.replace(/[^\w.-]+/g, "-")}.csv`;

async function imageCsv(
  image: LoadedImage,
  file: string,
  { fits, crop }: Composition,
  first: LoadedImage,
  bins: readonly [number, number] | undefined,
): Promise<string> {
  const cut = cutTo({ ...image, values: drawnValues(image, fits) }, crop, first);
  const selection = [
    bins && `bins ${bins[0]} to ${bins[1] - 1}`,
    crop && `voxels x ${crop[0]} to ${crop[2] - 1}, y ${crop[1]} to ${crop[3] - 1} of ${first.name}`,
    image.status && fits !== "all" && "voxels whose fit converged",
    image.amount && fits === "strong" && "and that hold 5 % of the phase's strong voxels at least",
  ].filter((part) => part !== undefined && part !== false);
  const head = await sourceLines(
    { file, array: image.name, ...(selection.length > 0 && { selection: selection.join("; ") }) },
    labelOf(image),
    `${cut.rows} x ${cut.cols} (y, x), first line is the highest y`,
    ...(image.voxelMm === undefined ? [] : [`voxel: ${image.voxelMm} mm`]),
  );
  return gridCsv(cut, true, head);
}
