/** The figures of a paper that one result alone has the data for. */
import { guessRoles, InputError, type PhaseRoles, type Places, type SliceMaps } from "../../data/index.ts";
import type { Result } from "../../files/result-reader.ts";
import { componentFigure, latticeFigures, phaseFigures, rwpFigure } from "./figures/map-figures.ts";
import { indexedPatternFigure, readSummedPattern } from "./figures/pattern-figures.ts";

import type { StudyFigure } from "./figures/study-figure.ts";
import { findPlaces, PlacesConfig } from "./find-places.ts";
import { readSliceMaps } from "./read-slice-maps.ts";
import type { StudyOutcome } from "./study-outcome.ts";

export const PRESETS = ["components", "indexed-pattern", "phases", "lattice", "rwp"] as const;
export type Preset = (typeof PRESETS)[number];

/** @throws InputError "figure-preset" */
export function presetOf(name: string): Preset {
  const known = PRESETS.find((preset) => preset === name);
  if (known) return known;
  throw new InputError("figure-preset", `There is no preset "${name}". There are ${PRESETS.join(", ")}.`);
}

/** @throws InputError "figure-empty" where the result has nothing that the preset shows; those of readSliceMaps */
export function presetFigures(result: Result, preset: Preset): StudyFigure[] {
  const label = result.title || "slice";
  if (preset === "indexed-pattern") {
    const summed = readSummedPattern(result, label);
    if (summed) return indexedPatternFigure([summed]);
    throw new InputError(
      "figure-empty",
      `${result.path} has no refined summed pattern, which the preset indexed-pattern shows: it was run without a Rietveld map. Add \`map: {kind: rietveld, ...}\` to its scan.yaml.`,
    );
  }
  const study = studyOf(readSliceMaps(result, "slice"), label);
  const draw = { components: componentFigure, phases: phaseFigures, lattice: latticeFigures, rwp: rwpFigure };
  const figures = draw[preset](study);
  if (figures.length > 0) return figures;
  throw new InputError(
    "figure-empty",
    `${result.path} has no maps that the preset ${preset} shows. Its maps are of ${[...study.cells[0]!.own.maps.keys()].slice(0, 20).join(", ")}.`,
  );
}

/**
 * A study.nxs holds many slices and was drawn when it was made.
 *
 * @throws InputError "figure-empty"
 */
export function refuseStudy(result: Result): void {
  if (!result.list().some(({ name }) => /^(compare|lithium|places)\/[^/]+\//.test(name))) return;
  throw new InputError(
    "figure-empty",
    `${result.path} holds several cells: \`xrdct study\` drew them in the folder figures beside it. Name the result of one cell, or look at all of them with \`xrdct serve ${result.path}\`.`,
  );
}

/** One slice as a study of its own; its phases told by their names, its places by its phases. */
function studyOf(own: SliceMaps, label: string): StudyOutcome {
  const names = [...own.maps.keys()].flatMap((name) => (name.includes("/") ? [name.slice(0, name.indexOf("/"))] : []));
  const roles = guessRoles([...new Set(names)]);
  const places = placesIn(own, roles);
  const lithium = { ...own, maps: new Map() };
  const cell = { name: own.name, label, own, aligned: own, places, lithium };
  return { title: label, reference: own.name, roles, cells: [cell] };
}

/** What lies outside of the casing is not drawn; no cell, as no electrode or amounts are told, is drawn whole. */
function placesIn(own: SliceMaps, roles: PhaseRoles): Places {
  try {
    return findPlaces(own, roles, PlacesConfig.parse({}));
  } catch (error) {
    if (error instanceof InputError) return wholeOf(own);
    throw error;
  }
}

function wholeOf({ ny, nx, voxelMm }: SliceMaps): Places {
  const nowhere = new Float32Array(ny * nx).fill(Number.NaN);
  return {
    ny,
    nx,
    voxelMm,
    region: new Uint8Array(ny * nx),
    toCasingMm: nowhere,
    toCoreMm: nowhere,
    toTabMm: nowhere,
    toSeparatorMm: nowhere,
    depth: nowhere,
    layer: new Int16Array(ny * nx).fill(-1),
    alongMm: nowhere,
    layers: [],
  };
}
