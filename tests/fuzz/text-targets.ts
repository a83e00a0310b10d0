/** Texts and small binary files of patterns, geometry, instruments, structures and cyclers. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { strToU8, zipSync } from "fflate";
import type { CyclerRecord, Pattern } from "../../src/data/index.ts";
import { isZip, parseBrml } from "../../src/files/brml.ts";
import { parseBrukerRaw } from "../../src/files/bruker-raw.ts";
import { decodeText } from "../../src/files/byte-source.ts";
import { readCif } from "../../src/files/cif.ts";
import { parseNumberList } from "../../src/files/csv.ts";
import { parseCyclerFile } from "../../src/files/cycler-file.ts";
import { type CyclerStep, formatEcLabText, formatGamryDta } from "../../src/files/cycler-writer.ts";
import { parseGsasExp } from "../../src/files/gsas-exp.ts";
import { parseInstrument } from "../../src/files/instprm.ts";
import { encodeNpy } from "../../src/files/npy.ts";
import { readPattern } from "../../src/files/pattern-file.ts";
import { formatPatternCsv, formatXye } from "../../src/files/pattern-text.ts";
import { parsePoni } from "../../src/files/poni.ts";
import { parseTopasInp } from "../../src/files/topas-inp.ts";
import { parseXrdml } from "../../src/files/xrdml.ts";
import { importGsasExp, importInstrument, importTopas } from "../../src/pipeline/hand-over/import.ts";
import { type FuzzTarget, headAndTail, made, measured, must, type Seed } from "./target.ts";

const pattern: Pattern = {
  axis: { unit: "two-theta", values: Float64Array.from({ length: 60 }, (_, i) => 2 + 0.05 * i) },
  intensity: Float64Array.from({ length: 60 }, (_, i) => 100 + 900 * Math.exp(-(((i - 30) / 4) ** 2))),
  sigma: Float64Array.from({ length: 60 }, (_, i) => 10 + (i % 7)),
};

function wholePattern({ axis, intensity, sigma }: Pattern): unknown {
  must(axis.values.length > 0, "a pattern without points");
  for (const values of [intensity, ...(sigma ? [sigma] : [])])
    must(values.length === axis.values.length, `${values.length} values on ${axis.values.length} points`);
  must(axis.values.every(Number.isFinite), "a place that is no number");
  must(
    axis.values.every((value, i) => i === 0 || value > axis.values[i - 1]!),
    "places that do not rise",
  );
  return [axis.unit, axis.values, intensity, sigma];
}

const GSAS_STD = `made up\nBANK 1 30 6 CONST 500.0 2.0 0 0 STD\n${Array.from({ length: 5 }, (_, r) => Array.from({ length: 6 }, (_, i) => String(100 + 7 * r + i).padStart(8)).join("")).join("\n")}\n`;
const GSAS_FXYE = `made up\nBANK 1 40 40 CONST 500.0 2.0 0 0 FXYE\n${Array.from({ length: 40 }, (_, i) => `${500 + 2 * i} ${100 + i} ${10}`).join("\n")}\n`;
const XRDML = `<?xml version="1.0" encoding="UTF-8"?>\n<xrdMeasurements xmlns="http://www.xrdml.com/XRDMeasurement/1.5">
<xrdMeasurement><scan scanAxis="Gonio"><dataPoints><positions axis="2Theta" unit="deg">
<startPosition>10</startPosition><endPosition>10.4</endPosition></positions>
<commonCountingTime unit="seconds">10.00</commonCountingTime><intensities unit="counts">5 7 9 8 6</intensities></dataPoints></scan></xrdMeasurement></xrdMeasurements>`;
const BRML = `<?xml version="1.0"?><RawData><DataRoutes><DataRoute RouteFlag="Measured"><ScanInformation><ScanAxes>
<ScanAxisInfo AxisName="TwoTheta" Unit="x"><Start>10</Start></ScanAxisInfo><ScanAxisInfo AxisName="Theta"></ScanAxisInfo>
</ScanAxes></ScanInformation>${Array.from({ length: 20 }, (_, i) => `<Datum>96,1,${10 + 0.01 * i},${5 + 0.005 * i},${80 + ((i * 7) % 11)}</Datum>`).join("")}</DataRoute></DataRoutes></RawData>`;

/** RAW1.01: 30 points behind a supplementary head of 8 bytes. */
export function bruker(): Uint8Array {
  const bytes = new Uint8Array(712 + 304 + 8 + 120);
  bytes.set(strToU8("RAW1.01"));
  const view = new DataView(bytes.buffer);
  view.setUint32(712, 304, true);
  view.setUint32(716, 30, true);
  view.setFloat64(728, 10, true);
  view.setFloat64(888, 0.02, true);
  view.setUint32(968, 8, true);
  for (let i = 0; i < 30; i++) view.setFloat32(1024 + 4 * i, 7 + i, true);
  return bytes;
}

