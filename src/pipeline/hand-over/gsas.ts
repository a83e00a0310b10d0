/**
 * A settled model as a starting point of GSAS-II: instrument file, one CIF a phase, and a script that makes the project.
 *
 *   S m |F|^2 / (sin^2 cos) a degree here is s f m |F|^2 / (2 V sin^2 cos) a centidegree there: s f = 200 S V
 *   size    FWHM = 1.8 lambda / (pi s cos) centidegrees, s in um; here 0.9 lambda / (size cos): s = size / 900
 *   strain  FWHM = 0.018 m tan / pi centidegrees; here 4 e tan: m = 4e6 e
 *   Lorentzian and Gaussian part of one size s: mix = (1 / sL) / (1 / sL + 1 / sG)
 *
 * Source: GSAS-II, GSASIIstrMath.GetReflPos, GetSampleSigGam and the loop over reflections; GSASIIscriptable.
 */
import { cellVolume, equivalentPositions, parseOperation, type Structure } from "../../crystal/index.ts";
import { formatCif } from "../../files/cif-writer.ts";
import { formatInstprm } from "../../files/instprm.ts";
import { linearFit } from "../../fit/index.ts";
import { type SettledModel, type SettledPhase, withOverallB } from "./settled.ts";

export interface GsasExport {
  /** file name -> text */
  readonly files: ReadonlyMap<string, string>;
  readonly notes: readonly string[];
}

/** @param patternFile as the script is to find it, from its own folder */
export function formatGsasStart(settled: SettledModel, patternFile: string): GsasExport {
  const notes: string[] = [];
  const files = new Map<string, string>();
  files.set("instrument.instprm", instrumentFile(settled, notes));
  for (const phase of settled.phases) files.set(`${phase.fileName}.cif`, phaseFile(settled, phase, notes));
  const script = scriptLines(settled, patternFile, notes);
  files.set("gsas2_start.py", `${[...headLines(settled, notes), ...script].join("\n")}\n`);
  return { files, notes };
}

function instrumentFile(settled: SettledModel, notes: string[]): string {
  const { resolved, value } = settled;
  const { model } = resolved;
  const wavelengthA = value("wavelength") || resolved.wavelengthA;
  const lines = model.radiation.map(({ ratio, weight }) => ({ wavelengthA: wavelengthA * ratio, weight }));
  if (model.hasHowardAsymmetry) {
    notes.push(
      `Howard's asymmetry, ${value("asym")} degrees, is not in GSAS-II and is left out: give SH/L ${value("asym") < 0 ? "0, as it is of the other sign" : "and refine it"}`,
    );
  }
  if (lines.length > 2) notes.push(`${lines.length} emission lines; GSAS-II takes two, the first ones`);
  const { displacement } = model;
  const isTube = displacement?.geometry === "bragg-brentano" || (lines.length > 1 && !displacement);
  return formatInstprm({
    lines: lines.slice(0, 2),
    zeroDeg: value("zero"),
    polarization: model.polarization,
    ...(model.profile === "tchz"
      ? { U: value("U"), V: value("V"), W: value("W"), X: value("X"), Y: value("Y"), Z: value("Z") }
      : thompsonOfPseudoVoigt(settled, notes)),
    SL: model.hasAsymmetry ? value("SL") : 0,
    HL: model.hasAsymmetry ? value("HL") : 0,
    geometry: isTube ? "bragg-brentano" : "debye-scherrer",
    ...(displacement && { radiusMm: displacement.lengthMm }),
  });
}

type Widths = Record<"U" | "V" | "W" | "X" | "Y" | "Z", number>;

