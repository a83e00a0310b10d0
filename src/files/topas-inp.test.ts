import { describe, expect, it } from "vitest";
import { expectOnlyInputErrors } from "../../tests/parser-fuzz.ts";
import { hasShared, shared } from "../../tests/shared.ts";
import { parseTopasInp, readTopasInp } from "./topas-inp.ts";
import { parseTopasEquation } from "./topas-inp-expression.ts";

const LAB = `' a laboratory pattern
iters 1000
#define FINE
#ifdef FINE
xdd "quartz.xy"
#else
xdd "other.xy"
#endif
  start_X 20 finish_X 120 /* degrees
  exclude 1 2 */ exclude 30.5 31
  bkg @ 100\`_2 -3.5 0.25
  CuKa5(0.0001)
  Radius(173)
  LP_Factor(!monochromator, 26.4)
  Zero_Error(@, -0.012\`_0.001)
  Specimen_Displacement(height, 0.05)
  Divergence(1)
  TCHZ_Peak_Type(pku, 0.01, pkv, -0.02, !pkw, 0.03, !pkz, 0.004, pkx, 0.05, !pky, 0.06)
  str
    phase_name "alpha quartz"
    space_group "P_32_2_1"
    Hexagonal(a_q 4.9134 min 4.8 max =5;, @ 5.4052)
    scale @ 0.002
    site Si1 num_posns 3 x @ 0.4697 y 0 z =2/3; occ Si 1 beq b1 0.5
    site O1 x 0.4133 y =1/2 - 0.2328; z =Third + 0.1188; occ O-2 0.75 beq =b1 + 0.5; occ F 0.25 beq 2
    prm !Third =1/3;
    CS_L(@, 100 min 10)
    Strain_G(!s, 0.2)
    Preferred_Orientation(@, 0.8,, 1 0 0)
  hkl_Is
    lebail 1
    phase_name other
    a 3 b 4 c 5 space_group Pmmm
`;

