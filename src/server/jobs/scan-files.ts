/** Which files a scan names, so that none is read from outside of the served folder. */
import { lstatSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { readText } from "../../files/byte-source.ts";
import { findFramePaths } from "../../files/frame-paths.ts";
import { parseYamlDocument } from "../../files/yaml.ts";
import type { Scan } from "../../pipeline/scan-config.ts";
import type { ServedFolder } from "../served-folder.ts";

export interface NamedFile {
  /** where the scan says it: "input.poni" */
  readonly setting: string;
  /** as it is written there */
  readonly given: string;
  /** absolute */
  readonly path: string;
  /** a list, a folder or a pattern with * stands for many */
  readonly isMany: boolean;
}

/** Every file that a scan and its model name. */
export function filesOf({ config, resolve: seen }: Scan): NamedFile[] {
  const found: NamedFile[] = [];
  const add = (setting: string, given: string | readonly string[] | undefined, isMany = false): void => {
    for (const one of given === undefined ? [] : [given].flat())
      found.push({ setting, given: one, path: seen(one), isMany });
  };
  const { input, angles, turning, air, map, absorb, dlsr } = config;
  if (input.kind === "frames") {
    add("input.files", input.files, true);
    for (const name of ["poni", "mask", "flat", "dark", "monitor", "exposure", "transmitted"] as const)
      add(`input.${name}`, input[name]);
  } else if (input.kind === "raster") add("input.files", input.files, true);
  else if (input.kind === "p07") add("input.folder", input.folder);
  else add("input.file", input.file);
  if ("file" in angles) add("angles.file", angles.file);
  for (const part of ["angles", "positions"] as const) {
    const given = turning?.[part];
    if (given && "file" in given) add(`turning.${part}.file`, given.file);
  }
  add("air", air);
  add("dlsr.start.result", dlsr?.start?.result);
  add("absorb.image.file", absorb?.image?.file);
  add("absorb.uniform.mask", absorb?.uniform?.mask);
  for (const [phase, file] of Object.entries(map?.rietveld?.phaseMasks ?? {}))
    add(`map.rietveld.phaseMasks.${phase}`, file);
  if (map?.rietveld) {
    add("map.rietveld.model", map.rietveld.model);
    const { start } = map.rietveld;
    if (typeof start === "object") add("map.rietveld.start.result", start.result);
    found.push(...filesOfModel(seen(map.rietveld.model)));
  }
  return found;
}

/** What a model.yaml names; nothing where it cannot be read, which is said when it is. */
function filesOfModel(path: string): NamedFile[] {
  let model: unknown;
  try {
    model = parseYamlDocument(readText(path), path).document.toJS({ maxAliasCount: 100 });
  } catch {
    return [];
  }
  const found: NamedFile[] = [];
  const visit = (value: unknown, way: readonly string[]): void => {
    if (typeof value === "string") {
      // a phase may be its CIF alone
      const isFile =
        ["cif", "file", "instrument"].includes(way.at(-1) ?? "") || (way[0] === "phases" && /\.cif$/i.test(value));
      if (isFile)
        found.push({
          setting: `model ${way.join(".")}`,
          given: value,
          path: resolve(dirname(path), value),
          isMany: false,
        });
    } else if (value !== null && typeof value === "object")
      for (const [key, part] of Object.entries(value)) visit(part, [...way, key]);
  };
  visit(model, []);
  return found;
}

/**
 * Refuses files outside, by links too.
 *
 * @throws InputError "path-outside"
 */
export function assertAllInside(scan: Scan, folder: ServedFolder): void {
  assertNamedInside(scan, folder);
  const folders = new Set<string>();
  for (const { path } of filesOf(scan).filter(({ isMany }) => isMany)) {
    for (const one of listed(path)) {
      // of 200 000 frames in one folder each is where that folder is, unless it is a link
      const place = dirname(one);
      if (!folders.has(place)) folder.assertInside(place);
      folders.add(place);
      if (lstatSync(one, { throwIfNoEntry: false })?.isSymbolicLink() !== false) folder.assertInside(one);
    }
  }
}

/**
 * Of the files that are named alone: what lists and patterns stand for may be many, and the run's own process looks at
 * them before it starts.
 *
 * @throws InputError "path-outside"
 */
export function assertNamedInside(scan: Scan, folder: ServedFolder): void {
  for (const { path } of filesOf(scan)) folder.assertInside(path);
}

/** What a list or a pattern stands for; itself where there is nothing, which is said when it is opened. */
function listed(path: string): readonly string[] {
  try {
    return findFramePaths(path);
  } catch {
    return [path];
  }
}