/** Caglioti FWHM and share as Gaussian and Lorentzian widths, fitted over the range. */
function thompsonOfPseudoVoigt({ value, range }: SettledModel, notes: string[]): Widths {
  const rows: { gauss: number[]; lorentz: number[]; g2: number; l: number }[] = [];
  for (let i = 0; i < 40; i++) {
    const twoTheta = range[0] + ((range[1] - range[0]) * i) / 39;
    const theta = (twoTheta * Math.PI) / 360;
    const [t, secant] = [Math.tan(theta), 1 / Math.cos(theta)];
    const fwhm = Math.sqrt(Math.max(1e-12, (value("U") * t + value("V")) * t + value("W")));
    const { gauss, lorentz } = voigtShares(value("eta0") + value("eta1") * twoTheta);
    rows.push({
      gauss: [t * t, t, 1],
      lorentz: [secant, t, 1],
      g2: (gauss * fwhm) ** 2,
      l: lorentz * fwhm,
    });
  }
  const even = rows.map(() => 1);
  const nearest = (basis: "gauss" | "lorentz", size: number, y: number[]) =>
    linearFit(
      rows.map((row) => row[basis].slice(0, size)),
      y,
      even,
    )?.values;
  const [U = 0, V = 0, W = 0] =
    nearest(
      "gauss",
      3,
      rows.map(({ g2 }) => g2),
    ) ?? [];
  // over a short range 1 / cos and a constant are the same
  const [X = 0, Y = 0] =
    nearest(
      "lorentz",
      2,
      rows.map(({ l }) => l),
    ) ?? [];
  notes.push("the pseudo-Voigt of its own width and share is written as U V W X Y that come nearest over the range");
  return { U, V, W, X, Y, Z: 0 };
}

/** Gaussian and Lorentzian FWHM of a pseudo-Voigt of FWHM 1 (Thompson, Cox & Hastings 1987), by bisection. */
function voigtShares(eta: number): { gauss: number; lorentz: number } {
  const wanted = Math.min(1, Math.max(0, eta));
  let [low, high] = [0, 1];
  for (let i = 0; i < 60; i++) {
    const q = (low + high) / 2;
    if ((1.36603 + (-0.47719 + 0.11116 * q) * q) * q < wanted) low = q;
    else high = q;
  }
  const lorentz = (low + high) / 2;
  let [from, to] = [0, 1];
  for (let i = 0; i < 60; i++) {
    const g = (from + to) / 2;
    const l = lorentz;
    const sum =
      g ** 5 +
      2.69269 * g ** 4 * l +
      2.42843 * g ** 3 * l ** 2 +
      4.47163 * g ** 2 * l ** 3 +
      0.07842 * g * l ** 4 +
      l ** 5;
    if (sum < 1) from = g;
    else to = g;
  }
  return { gauss: (from + to) / 2, lorentz };
}

/** GSAS-II knows the groups by symbol, with origin 2 and hexagonal axes; other settings go as P 1. */
function phaseFile(settled: SettledModel, phase: SettledPhase, notes: string[]): string {
  const { model, setting } = phase;
  const structure = withOverallB(phase, settled.value(`${model.name}/overallB`));
  const comment = `${model.name}: cell and sites as refined, written by xrdct; angstrom, degrees, U in angstrom^2`;
  if (setting && setting.extension !== "1" && setting.extension !== "R") {
    const symbol = `_symmetry_space_group_name_H-M '${setting.hermannMauguin}'`;
    return formatCif(structure, [comment]).replace("_space_group_IT_number", `${symbol}\n_space_group_IT_number`);
  }
  notes.push(
    `${model.name}: its setting is not one that GSAS-II takes by symbol, so that it is written in P 1 with every atom of the cell`,
  );
  return formatCif(inP1(structure), [comment]).replace(
    "_space_group_IT_number",
    "_symmetry_space_group_name_H-M 'P 1'\n_space_group_IT_number",
  );
}