/** The member's packed bytes: a zip keeps a CRC of what they give. */
function guardedBrml(): Seed {
  const bytes = zipSync({ "Experiment0/RawData0.xml": strToU8(BRML) });
  const start = 30 + "Experiment0/RawData0.xml".length;
  return { name: "made.brml", bytes, guarded: [start, Buffer.from(bytes).indexOf("PK\u0001\u0002", 0, "latin1")] };
}

const POWDER = [
  "powder/guillemot_topas/FeSb_19RBM.xy",
  "powder/gsas_lab_refined/A_SI3N4.XRA",
  "powder/gsas_lab_refined/FAP.XRA",
  "powder/nist_lab6_lab/NIST660CBI.gsas",
  "powder/maud_steel/Steel16CrNi4.RAW",
  "powder/scimap_lab/LMO-two-phase.plt",
  "powder/scimap_lab/corundum.xye",
  "powder/cpd_round_robin/CPD-1H.PRN",
  "powder/powderline_lab6_28ID1_0.1665A/gsas2_LaB6_peak_list_report.csv",
  "detector/bruker_gadds_nca/map-0.plt",
];

const patternText: FuzzTarget = {
  name: "pattern-text",
  kind: "text",
  seeds: () => [
    made("made.xye", formatXye(pattern, ["a comment"])),
    made("made.csv", formatPatternCsv(pattern)),
    made("std.gsas", GSAS_STD),
    made("fxye.gsas", GSAS_FXYE),
    made("made.xrdml", XRDML),
    ...measured(POWDER, headAndTail),
  ],
  grammar: fc
    .array(
      fc.array(
        fc.oneof(
          fc.double().map(String),
          fc.integer().map(String),
          fc.constantFrom("nan", "1,5", "#", "x", "1e999", "\t", ";"),
        ),
        { maxLength: 5 },
      ),
      { maxLength: 60 },
    )
    .map((rows) => rows.map((row) => row.join(" ")).join("\n")),
  read: (bytes, folder) => readAs(bytes, folder, "pattern.xye"),
};

function readAs(bytes: Uint8Array, folder: string, name: string): unknown {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return wholePattern(readPattern(path, { axis: "two-theta" }));
}

const patternFile: FuzzTarget = {
  name: "pattern-file",
  kind: "bytes",
  seeds: () => [
    guardedBrml(),
    made("made.raw", bruker()),
    made("made.npy", encodeNpy({ shape: [20, 3], data: Float64Array.from({ length: 60 }, (_, i) => i + 1) })),
    made("made.xye", formatXye(pattern)),
    made("std.gsas", GSAS_STD),
    ...measured([
      "powder/nist_lab6_lab/LaB6_Jan2018.raw",
      "powder/scimap_lab/lmo-two-phase.brml",
      "powder/hexrd_ceo2_ge_80.725keV/expt_spectrum.npy",
    ]),
  ],
  read: (bytes, folder) => readAs(bytes, folder, "pattern.dat"),
};

const brukerRaw: FuzzTarget = {
  name: "bruker-raw",
  kind: "bytes",
  seeds: () => [made("made.raw", bruker()), ...measured(["powder/nist_lab6_lab/LaB6_Jan2018.raw"])],
  read: (bytes) => wholePattern(parseBrukerRaw(bytes, "a.raw")),
};

const brml: FuzzTarget = {
  name: "brml",
  kind: "bytes",
  seeds: () => [guardedBrml(), guardedBrml(), ...measured(["powder/scimap_lab/lmo-two-phase.brml"])],
  read: (bytes) => (isZip(bytes) ? wholePattern(parseBrml(bytes, "a.brml")) : undefined),
};

/** What is inside: mutated as a text, then zipped whole. */
const brmlText: FuzzTarget = {
  name: "brml-text",
  kind: "text",
  seeds: () => [made("RawData0.xml", BRML)],
  read: (bytes) => wholePattern(parseBrml(zipSync({ "RawData0.xml": bytes }, { level: 1 }), "a.brml")),
};

const xrdml: FuzzTarget = {
  name: "xrdml",
  kind: "text",
  seeds: () => [made("made.xrdml", XRDML)],
  read: (bytes) => wholePattern(parseXrdml(decodeText(bytes), "a.xrdml")),
};

