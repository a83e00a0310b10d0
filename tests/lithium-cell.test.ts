/** Lithium of a whole cell whose electrodes are known: maps, balance, moles, and the charge. */
import { describe, expect, it } from "vitest";
import { builtInStructure, cellContent, cellMass, cellVolume, type Structure } from "../src/crystal/index.ts";
import { guessRoles, type ParameterMap, type SliceMaps } from "../src/data/index.ts";
import { lithiumBetween } from "../src/pipeline/study/lithium-count.ts";
import { type LithiumInput, lithiumOfCell, recount } from "../src/pipeline/study/lithium-of-cell.ts";
import {
  CALIBRATIONS,
  esdOf,
  interpolate,
  LithiumConfig,
  MAH_PER_MOL,
  molarMass,
} from "../src/stages/lithium/index.ts";
import { normal, seededRandom } from "./seeded-random.ts";

const N = 48;
const TABLE = CALIBRATIONS.NMC532;
const PHASES = ["Fe", "NMC532", "graphite", "LiC12", "LiC6"];
const structures = new Map<string, Structure>(PHASES.map((name) => [name, builtInStructure(name)]));
const VOXEL_MM = 0.1;
/** lithium in both electrodes, and carbon sixes, a mole of oxide */
const [BOTH, SIXES] = [0.9, 0.88];
const anodeAt = (x: number): number => (BOTH - x) / SIXES;

/** Rows of voxels: casing, cathode, anode, by turns. A scale of 1e-6 is a full voxel of 1 angstrom^6 over V^2. */
function cell(name: string, meanX: number, seed: number): SliceMaps {
  const random = seededRandom(seed);
  const maps = new Map<string, ParameterMap>();
  const blank = (): Float32Array => new Float32Array(N * N).fill(Number.NaN);
  const add = (key: string, unit: string, values: Float32Array, esd: number): void => {
    const status = Uint8Array.from(values, (value) => (Number.isFinite(value) ? 0 : 2));
    maps.set(key, { name: `map/${key}`, ny: N, nx: N, unit, values, esd: values.map(() => esd), status });
  };
  const full = (phase: string): number => 1e-6 / cellVolume(structures.get(phase)!.cell) ** 2;
  const atoms = (phase: string, element: string): number => {
    const structure = structures.get(phase)!;
    return (cellContent(structure).get(element) ?? 0) / cellVolume(structure.cell);
  };
  const kind = (v: number): string => (v % N < 3 ? "Fe" : Math.floor(v / N) % 4 < 2 ? "cathode" : "anode");
  // the cathode fills half a voxel; as much carbon as SIXES asks for lies in as many voxels
  const unitsPerVolume = 0.5 * (atoms("NMC532", "O") / 2);
  const carbonPerVolume = 6 * SIXES * unitsPerVolume;
  const [a, c] = [blank(), blank()];
  const scales = new Map(PHASES.map((phase) => [phase, new Float32Array(N * N)]));
  for (let v = 0; v < N * N; v++) {
    const put = (phase: string, volumeShare: number): void => {
      const noise = 0.01 * normal(random);
      scales.get(phase)![v] = (volumeShare + noise) * full(phase);
    };
    for (const phase of PHASES) put(phase, 0);
    if (kind(v) === "Fe") put("Fe", 1);
    if (kind(v) === "cathode") {
      const x = meanX + 0.02 * Math.sin(v);
      a[v] = interpolate(TABLE.x, TABLE.a, x) + 2e-4 * normal(random);
      c[v] = interpolate(TABLE.x, TABLE.c, x) + 2e-3 * normal(random);
      // as many formula units at each x: a smaller cell fills less
      const volume = (Math.sqrt(3) / 2) * a[v]! ** 2 * c[v]!;
      const share = (unitsPerVolume * volume) / 3;
      scales.get("NMC532")![v] = ((share + 0.01 * normal(random)) * 1e-6) / volume ** 2;
    }
    if (kind(v) === "anode") {
      const y = anodeAt(meanX);
      const [low, high] = y > 0.5 ? (["LiC12", "LiC6"] as const) : (["graphite", "LiC12"] as const);
      const [from, to] = y > 0.5 ? [0.5, 1] : [0, 0.5];
      const share = (y - from) / (to - from);
      put(high, (share * carbonPerVolume) / atoms(high, "C"));
      put(low, ((1 - share) * carbonPerVolume) / atoms(low, "C"));
    }
  }
  for (const [phase, values] of scales) add(`${phase}/scale`, "", values, 0.01 * full(phase));
  add("NMC532/a", "Å", a, 2e-4);
  add("NMC532/c", "Å", c, 2e-3);
  return { name, ny: N, nx: N, voxelMm: VOXEL_MM, maps };
}