/** Every atom of the cell as a site of its own; anisotropic displacements as their means. */
function inP1(structure: Structure): Structure {
  const operations = structure.operations.map(parseOperation);
  return {
    ...structure,
    operations: ["x,y,z"],
    sites: structure.sites.flatMap(({ uAniso: _, ...site }) => {
      const at = equivalentPositions([site.x, site.y, site.z], operations);
      return Array.from({ length: at.length / 3 }, (__, k) => ({
        ...site,
        label: `${site.label}_${k + 1}`,
        x: at[3 * k]!,
        y: at[3 * k + 1]!,
        z: at[3 * k + 2]!,
      }));
    }),
  };
}

const python = (value: unknown): string =>
  JSON.stringify(value)
    .replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .replace(/\btrue\b/g, "True")
    .replace(/\bfalse\b/g, "False");
/** Text alone: "true" in a name stays what it is. */
const pythonText = (text: string): string =>
  JSON.stringify(text).replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

function headLines({ source, phases }: SettledModel, notes: readonly string[]): string[] {
  const plain = (text: string): string => text.replace(/[\r\n]+/g, " ");
  return [
    `# ${plain(source.title || source.config.title || "a refined pattern")}: a starting point for GSAS-II, written by xrdct.`,
    "# Run it with GSAS-II's Python: python gsas2_start.py [--refine]; it makes start.gpx beside this file.",
    `# Phases: ${phases.map(({ model }) => model.name).join(", ")}. Values and refinement flags are those of xrdct.`,
    "# U V W here are sigma^2 in centidegree^2, X Y Z centidegrees, sizes um, mustrain 1e6 x strain (FWHM = m tan).",
    ...notes.map((note) => `# Not carried over: ${plain(note)}`),
  ];
}

function scriptLines(settled: SettledModel, patternFile: string, notes: string[]): string[] {
  const { value, range, background, source, resolved, phases } = settled;
  const { model } = resolved;
  const [first, last] = [source.pattern.axis.values[0]!, source.pattern.axis.values.at(-1)!];
  const excluded = source.config.exclude
    .map(([low, high]) => [Math.max(low, Math.min(first, last)), Math.min(high, Math.max(first, last))])
    .filter(([low, high]) => low! < high!);
  const isRefined = settled.isRefined;
  const instrument = [
    ...["U", "V", "W", "X", "Y", "Z"].filter((key) => model.profile === "tchz" && isRefined(key)),
    ...(isRefined("zero") ? ["Zero"] : []),
    ...(model.hasAsymmetry && (isRefined("SL") || isRefined("HL")) ? ["SH/L"] : []),
    ...(isRefined("wavelength") && model.radiation.length === 1 ? ["Lam"] : []),
  ];
  const factors = phases.map(({ model: phase, structure }) =>
    phase.kind === "rietveld" ? 200 * value(`${phase.name}/scale`) * cellVolume(structure.cell) : 1,
  );
  const rietveld = factors.filter((_, i) => phases[i]!.model.kind === "rietveld");
  const total = rietveld.reduce((sum, x) => sum + x, 0) || 1;
  if (model.lorentz === "ring-sum")
    notes.push("the Lorentz factor 1 / sin of ring sums; GSAS-II takes 1 / (sin^2 cos)");
  if (phases.some(({ model: phase }) => phase.kind === "rietveld" && !phase.anomalous))
    notes.push("GSAS-II always takes f' and f'' in, which this model leaves out");
  if (settled.backgroundError > 0) {
    notes.push(
      `the background of points or of a measured pattern is written as ${background.length} Chebyshev terms, at most ${settled.backgroundError.toPrecision(2)} from it`,
    );
  }
  for (const constraint of resolved.constraints) {
    // one SH/L there
    if (constraint !== "HL = SL") notes.push(`the constraint "${constraint}"`);
  }
  const isBackgroundRefined = settled.parameters.some(({ name }) => name.startsWith("background/") && isRefined(name));
  return [
    "import os",
    "import sys",
    "",
    "try:",
    "    from GSASII import GSASIIscriptable as G2sc",
    "except ImportError:  # installations before 2025: put the folder GSASII on the path",
    "    import GSASIIscriptable as G2sc",
    "",
    "here = os.path.dirname(os.path.abspath(__file__))",
    'gpx = G2sc.G2Project(newgpx=os.path.join(here, "start.gpx"))',
    "hist = gpx.add_powder_histogram(",
    `    os.path.join(here, ${pythonText(patternFile)}), os.path.join(here, "instrument.instprm"), fmthint="xye"`,
    ")",
    `hist.set_refinements({"Limits": ${python(range)}})`,
    ...(excluded.length > 0 ? [`hist.Excluded(${python(excluded)})`] : []),
    ...(background.length > 0
      ? [
          `hist.set_refinements({"Background": {"type": "chebyschev-1", "no. coeffs": ${background.length},`,
          `    "coeffs": ${python(background)}, "refine": ${python(isBackgroundRefined)}}})`,
        ]
      : []),
    ...model.peaks.map((peak) => peakLine(settled, peak)),
    ...(instrument.length > 0 ? [`hist.set_refinements({"Instrument Parameters": ${python(instrument)}})`] : []),
    ...displacementLines(settled, notes),
    `hist.data["Sample Parameters"]["Scale"] = [${total}, ${python(rietveld.length === 1)}]`,
    "",
    ...phases.flatMap((phase, i) => phaseLines(settled, phase, factors[i]! / total, rietveld.length > 1, notes)),
    'gpx.set_Controls("cycles", 5)',
    "gpx.save()",
    'if "--refine" in sys.argv[1:]:',
    "    gpx.do_refinements([{}])",
    '    print("wR", hist.get_wR())',
  ];
}