const numberList: FuzzTarget = {
  name: "number-list",
  kind: "text",
  seeds: () => [made("list.txt", "# angle\n0\n1.5\n3\n"), made("list.csv", "index,angle\n0,0\n1,1.5\n")],
  read: (bytes) => parseNumberList(decodeText(bytes), "a.txt"),
};

const PONI = `# Nota: C-Order, 1 refers to the Y axis, 2 to the X axis\nponi_version: 2.1\nDetector: Detector\nDetector_config: {"pixel1": 0.000172, "pixel2": 0.000172, "max_shape": [1043, 981], "orientation": 3}\nDistance: 0.2\nPoni1: 0.1\nPoni2: 0.11\nRot1: 0.01\nRot2: -0.02\nRot3: 0\nWavelength: 1.2e-11\n`;
const poni: FuzzTarget = {
  name: "poni",
  kind: "text",
  seeds: () => [
    made("made.poni", PONI),
    made(
      "pilatus.poni",
      PONI.replace("Detector: Detector", "Detector: Pilatus2M").replace(/Detector_config.*/, "Detector_config: {}"),
    ),
    ...measured([
      "detector/dioptas_ceo2_30keV/CeO2_Pilatus1M.poni",
      "detector/ndtomo_ceo2_71keV/CeO2.poni",
      "detector/ndtomo_ceo2_71keV/Spotty_calib.poni",
    ]),
  ],
  read(bytes) {
    const found = parsePoni(decodeText(bytes), "a.poni");
    for (const value of Object.values(found)) must(typeof value !== "number" || Number.isFinite(value), "no number");
    return found;
  },
};

const INSTPRM = `#GSAS-II instrument parameter file; do not add/delete items!\nType:PXC\nBank:1.0\nLam:0.1665\nPolariz.:0.99\nAzimuth:0.0\nZero:-0.004\nU:18.7174\nV:0.6003\nW:1.1470\nX:0.28143\nY:0.001\nZ:0.05\nSH/L:0.0005\n`;
const PRM = `INS   BANK      1\nINS   HTYPE   PXCR\nINS  1 ICONS 0.4130110    0.0000    0.0000               0.990    0     0.500\nINS  1PRCF1     3   19   0.00100\nINS  1PRCF11       1.163000      -0.126000       0.063000   0.000000E+00\n`;
const instrument: FuzzTarget = {
  name: "instrument",
  kind: "text",
  seeds: () => [
    made("made.instprm", INSTPRM),
    made("two-banks.instprm", INSTPRM + INSTPRM.replace("Bank:1.0", "Bank:2")),
    made("made.prm", PRM),
    ...measured(["powder/gsas_lab_refined/INST_XRY.PRM", "powder/aps11bm_si640d_al2o3_676a/11bmb_8341.prm"]),
  ],
  read: (bytes) => parseInstrument(decodeText(bytes), "a.instprm").map((one) => importInstrument(one)),
};

const EXP = [
  " EXPR  HTYP1  PXC",
  "CRS1    PNAM  salt",
  "CRS1  ABC     5.640200  5.640200  5.640200    Y    0",
  "CRS1  ANGLES   90.0000   90.0000   90.0000",
  "CRS1  AT  1A  NA+1      0.000000  0.000000  0.000000  1.000000NA1        4 000",
  "CRS1  AT  1B  0.020000                                                    I XU",
  "CRS1  SG SYM  F M 3 M",
  "HST  1 ICONS  1.540500  1.544300       1.5         0       0.5    0       0.5",
  "HST  1 TRNGE  15.00000 129.98000",
  "HST  1EXC  1    20.000    21.000",
  "HAP1 1PRCF      2    6      0.01",
  "HAP1 1PRCF 1   0.200000E+01  -0.200000E+01   0.500000E+01   0.335183E+01",
  "HAP1 1PRCF 2   0.248803E+01   0.000000E+00",
]
  .map((text) => text.padEnd(80))
  .join("\n");
const gsasExp: FuzzTarget = {
  name: "gsas-exp",
  kind: "text",
  seeds: () => [
    made("made.exp", EXP),
    ...measured(["powder/gsas_lab_refined/FAP.EXP", "powder/gsas_lab_refined/A_SI3N4X.EXP"]),
  ],
  read: (bytes) => importGsasExp(parseGsasExp(decodeText(bytes), "a.exp")).notes,
};

