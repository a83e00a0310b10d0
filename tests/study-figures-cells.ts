/** Cells of a study whose numbers follow formulas: rings of cathode and anode inside a casing. */
import { type ParameterMap, type Places, REGIONS, type SliceMaps, STATUS } from "../src/data/index.ts";
import type { StudyCell, StudyOutcome } from "../src/pipeline/study/study-outcome.ts";
import { describeRecord, EchemConfig } from "../src/stages/echem/index.ts";

export const N = 60;
export const VOXEL_MM = 0.1;
const CASING_MM = 2.6;
const CORE_MM = 0.5;
const COAT_MM = 0.3;

const radiusMm = (i: number): number => VOXEL_MM * Math.hypot(Math.floor(i / N) - (N - 1) / 2, (i % N) - (N - 1) / 2);
const each = (of: (i: number) => number): Float32Array => Float32Array.from({ length: N * N }, (_, i) => of(i));

function regionAt(i: number): number {
  const r = radiusMm(i);
  if (r > 2.9) return REGIONS.outside;
  if (r > CASING_MM) return REGIONS.casing;
  if (r < CORE_MM) return REGIONS.core;
  return Math.floor((r - CORE_MM) / COAT_MM) % 2 ? REGIONS.anode : REGIONS.cathode;
}

export const region = Uint8Array.from({ length: N * N }, (_, i) => regionAt(i));
const inside = (of: (r: number) => number): Float32Array =>
  each((i) => (region[i] === REGIONS.cathode || region[i] === REGIONS.anode ? of(radiusMm(i)) : Number.NaN));

export const places: Places = {
  ny: N,
  nx: N,
  voxelMm: VOXEL_MM,
  region,
  toCasingMm: inside((r) => CASING_MM - r),
  toCoreMm: inside((r) => r - CORE_MM),
  toTabMm: each(() => Number.NaN),
  toSeparatorMm: each(() => Number.NaN),
  depth: inside((r) => ((r - CORE_MM) / COAT_MM) % 1),
  layer: Int16Array.from(region, (label) => (label === REGIONS.cathode ? 0 : label === REGIONS.anode ? 1 : -1)),
  alongMm: inside((r) => 10 * (r - CORE_MM)),
  layers: [
    { index: 0, electrode: "cathode", side: "inner", lengthMm: 21, thicknessMm: COAT_MM },
    { index: 1, electrode: "anode", side: "outer", lengthMm: 21, thicknessMm: COAT_MM },
  ],
};

function mapOf(name: string, unit: string, of: (i: number) => number): [string, ParameterMap] {
  const values = each(of);
  const status = Uint8Array.from(values, (value) => (Number.isFinite(value) ? STATUS.converged : STATUS.notFitted));
  return [name, { name, ny: N, nx: N, unit, values, status }];
}
const slice = (name: string, maps: [string, ParameterMap][]): SliceMaps => ({
  name,
  ny: N,
  nx: N,
  voxelMm: VOXEL_MM,
  maps: new Map(maps),
});
const only =
  (label: number, of: (r: number) => number, otherwise = Number.NaN) =>
  (i: number): number =>
    region[i] === label ? of(radiusMm(i)) : region[i] === REGIONS.outside ? Number.NaN : otherwise;

/** c falls by 0.01 angstrom for each mm towards the casing. */
export const cAt = (offset: number, toCasingMm: number): number => 14.4 + offset + 0.01 * toCasingMm;
export const xAt = (offset: number, toCasingMm: number): number => 0.4 + offset + 0.05 * toCasingMm;

export function cell(name: string, label: string, offset: number): StudyCell {
  const amounts = [
    ["NMC532", REGIONS.cathode],
    ["graphite", REGIONS.anode],
    ["Fe", REGIONS.casing],
  ] as const;
  const own = slice(name, [
    ...amounts.flatMap(([phase, where]) => [
      mapOf(
        `${phase}/scale`,
        "",
        only(where, () => 2, 0),
      ),
      mapOf(
        `${phase}/weight_fraction`,
        "",
        only(where, () => 0.9, 0.01),
      ),
    ]),
    mapOf(
      "NMC532/a",
      "Å",
      only(REGIONS.cathode, () => 2.82 + offset / 10, 3),
    ),
    mapOf(
      "NMC532/c",
      "Å",
      only(REGIONS.cathode, (r) => cAt(offset, CASING_MM - r), 15),
    ),
    mapOf("rwp", "", (i) => (region[i] === REGIONS.outside ? Number.NaN : 0.05)),
  ]);
  const lithium = slice(name, [
    mapOf(
      "NMC532/x",
      "",
      only(REGIONS.cathode, (r) => xAt(offset, CASING_MM - r)),
    ),
    mapOf(
      "anode/x",
      "",
      only(REGIONS.anode, () => 0.8 - offset),
    ),
  ]);
  const timeS = Float64Array.from({ length: 101 }, (_, i) => 36 * i);
  const record = {
    source: `${name}.DTA`,
    format: "Gamry DTA",
    timeS,
    voltageV: timeS.map((t) => 3 + t / 3600),
    // 0.4 A for the first half hour, 0.2 A out for the second
    currentA: Float64Array.from(timeS, (_, i) => (i <= 50 ? 0.4 : -0.2)),
    notes: [],
  };
  const config = EchemConfig.parse({});
  const cycling = { name, record, description: describeRecord(record, config), config };
  return { name, label, own, aligned: own, places, lithium, cycling };
}

export const study: StudyOutcome = {
  title: "cells of a formula",
  reference: "one",
  roles: {
    casing: ["Fe"],
    cathode: ["NMC532"],
    anode: ["graphite"],
    cathodeCollector: [],
    anodeCollector: [],
    separator: [],
    tab: [],
  },
  cells: [cell("one", "pristine", 0), cell("two", "charged, C/2", 0.02), cell("three", "charged, C/20", -0.03)],
};