/** Area a centidegree; a Voigt of sigma^2 in centidegree^2 and a Lorentzian FWHM in centidegrees. */
function peakLine({ value, isRefined }: SettledModel, peak: string): string {
  const at = (key: string): number => value(`peaks/${peak}/${key}`);
  const { gauss, lorentz } = voigtShares(at("eta"));
  const sigma2 = (100 * at("fwhm") * gauss) ** 2 / (8 * Math.LN2);
  const flags = ["position", "area", "fwhm", "fwhm"].map((key) => isRefined(`peaks/${peak}/${key}`));
  return `hist.add_back_peak(${at("position")}, ${100 * at("area")}, ${sigma2}, ${100 * at("fwhm") * lorentz}, ${python(flags)})  # ${peak.replace(/[^ -~]/g, "?")}`;
}

function displacementLines({ value, isRefined, resolved }: SettledModel, notes: string[]): string[] {
  const { displacement } = resolved.model;
  if (!displacement) return [];
  const flag = python(isRefined("displacement"));
  if (displacement.geometry === "bragg-brentano") {
    const lines = [`hist.data["Sample Parameters"]["Shift"] = [${1000 * value("displacement")}, ${flag}]  # um`];
    if (displacement.hasTransparency) {
      // GSAS-II moves lines by -9 / (pi R) times it sin 2theta
      const transparency = (Math.PI * displacement.lengthMm * value("transparency")) / 9;
      lines.push(
        `hist.data["Sample Parameters"]["Transparency"] = [${transparency}, ${python(isRefined("transparency"))}]`,
      );
    }
    return lines;
  }
  notes.push(
    "the displacement along the beam is DisplaceY, which has sin 2theta for sin 2theta cos 2theta of a flat detector",
  );
  return [`hist.data["Sample Parameters"]["DisplaceY"] = [${2000 * value("displacement")}, ${flag}]  # um`];
}