const TOPAS = `' made up\niters 1000\n#define FINE\n#ifdef FINE\nxdd "quartz.xy"\n#else\nxdd "other.xy"\n#endif\n  start_X 20 finish_X 120 /* degrees */\n  exclude 1 2\n  bkg @ 100\`_2 -3.5 0.25\n  CuKa5(0.0001)\n  Radius(173)\n  LP_Factor(!monochromator, 26.4)\n  Zero_Error(@, -0.012\`_0.001)\n  TCHZ_Peak_Type(pku, 0.01, pkv, -0.02, !pkw, 0.03, !pkz, 0.004, pkx, 0.05, !pky, 0.06)\n  str\n    phase_name "alpha quartz"\n    space_group "P_32_2_1"\n    Hexagonal(a_q 4.9134 min 4.8 max =5;, @ 5.4052)\n    scale @ 0.002\n    site Si1 num_posns 3 x @ 0.4697 y 0 z =2/3; occ Si 1 beq b1 0.5\n    site O1 x 0.4133 y =1/2 - 0.2328; z =Third + 0.1188; occ O-2 0.75 beq =b1 + 0.5; occ F 0.25 beq 2\n    prm !Third =1/3;\n    CS_L(@, 100 min 10)\n    Preferred_Orientation(@, 0.8,, 1 0 0)\n  hkl_Is\n    lebail 1\n    phase_name other\n    a 3 b 4 c 5 space_group Pmmm\n`;
const topas: FuzzTarget = {
  name: "topas",
  kind: "text",
  seeds: () => [
    made("made.inp", TOPAS),
    ...measured([
      "powder/guillemot_topas/FeSb_19RBM.out",
      "powder/guillemot_topas/example_refinement_NaCoO2.inp",
      "powder/powderline_lab6_28ID1_0.1665A/example_LaB6.inp",
    ]),
  ],
  read(bytes) {
    const input = parseTopasInp(decodeText(bytes), "a.inp");
    return input.patterns.map((_, i) => importTopas(input, i).notes);
  },
};

const CIF = `data_NMC\n_cell_length_a 2.87(1)\n_cell_length_b 2.87\n_cell_length_c 14.2\n_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 120\n_space_group_name_H-M_alt 'R -3 m'\nloop_\n_space_group_symop_operation_xyz\n'x,y,z'\n'-y,x-y,z'\n'-x,-y,-z'\nloop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n_atom_site_occupancy\n_atom_site_B_iso_or_equiv\nLi1 Li+ 0 0 0 1 0.5\nNi1 Ni 0 0 0.5 0.8 0.3\nMn1 Mn 0 0 1/2 0.2 0.3\nO1 O 0 0 0.2411(3) 1 0.7\n_publ_text\n;\nlines\nof text\n;\n`;
const cif: FuzzTarget = {
  name: "cif",
  kind: "text",
  seeds: () => [
    made("made.cif", CIF),
    made("made-2.cif", `#\\#CIF_2.0\n${CIF}_list [1 2 [3 4]]\n_table {'a':1 "b":[x]}\n_triple '''three\nlines'''\n`),
    ...measured(
      ["Si", "CeO2", "Ni", "CaF2_fluorite", "C_graphite_hex", "lab6", "alpha_fe"].map((name) => `cif/${name}.cif`),
    ),
  ],
  read(bytes) {
    const structures = readCif(decodeText(bytes), "a.cif");
    for (const { cell, sites } of structures) {
      must(Object.values(cell).every(Number.isFinite), "a cell that is no number");
      for (const { x, y, z, occupancy } of sites)
        must([x, y, z, occupancy].every(Number.isFinite), "a site that is no number");
    }
    return structures;
  },
};

function wholeRecord({ timeS, voltageV, currentA, chargeAh, step, cycle }: CyclerRecord): unknown {
  for (const values of [voltageV, currentA, chargeAh, step, cycle])
    must(!values || values.length === timeS.length, "columns of two lengths");
  must(
    [...timeS].every((time, i) => Number.isFinite(time) && (i === 0 || time >= timeS[i - 1]!)),
    "a time that goes back",
  );
  for (const values of [voltageV, currentA, chargeAh]) must(!values || values.every(Number.isFinite), "no number");
  return [timeS, voltageV, currentA, chargeAh, step, cycle];
}