const input = (maps: SliceMaps, config: object = {}): LithiumInput => ({
  cell: maps,
  structures,
  roles: guessRoles(PHASES),
  // the cell follows the table as it stands
  config: LithiumConfig.parse({ tableXEsd: 0.01, scaleRatioEsd: 0.01, ...config }),
});

const charged = cell("charged", 0.42, 1);
const discharged = cell("discharged", 0.84, 2);
/** moles of oxide in the slice, a mm of height: half of the voxels beside the casing, half full */
const MOLES_PER_MM = (() => {
  const { cell: lattice } = structures.get("NMC532")!;
  const voxels = (N * (N - 3)) / 2;
  return (voxels * VOXEL_MM ** 2 * 0.5 * (3 / cellVolume(lattice)) * 1e21) / 6.02214076e23;
})();

describe("one cell", () => {
  const found = lithiumOfCell(input(charged));
  const x = (electrode: string) => found.rows.find((row) => row.electrode === electrode && row.kind === "all")!;

  it("has the lithium of both electrodes within 0.02, by voxel and in all", () => {
    expect(Math.abs(x("NMC532").x - 0.42)).toBeLessThan(0.005);
    expect(Math.abs(x("anode").x - anodeAt(0.42))).toBeLessThan(0.005);
    const values = found.maps.maps.get("NMC532/x")!.values;
    const there = [...values.keys()].filter((v) => Number.isFinite(values[v]!));
    expect(there.length).toBe((N * (N - 3)) / 2);
    const off = there.map((v) => values[v]! - (0.42 + 0.02 * Math.sin(v)));
    expect(Math.sqrt(off.reduce((s, d) => s + d * d, 0) / off.length)).toBeLessThan(0.01);
  });

  it("has the tenth that films hold between the electrodes, and says that it is significant", () => {
    const [closing] = found.closings;
    expect(Math.abs(closing!.residual.value - (1 - BOTH))).toBeLessThan(2 * esdOf(closing!.residual));
    expect(found.inventory!.placesRatio!.value).toBeCloseTo(SIXES, 1);
    expect(found.inventory!.both!.value).toBeCloseTo(BOTH, 1);
  });

  it("says which of its voxels' scatter is real", () => {
    expect(x("NMC532").heterogeneity).toBeCloseTo(0.02 / Math.SQRT2, 2);
    expect(x("anode").heterogeneity).toBeLessThan(0.5 * x("anode").sd);
  });

  it("lists what all voxels share", () => {
    const names = found.systematics.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["table", "scale of the lattice", "partial volume", "layer spacing"]));
    expect(found.notes.join()).toContain("no absolute amounts");
  });
});