const codeOf = (text: string): unknown => {
  try {
    parseTopasInp(text, "x.inp");
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
};

describe("equations", () => {
  const value = (text: string, names: Record<string, number> = {}): number | undefined =>
    parseTopasEquation(text)?.evaluate((name) => names[name] ?? Number.NaN);

  it.each([
    ["1/3", 1 / 3],
    ["2 + 3 * 4", 14],
    ["-2^2", -4],
    ["2^-1", 0.5],
    ["2 3 4", 24],
    ["2 (1 + 1) / 4", 1],
    ["Sqrt(Max(4, 9, 1))", 3],
    ["2 a Sin(Pi / 6)", 3],
    ["a(a + 1)", 12],
    ["1e-3 + .5", 0.501],
    ["Rad Pi", 180],
    ["Rad (ArcTan(1))", 45],
    ["LaB6_a (1 + 1)", 8],
  ])("%s = %f", (text, expected) => {
    expect(value(text, { a: 3, LaB6_a: 4 })).toBeCloseTo(expected, 14);
  });

  it.each(["", "1 +", "2 ** 3", "(1", "1)", "a.b", "Get(r_wp)", "process.exit()", "`x`", "1;2", "[1]"])(
    "refuses %j",
    (text) => {
      expect(parseTopasEquation(text)).toBeUndefined();
    },
  );

  it("does not nest without end", () => {
    expect(parseTopasEquation(`${"(".repeat(500)}1${")".repeat(500)}`)).toBeUndefined();
  });
});

describe("a TOPAS input", () => {
  const { patterns, unread, notes } = parseTopasInp(LAB, "lab.inp");
  const [pattern] = patterns;
  const [quartz, other] = pattern!.phases;

  it("gives the pattern's range, background and shifts", () => {
    expect(pattern).toMatchObject({
      file: "quartz.xy",
      start: 20,
      finish: 120,
      exclude: [[30.5, 31]],
      background: { values: [100, -3.5, 0.25], isRefined: true },
      zero: { value: -0.012, isRefined: true },
      displacement: { geometry: "bragg-brentano", lengthMm: 173, value: { value: 0.05, isRefined: true } },
    });
  });

  it("turns X and Y of TCHZ round and shares Z among U and W", () => {
    const { U, V, W, X, Y } = pattern!.profile;
    expect([U!.value, V!.value, W!.value, X!.value].map((x) => Number(x.toFixed(12)))).toEqual([
      0.014, -0.02, 0.034, 0.06,
    ]);
    // Y also takes the widths of the emission lines, 2 lh / lambda: sum over the five of share x lh / lambda
    const width = [
      [0.0159, 1.534753, 3.6854],
      [0.5791, 1.540596, 0.437],
      [0.0762, 1.541058, 0.6],
      [0.2417, 1.54441, 0.52],
      [0.0871, 1.544721, 0.62],
    ].reduce((sum, [share, wavelength, lh]) => sum + (share! * lh! * 1e-3) / wavelength!, 0);
    expect(Y!.value).toBeCloseTo(0.05 + (360 / Math.PI) * width, 12);
    expect([U!.isRefined, W!.isRefined, X!.isRefined, Y!.isRefined]).toEqual([true, false, false, true]);
  });

  it("takes the factor of LP_Factor into K and the scale", () => {
    const square = Math.cos((26.4 * Math.PI) / 180) ** 2;
    expect(pattern!.polarization).toBeCloseTo(square / (1 + square), 12);
    expect(quartz!.scale).toMatchObject({ isRefined: true, value: expect.closeTo(0.002 * (1 + square), 12) });
  });

  it("gives cell, sites and equations", () => {
    expect(quartz).toMatchObject({
      name: "alpha quartz",
      kind: "rietveld",
      cell: {
        a: { value: 4.9134, isRefined: true, name: "a_q", min: 4.8, max: 5 },
        c: { value: 5.4052, isRefined: true },
        gamma: { value: 120, isRefined: false },
      },
      textures: [{ hkl: [1, 0, 0], r: { value: 0.8, isRefined: true } }],
    });
    expect(quartz!.structure.operations).toHaveLength(6);
    expect(quartz!.structure.sites).toMatchObject([
      { label: "Si1", scatterer: "Si", x: 0.4697, z: 2 / 3, bIso: 0.5 },
      {
        label: "O1",
        scatterer: "O2-",
        y: expect.closeTo(0.2672, 12),
        z: expect.closeTo(1 / 3 + 0.1188, 12),
        occupancy: 0.75,
        bIso: 1,
      },
      { label: "O1_F", scatterer: "F", x: 0.4133, occupancy: 0.25, bIso: 2 },
    ]);
  });

  it("takes sizes and strains over with their definitions", () => {
    expect(quartz!.size).toEqual({ value: 90, isRefined: true, min: 9 });
    // S tan in degrees is 4 e tan in radians
    expect(quartz!.gaussianStrain!.value * 4 * (180 / Math.PI)).toBeCloseTo(0.2, 12);
  });

  it("knows Le Bail phases", () => {
    expect(other).toMatchObject({ kind: "le-bail", name: "other", structure: { cell: { a: 3, b: 4, c: 5 } } });
  });

  it("names every keyword that it does not read, with its line", () => {
    expect(unread.filter(({ matters }) => matters)).toEqual([
      { keyword: "#define FINE", lines: [3], matters: true },
      { keyword: "#ifdef FINE", lines: [4], matters: true },
      { keyword: "Divergence", lines: [17], matters: true },
    ]);
    expect(unread.filter(({ matters }) => !matters)).toEqual([{ keyword: "iters", lines: [2], matters: false }]);
    expect(notes.join(" ")).toMatch(/Lorentzian width/);
  });

  it("reads widths written as equations, in any form", () => {
    const text = LAB.replace(/TCHZ_Peak_Type.*/, "").replace(
      "scale @ 0.002",
      "scale @ 0.002\n gauss_fwhm = Sqrt((0.01 Sin(Th)^2 + 0.03 Cos(Th)^2) / Cos(Th)^2);\n lor_fwhm = (0.02 + w Sin(Th)) / Cos(Th);\n prm w 0.5\n lor_fwhm = 0.1 Rad Lam / (50 Cos(Th));",
    );
    const [read] = parseTopasInp(
      text.replace("CuKa5(0.0001)", "lam la 1 lo 1.5 lh 0").split("hkl_Is")[0]!,
      "x",
    ).patterns;
    const { U, V, W, X, Y, Z } = read!.profile;
    const rounded = [U, V, W, X, Y, Z].map((p) => Number(p!.value.toFixed(9)));
    // (0.01 sin^2 + 0.03 cos^2) / cos^2 = 0.01 tan^2 + 0.03
    expect(rounded).toEqual([0.01, 0, 0.03, 0.02, 0.5, 0]);
    expect(Y!.isRefined).toBe(true);
    expect(parseTopasInp(text.replace("w Sin(Th)", "w H"), "x").notes.join()).toMatch(/lor_fwhm .* is not read/);
  });

  it("tells phases of one name apart, thousands of them too", () => {
    const phase = (name: string): string => `hkl_Is phase_name ${name} a 3 b 4 c 5 space_group Pmmm\n`;
    const named = (names: readonly string[]): string[] =>
      parseTopasInp(`xdd a.xy\n${names.map(phase).join("")}`, "x.inp").patterns[0]!.phases.map(({ name }) => name);
    expect(named(["Al", "Al_2", "Al", "Al"])).toEqual(["Al", "Al_2", "Al_3", "Al_4"]);
    const many = named(Array<string>(2000).fill("Al"));
    expect([new Set(many).size, many.at(-1)]).toEqual([2000, "Al_2000"]);
  });

  it("leaves a phase out that cannot be calculated, and says so", () => {
    const text = LAB.replace('"P_32_2_1"', '"P 99 nonsense"');
    const read = parseTopasInp(text, "x.inp");
    expect(read.patterns[0]!.phases.map(({ name }) => name)).toEqual(["other"]);
    expect(read.notes.join()).toMatch(/line 19: this phase is left out. The space group/);
  });

  it("takes a group of two origins as origin 1, and says so", () => {
    const read = parseTopasInp("xdd a.xy str space_group Fd-3m Cubic(5.43) site Si x 0 y 0 z 0 occ Si 1 beq 0.5", "x");
    // diamond: 8 atoms at origin 1 with the atom at 0 0 0
    expect(read.patterns[0]!.phases[0]!.structure.operations).toHaveLength(192);
    expect(read.notes.join()).toMatch(/origin 1/);
  });

  it.each([
    ["an empty file", ""],
    ["a CIF", "data_x\n_cell_length_a 3\n"],
    ["numbers", "1 2\n3 4\n"],
    ["YAML", "phases:\n  - Cu\n"],
  ])("says what is wrong with %s", (_, text) => {
    expect(codeOf(text)).toBe("topas-not-recognised");
  });

  it("survives damage, and names that nobody expects", () => {
    expect(
      codeOf("xdd a str constructor 1 a = a; site __proto__ x 1 occ toString 1 prm hasOwnProperty 3 valueOf"),
    ).toBeUndefined();
    expectOnlyInputErrors(
      new TextEncoder().encode(LAB),
      (bytes) => parseTopasInp(new TextDecoder("latin1").decode(bytes), "fuzzed"),
      150,
    );
  });
});

describe.skipIf(!hasShared)("TOPAS files of others (needs ../shared)", () => {
  it("a synchrotron pattern of LaB6, by PowderLine", () => {
    const { patterns, notes } = readTopasInp(shared("data/powder/powderline_lab6_28ID1_0.1665A/example_LaB6.inp"));
    const [pattern] = patterns;
    expect(notes).toEqual([]);
    // gauss_fwhm and lor_fwhm there are GSAS-II's numbers in GSAS-II's units
    const k = (8 * Math.LN2) / 1e4;
    expect(pattern!.profile.U!.value).toBeCloseTo(18.71740851 * k, 7);
    expect(pattern!.profile.X!.value).toBeCloseTo(0.002814303432, 10);
    expect(pattern!.phases[0]!.size!.value).toBeCloseTo(9000, 6);
    expect(pattern).toMatchObject({ polarization: 0, lines: [{ wavelength: { value: 0.1665 } }] });
    expect(pattern!.peaks).toHaveLength(1);
  });

  it("a laboratory pattern of NaxCoO2", () => {
    const [pattern] = readTopasInp(shared("data/powder/guillemot_topas/example_refinement_NaCoO2.inp")).patterns;
    const [phase] = pattern!.phases;
    expect(phase!.structure.sites.map(({ label, scatterer }) => `${label} ${scatterer}`)).toEqual([
      "Co1 Co3+",
      "Na1 Na1+",
      "Na2 Na1+",
      "O1 O2-",
    ]);
    expect(phase).toMatchObject({ cell: { c: { value: 10.916868, name: "lpc" } }, textures: [{ hkl: [0, 0, 1] }] });
  });

  it("the refined FeSb, and what of it is not read", () => {
    const { patterns, unread } = readTopasInp(shared("data/powder/guillemot_topas/FeSb_19RBM.out"));
    expect(patterns[0]!.phases[0]).toMatchObject({
      cell: { a: { value: 4.113838 }, c: { value: 5.157225 } },
      sites: [
        { b: { name: "total_beq" } },
        { b: { name: "total_beq" }, occupancy: { value: 0.27786, isRefined: true } },
        {},
      ],
    });
    expect(unread.filter(({ matters }) => matters)).toEqual([]);
  });
});