const NEWARE = `DataPoint,Cycle Index,Step Index,Step Type,Time,Total Time,Current(mA),Voltage(V),Capacity(mAh),Date\n1,1,1,CC Chg,00:00:00,00:00:00,1.0,3.0,0,2022-05-18 16:27:52\n2,1,1,CC Chg,00:01:00,00:01:00,1.0,3.1,0.0166667,2022-05-18 16:28:52\n`;
const LAYERED = `Cycle ID,Cap(mAh)\n,Step ID,Step Name\n,,Record ID,Time(h:min:s.ms),Voltage(V),Current(mA),Capacity(mAh)\n1,1\n,1,CC Chg\n,,1,00:00:00.000,3.0,1,0\n,,2,00:01:00.000,3.1,1,0.01667\n`;
const ARBIN = `Test_Time(s),Step_Index,Cycle_Index,Current(A),Voltage(V),Charge_Capacity(Ah),Discharge_Capacity(Ah)\n0,1,1,0.1,3.0,0,0\n36,1,1,0.1,3.1,0.001,0\n72,1,1,0.1,3.2,0.002,0\n`;
const MACCOR = `Today's Date\t03/28/2022\n\nRec#\tCyc#\tStep\tTestTime\tStepTime\tAmp-hr\tWatt-hr\tAmps\tVolts\tState\tES\tDPt Time\n1\t0\t1\t  0d 00:00:00.00\t  0d 00:00:00.00\t0.0\t0.0\t0.1\t3.0\tC\t0\t08/23/2021 6:04:18 PM\n2\t0\t1\t  0d 00:00:36.00\t  0d 00:00:36.00\t0.001\t0.003\t0.1\t3.1\tC\t1\t08/23/2021 6:04:54 PM\n`;
const STEP: CyclerStep = {
  kind: "charge",
  startS: 0,
  timeS: Float64Array.from({ length: 20 }, (_, i) => 30 * i),
  voltageV: Float64Array.from({ length: 20 }, (_, i) => 3 + 0.02 * i),
  currentA: new Float64Array(20).fill(0.002),
  chargeAh: Float64Array.from({ length: 20 }, (_, i) => (0.002 * 30 * i) / 3600),
};
const GAMRY = [
  "ccd_charge_data",
  "chronoa_data",
  "cv_data",
  "cv_data_incompleteheader",
  "eispot_data",
  "ocp_data",
  "ocvcurve_data",
  "squarewave_data",
  "vfp600_data",
];

const cycler: FuzzTarget = {
  name: "cycler",
  kind: "text",
  seeds: () => [
    made("neware.csv", NEWARE),
    made("layered.csv", LAYERED),
    made("arbin.csv", ARBIN),
    made("maccor.txt", MACCOR),
    made("columns.txt", "# time [h]\tvoltage [V]\n0.0\t3.1\n0.1\t3.0\n0.2\t2.9\n"),
    made("made.dta", formatGamryDta(STEP, new Date(1.6e12), false)),
    made("made.mpt", formatEcLabText([STEP], new Date(1.6e12))),
    ...measured(
      GAMRY.map((name) => `echem/gamry/${name}.dta`),
      headAndTail,
    ),
    ...measured(
      [
        "echem/biologic/00_BIOLOGIC_NO_CURRENT.txt.gz",
        "echem/other/neware_uio.csv.gz",
        "echem/other/maccor_three.txt",
        "echem/other/arbin_example.bdf.csv",
      ],
      headAndTail,
    ),
  ],
  read: (bytes) => wholeRecord(parseCyclerFile(bytes, "a.csv")),
};

/** A small .mpr: flags, time, voltage, charge. */
function mpr(): Uint8Array {
  const data = new Uint8Array(406 + 3 * 21);
  const view = new DataView(data.buffer);
  view.setUint32(0, 3, true);
  view.setUint8(4, 4);
  [1, 4, 6, 13].forEach((id, k) => view.setUint16(5 + 2 * k, id, true));
  const all = new Uint8Array(52 + 57 + data.length);
  all.set(strToU8("BIO-LOGIC MODULAR FILE\x1a".padEnd(48)));
  all.set(strToU8(`MODULE${"VMP data".padEnd(35)}`), 52);
  new DataView(all.buffer).setUint32(52 + 41, data.length, true);
  new DataView(all.buffer).setUint32(52 + 45, 3, true);
  all.set(data, 109);
  return all;
}

const biologicMpr: FuzzTarget = {
  name: "biologic-mpr",
  kind: "bytes",
  seeds: () => [
    made("made.mpr", mpr()),
    ...measured(["echem/biologic/jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data_C09.mpr"], (bytes) =>
      bytes.subarray(0, 60_000),
    ),
    ...measured(["echem/biologic/jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data_C09.mpr"]),
  ],
  read: (bytes) => wholeRecord(parseCyclerFile(bytes, "a.mpr")),
};

export const TEXT_TARGETS: readonly FuzzTarget[] = [
  patternText,
  patternFile,
  brukerRaw,
  brml,
  brmlText,
  xrdml,
  numberList,
  poni,
  instrument,
  gsasExp,
  topas,
  cif,
  cycler,
  biologicMpr,
];