describe("moles", () => {
  const milliampereHours = (released: number) => released * MOLES_PER_MM * 50 * MAH_PER_MOL;
  const ways: readonly (readonly [string, object])[] = [
    ["the mass of oxide", { cathodeMassG: MOLES_PER_MM * 50 * molarMass(TABLE.formula) }],
    ["a loading", { cathodeLoadingMgCm2: 10, electrodeAreaCm2: MOLES_PER_MM * 50 * molarMass(TABLE.formula) * 100 }],
    ["a full casing", { standard: { phase: "Fe" }, electrodeHeightMm: 50 }],
    [
      "a foil of known size",
      { standard: { phase: "Fe", thicknessMm: 0.3, lengthMm: N * VOXEL_MM }, electrodeHeightMm: 50 },
    ],
  ];
  it.each(ways)("by %s: the cycler's charge closes with the cathode", (_, config) => {
    const charge = milliampereHours(1 - 0.42);
    const found = lithiumOfCell(
      input(charged, { ...config, startX: 1, capacityMah: charge, capacityEsdMah: 0.005 * charge }),
    );
    expect(found.units!.inCell!.value / (50 * MOLES_PER_MM)).toBeCloseTo(1, 1);
    const closing = found.closings.find(({ what }) => what === "cathode, cycler")!;
    expect(Math.abs(closing.z)).toBeLessThan(2);
    expect(Math.abs(closing.residual.value)).toBeLessThan(0.05 * charge);
    const films = found.closings.find(({ what }) => what === "cycler, anode")!;
    expect(Math.abs(films.residual.value - milliampereHours(0.1))).toBeLessThan(0.05 * charge);
  });

  it("says what is missing where the charge is counted from a state that is not known", () => {
    const found = lithiumOfCell(input(charged, { cathodeMassG: 1, capacityMah: 100 }));
    expect(found.closings.map(({ what }) => what)).toEqual(["released by the cathode, taken up by the anode"]);
    expect(found.notes.join()).toContain("startX");
  });

  it("two states close, the table's error cancels, and a wrong charge does not", () => {
    const config = { cathodeMassG: MOLES_PER_MM * 50 * molarMass(TABLE.formula), tableXEsd: 0.05, tableSlopeEsd: 0.02 };
    const [full, empty] = [lithiumOfCell(input(charged, config)), lithiumOfCell(input(discharged, config))];
    const between = milliampereHours(0.84 - 0.42) / 1000;
    const right = lithiumBetween(full, empty, { value: between, esd: 0.002 * between });
    expect(right.map(({ z }) => Math.abs(z) < 2)).toEqual([true, true, true]);
    expect(esdOf(right[0]!.residual)).toBeLessThan(0.03);
    const wrong = lithiumBetween(full, empty, { value: 1.3 * between, esd: 0.002 * between });
    expect(wrong.map(({ z }) => Math.abs(z) < 2)).toEqual([true, false, false]);
  });
});

