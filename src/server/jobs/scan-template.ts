/** A scan.yaml to start from, for what lies in a folder. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import type { ServedFolder } from "../served-folder.ts";
import type { ScanTemplate } from "../wire.ts";

const FRAMES = [".cbf", ".tif", ".tiff", ".edf", ".h5", ".nxs"];

/** @throws InputError of the folder's path */
export async function scanTemplate(folder: ServedFolder, path: string): Promise<ScanTemplate> {
  const absolute = folder.existing(path);
  const names = (await readdir(absolute)).filter((name) => !name.startsWith(".")).sort();
  const found: string[] = [];
  const first = (test: RegExp): string | undefined => names.find((name) => test.test(name));
  const model = first(/^model.*\.ya?ml$/i);
  if (model) found.push(`a model: ${model}`);
  const input = inputOf(names, found);
  const text = `title: ${JSON.stringify(basename(absolute))}
${input}
stepMm: 0.02 # translation step
angles:
  start: 0
  end: 180 # degrees, at the end of the scan
reconstruct:
  method: fbp
${model ? `map:\n  rietveld:\n    model: ${model}\n` : "# map:\n#   rietveld:\n#     model: model.yaml\n"}`;
  return { path: nameFor(folder, path, absolute), text, found };
}

/** scan.yaml, or scan-2.yaml where there is one. */
function nameFor(folder: ServedFolder, path: string, absolute: string): string {
  for (let i = 1; ; i++) {
    const name = i === 1 ? "scan.yaml" : `scan-${i}.yaml`;
    if (!existsSync(join(absolute, name))) return folder.nameOf(join(folder.existing(path), name));
  }
}

function inputOf(names: readonly string[], found: string[]): string {
  if (names.some((name) => /_data_\d{6}\.h5$/.test(name))) {
    found.push("integrated patterns of beamline P07");
    return "input:\n  kind: p07\n  folder: .\nenergyKeV: 100 # photon energy\ndistanceMm: 1000 # sample to detector";
  }
  const poni = names.find((name) => name.endsWith(".poni"));
  const endings = new Map<string, number>();
  for (const name of names) {
    const ending = extname(name).toLowerCase();
    if (FRAMES.includes(ending)) endings.set(ending, (endings.get(ending) ?? 0) + 1);
  }
  const [ending, count] = [...endings].sort((a, b) => b[1] - a[1])[0] ?? [];
  if (poni) found.push(`a geometry: ${poni}`);
  const only = names.find((name) => /\.(h5|nxs|hdf5)$/.test(name));
  if (!poni && only && count === 1) {
    found.push(`an HDF5 file: ${only}`);
    return `input:\n  kind: patterns\n  file: ${JSON.stringify(only)} # patterns [angle, translation, bin]\nenergyKeV: 100 # photon energy`;
  }
  if (ending) found.push(`${count} files ending in ${ending}`);
  return `input:
  kind: frames
  files: ${JSON.stringify(`*${ending ?? ".cbf"}`)}
  poni: ${poni ? JSON.stringify(poni) : "geometry.poni # as written by `xrdct calibrate` or pyFAI"}
  translations: 1 # frames in a line`;
}