function phaseLines(
  settled: SettledModel,
  phase: SettledPhase,
  fraction: number,
  hasFractions: boolean,
  notes: string[],
): string[] {
  const { model } = phase;
  const { value, isRefined } = settled;
  const own = (key: string): string => `${model.name}/${key}`;
  const isRietveld = model.kind === "rietveld";
  const isCellRefined = phase.freedom.names.some((key) => isRefined(own(key)));
  const flags = isRietveld && phase.setting ? atomFlags(phase, isRefined) : {};
  const lines = [
    `phase = gpx.add_phase(os.path.join(here, ${pythonText(`${phase.fileName}.cif`)}), phasename=${pythonText(model.name)},`,
    '    histograms=[hist], fmthint="CIF")',
    `phase.set_refinements({"Cell": ${python(isCellRefined)}${Object.keys(flags).length > 0 ? `, "Atoms": ${JSON.stringify(flags)}` : ""}})`,
    'hap = phase.data["Histograms"][hist.name]',
  ];
  if (!isRietveld) {
    if (model.kind === "pawley") notes.push(`${model.name}: Pawley intensities; GSAS-II starts with Le Bail`);
    lines.push('phase.set_refinements({"LeBail": True})');
  } else lines.push(`hap["Scale"] = [${fraction}, ${python(hasFractions)}]`);
  const pair = (kind: "size" | "strain"): [number, number, number] => {
    const [axial, gaussian] = kind === "size" ? ["axialSize", "gaussianSize"] : ["axialStrain", "gaussianStrain"];
    return [value(own(kind)), value(own(axial)), value(own(gaussian!))];
  };
  if (settled.resolved.model.profile === "tchz") {
    lines.push(...broadeningLines("Size", pair("size"), model.sizeAxis, isRefined(own("size"))));
    lines.push(...broadeningLines("Mustrain", pair("strain"), model.strainAxis, isRefined(own("strain"))));
  } else {
    lines.push(
      ...broadeningLines("Size", [0, 0, 0], undefined, false),
      ...broadeningLines("Mustrain", [0, 0, 0], undefined, false),
    );
    if (value(own("width")) !== 1) notes.push(`${model.name}: its width factor ${value(own("width"))}`);
  }
  const [texture, ...others] = model.texture ?? [];
  if (texture) {
    const key = own(others.length === 0 ? "texture" : `texture(${texture.hkl.join(" ")})`);
    lines.push(`hap["Pref.Ori."][:4] = ["MD", ${value(key)}, ${python(isRefined(key))}, ${python(texture.hkl)}]`);
  }
  if (others.length > 0) notes.push(`${model.name}: March-Dollase directions after the first`);
  return [...lines, ""];
}

/** F occupancy, X coordinates, U displacement. */
function atomFlags({ model }: SettledPhase, isRefined: (name: string) => boolean): Record<string, string> {
  const out: Record<string, string> = {};
  for (const { label } of model.structure.sites) {
    const has = (...keys: string[]): boolean => keys.some((key) => isRefined(`${model.name}/${label}/${key}`));
    const flags = `${has("occupancy") ? "F" : ""}${has("x", "y", "z") ? "X" : ""}${has("b") ? "U" : ""}`;
    if (flags) out[label] = flags;
  }
  return out;
}

/** Size in um and mustrain in 1e-6, [across, along, share of the Lorentzian part]. None is 10 um, or a strain of 0. */
function broadeningLines(
  key: "Size" | "Mustrain",
  [across, along, gaussian]: readonly [number, number, number],
  axis: readonly [number, number, number] | undefined,
  isRefined: boolean,
): string[] {
  const isSize = key === "Size";
  /** broadening of a value, in the program's own measure */
  const width = (x: number): number => (x > 0 ? (isSize ? 900 / x : 4e6 * x) : 0);
  const toValue = (w: number): number => (isSize ? (w > 0 ? Math.min(10, 1 / w) : 10) : w);
  const total = width(across) + width(gaussian);
  const mix = total > 0 ? width(across) / total : 1;
  const value = [toValue(total), axis ? toValue(width(along)) : toValue(total), mix];
  const kind = axis ? "uniaxial" : "isotropic";
  return [
    `hap[${python(key)}][:4] = ["${kind}", ${python(value)}, ${python([isRefined, isRefined && axis !== undefined, false])}, ${python(axis ?? [0, 0, 1])}]`,
  ];
}