describe("oxide that the map has no phase for", () => {
  const SHARE = 0.03;
  const oxide = structures.get("NMC532")!;
  const at = (x: number): Structure => {
    const [a, c] = [interpolate(TABLE.x, TABLE.a, x), interpolate(TABLE.x, TABLE.c, x)];
    return { ...oxide, cell: { ...oxide.cell, a, b: a, c } };
  };
  /** g/mol of LiMO2 */
  const unitMass = (2 * cellMass(oxide)) / cellContent(oxide).get("O")!;
  /** of the slice, by the recipe of the cell: grams a mole of the oxide in the maps */
  const massShare = (() => {
    const perCarbon = (phase: string): number =>
      cellMass(structures.get(phase)!) / cellContent(structures.get(phase)!).get("C")!;
    const y = anodeAt(0.42);
    const ofAnode = 6 * SIXES * (((y - 0.5) / 0.5) * perCarbon("LiC6") + ((1 - y) / 0.5) * perCarbon("LiC12"));
    // 3 columns of full voxels of steel, where half of the other 45 hold half a voxel of oxide
    const steel = cellMass(structures.get("Fe")!) / cellVolume(structures.get("Fe")!.cell);
    const unitsPerVolume = (0.5 * cellContent(oxide).get("O")!) / 2 / cellVolume(oxide.cell);
    const ofSteel = (3 * steel) / (22.5 * unitsPerVolume);
    const hidden = (SHARE / (1 - SHARE)) * unitMass;
    return hidden / (unitMass + ofAnode + ofSteel + hidden);
  })();
  const phase = (x: number) => ({
    ...{ name: "NMC532-2", structure: at(x), isCorrected: true, massShare, massShareEsd: 0.05 * massShare },
  });

  it("counts with its share of the moles and the lithium of its own cell", () => {
    const found = lithiumOfCell({ ...input(charged), hidden: [phase(0.84)] });
    const { cathode, mapped, hidden } = found.inventory!;
    expect(hidden[0]!.share).toBeCloseTo(SHARE, 3);
    expect(hidden[0]!.x).toBeCloseTo(0.84, 2);
    expect(cathode.value - mapped.value).toBeCloseTo(SHARE * (0.84 - 0.42), 3);
    expect(found.inactive.map(({ how }) => how).join()).toContain("NMC532-2");
  });

  it("leaves the uncertainty smaller where somebody looked, and none where somebody knows", () => {
    const unseen = (more: Partial<LithiumInput>, config = {}): number =>
      lithiumOfCell({ ...input(charged, config), ...more }).inventory!.unseenShareEsd;
    expect(unseen({})).toBeGreaterThan(3 * unseen({ hidden: [] }));
    expect(unseen({ hidden: [] })).toBeGreaterThan(0);
    expect(unseen({}, { inactiveShare: 0, startX: 1 })).toBe(0);
    expect(unseen({}, { unseenShareEsd: 0.004 })).toBe(0.004);
  });

  it("anew after the search is as it would have been with it", () => {
    const [before, after] = [
      lithiumOfCell(input(charged)),
      lithiumOfCell({ ...input(charged), hidden: [phase(0.84)] }),
    ];
    expect(recount(before, [phase(0.84)]).inventory).toEqual(after.inventory);
  });

  it("is not any other phase, and has any lithium where its cell is none of the table", () => {
    const other = { ...phase(0.84), name: "Ni", structure: builtInStructure("Ni") };
    const found = lithiumOfCell({ ...input(charged), hidden: [other] });
    expect(found.inventory!.hidden).toEqual([]);
    expect(found.notes.join()).toContain("Ni was found besides the phases of the map: no layered oxide");
    const strange = { ...oxide, cell: { ...oxide.cell, a: 2.95, b: 2.95, c: 13.9 } };
    const odd = lithiumOfCell({ ...input(charged), hidden: [{ ...phase(0.84), structure: strange }] });
    const [low, high] = [TABLE.x[0]!, TABLE.x.at(-1)!];
    expect(odd.inventory!.hidden[0]!.xEsd).toBeCloseTo((high - low) / Math.sqrt(12), 12);
  });

  it("that is known by other means goes before what was found", () => {
    const config = { inactiveShare: 0.1, inactiveShareEsd: 0.01, inactiveX: 0.9 };
    const { cathode, mapped } = lithiumOfCell({ ...input(charged, config), hidden: [phase(0.84)] }).inventory!;
    expect(cathode.value).toBeCloseTo(0.9 * mapped.value + 0.09, 12);
    const never = lithiumOfCell(input(charged, { inactiveShare: 0.1, startX: 1 })).inventory!;
    expect(never.released.value).toBeCloseTo(0.9 * (1 - never.mapped.value), 12);
  });
});

describe("what is wrong", () => {
  const refused = (config: object, maps: SliceMaps = charged, roles = guessRoles(PHASES)) => {
    try {
      lithiumOfCell({ ...input(maps, config), roles });
    } catch (error) {
      return (error as { code?: string }).code;
    }
    return undefined;
  };

  it.each([
    ["a table that is not there", { table: "NMC533" }, "lithium-table"],
    ["a file that is not there", { table: "no-such.csv" }, "file-not-readable"],
    ["a loading without an area", { cathodeLoadingMgCm2: 10 }, "lithium-loading"],
    ["a standard that is no phase", { standard: { phase: "Zn" } }, "lithium-standard"],
    ["an inactive share whose lithium nobody knows", { inactiveShare: 0.02 }, "lithium-inactive"],
    ["half a foil", { standard: { phase: "Fe", thicknessMm: 1 } }, "lithium-standard"],
    ["a state outside the table", { referenceStates: [{ x: 1.4, a: 2.87, c: 14.2 }] }, "lithium-reference"],
  ])("%s", (_, config, code) => {
    expect(refused(config)).toBe(code);
  });

  it("no electrode among the phases", () => {
    expect(refused({}, charged, guessRoles(["Fe"]))).toBe("lithium-no-electrode");
  });

  it("an oxide that there is no table for", () => {
    const lco = new Map([["LCO", builtInStructure("LCO")]]);
    const maps = new Map(["a", "c", "scale"].map((key) => [`LCO/${key}`, charged.maps.get(`NMC532/${key}`)!]));
    const other = { ...input({ ...charged, maps }), structures: lco, roles: guessRoles(["LCO"]) };
    expect(() => lithiumOfCell(other)).toThrow(expect.objectContaining({ code: "lithium-no-table" }));
  });
});
