/**
 * A settled model as a TOPAS .inp. Zero, Lorentz factor and profile are written as equations in this program's own
 * definitions, not as macros of TOPAS that mean something slightly different; sizes and strains as CS_L, Strain_L ...
 *
 * Source: Coelho, TOPAS-Academic V6 Technical Reference.
 */
import { equivalentPositions, parseOperation, siteFreedom } from "../../crystal/index.ts";
import { AXIAL_SHARE, DEFAULT_RADIUS_MM } from "../../files/topas-inp-terms.ts";
import { type SettledModel, type SettledPhase, withOverallB } from "./settled.ts";

const AXES = ["x", "y", "z"] as const;
const CELL_KEYS = ["a", "b", "c", "alpha", "beta", "gamma"] as const;
const TOPAS_CELL = { a: "a", b: "b", c: "c", alpha: "al", beta: "be", gamma: "ga" } as const;
/** A line of no width, which TOPAS asks for (mA). */
const NO_WIDTH = "1e-5";

export interface TopasExport {
  readonly text: string;
  /** what TOPAS has no equivalent for, one sentence each; they stand at the head of the file too */
  readonly notes: readonly string[];
}

/** @param patternFile as the .inp is to name it */
export function formatTopasInp(settled: SettledModel, patternFile: string): TopasExport {
  const notes: string[] = [];
  const names = createTopasNames(settled, notes);
  const body = [
    ...patternLines(settled, names, patternFile),
    ...settled.phases.flatMap((phase) => phaseLines(settled, phase, names, notes)),
  ];
  const { background, source, resolved } = settled;
  if (resolved.model.hasAsymmetry) {
    notes.push(
      `axial divergence S/L = ${settled.value("SL")}, H/L = ${settled.value("HL")} (Finger, Cox & Jephcoat) is written as Simple_Axial_Model, which is near it only: refine it`,
    );
  }
  if (resolved.model.hasHowardAsymmetry) {
    notes.push(
      `Howard's asymmetry, ${settled.value("asym")} degrees, is left out: TOPAS has axial divergence, which gives low-angle tails only`,
    );
  }
  if (settled.backgroundError > 0) {
    notes.push(
      `the background of points or of a measured pattern is written as ${background.length} Chebyshev terms, at most ${settled.backgroundError.toPrecision(2)} from it`,
    );
  }
  const head = [
    `' ${source.title || source.config.title || "a refined pattern"}: model and settled values, written by xrdct`,
    "' Degrees, angstrom, nm. @ or a name: refined there; !: fixed; inst_*: FWHM^2 = U tan^2 + V tan + W (degree^2),",
    "' Lorentzian FWHM = X / cos + Y tan + Z (degrees): X and Y of TCHZ_Peak_Type are the other way round.",
    "' TOPAS convolutes these widths (a Voigt), where xrdct takes the pseudo-Voigt of Thompson, Cox & Hastings.",
    ...notes.map((note) => `' Not carried over: ${note.replaceAll(/[\r\n]+/g, " ")}`),
  ];
  return {
    text: `${[...head, "", "iters 1000", "do_errors", "r_wp 0 r_exp 0 gof 0", "", ...body].join("\n")}\n`,
    notes,
  };
}

interface TopasNames {
  /** name and value, or the equation of a tied one: "name 1.5", "!name 1.5", "= other;" */
  parameter(name: string, value?: number): string;
  /** the name alone, to be used in equations */
  name(name: string): string;
}

/** "Cu/a" is Cu_a; equalities of the model become equations, other constraints are named. */
function createTopasNames(settled: SettledModel, notes: string[]): TopasNames {
  const taken = new Map<string, string>();
  const name = (own: string): string => {
    const found = taken.get(own);
    if (found) return found;
    const base = `${/^[A-Za-z]/.test(own) ? "" : "p"}${own.replace(/[^A-Za-z0-9]+/g, "_")}${own.includes("/") ? "" : "_"}`;
    const used = new Set([...taken.values()]);
    let free = base;
    for (let n = 2; used.has(free); n++) free = `${base}_${n}`;
    taken.set(own, free);
    return free;
  };
  const masters = new Map<string, string>();
  const all = new Set(settled.parameters.map((parameter) => parameter.name));
  for (const constraint of settled.resolved.constraints) {
    const [left, right, ...rest] = constraint.split("=").map((part) => part.trim());
    const isTie = rest.length === 0 && all.has(left ?? "") && all.has(right ?? "") && left !== right;
    if (isTie && !masters.has(left!) && !masters.has(right!)) masters.set(left!, right!);
    else notes.push(`the constraint "${constraint}"`);
  }
  return {
    name,
    parameter(own, value = settled.value(own)) {
      const master = masters.get(own);
      if (master) return `= ${name(master)};`;
      return `${settled.isRefined(own) ? "" : "!"}${name(own)} ${digits(value)}`;
    },
  };
}

function patternLines(settled: SettledModel, names: TopasNames, patternFile: string): string[] {
  const { resolved, range, background, source, value } = settled;
  const { model, wavelengthA } = resolved;
  const isBackgroundRefined = settled.parameters.some(
    ({ name }) => name.startsWith("background/") && settled.isRefined(name),
  );
  const profile = model.profile === "tchz" ? ["U", "V", "W", "X", "Y", "Z"] : ["U", "V", "W", "eta0", "eta1"];
  const [low, high] = range;
  const lambda = value("wavelength") || wavelengthA;
  const lines = [
    `xdd "${patternFile}" xye_format`,
    `  start_X ${low}`,
    `  finish_X ${high}`,
    ...source.config.exclude.map(([from, to]) => `  exclude ${from} ${to}`),
    ...(background.length > 0 ? [`  bkg ${isBackgroundRefined ? "@ " : ""}${background.join(" ")}`] : []),
    "  lam ymin_on_ymax 1e-4",
    ...model.radiation.map(({ ratio, weight }, i) => {
      const isFree = settled.isRefined("wavelength");
      const lo =
        i === 0
          ? isFree
            ? names.parameter("wavelength", lambda)
            : String(lambda)
          : isFree
            ? `= ${ratio} ${names.name("wavelength")};`
            : String(lambda * ratio);
      return `    la ${weight} lo ${lo} lh ${NO_WIDTH}`;
    }),
    `  prm ${names.parameter("zero")}`,
    ...(model.displacement ? [`  prm ${names.parameter("displacement")} ' mm`] : []),
    ...(model.displacement?.hasTransparency ? [`  prm ${names.parameter("transparency")} ' degrees`] : []),
    ...(model.hasAsymmetry ? axialLines(settled) : []),
    ...profile.map((key) => `  prm ${settled.isRefined(key) ? "" : "!"}inst_${key} ${value(key)}`),
  ];
  for (const peak of model.peaks) {
    const at = (key: string): string => names.parameter(`peaks/${peak}/${key}`);
    lines.push(
      `  xo_Is ' ${peak}`,
      `    prm ${at("eta")} min 0 max 1`,
      `    prm ${at("fwhm")} min 1e-4`,
      `    peak_type pv pv_lor = ${names.name(`peaks/${peak}/eta`)}; pv_fwhm = ${names.name(`peaks/${peak}/fwhm`)};`,
      `    xo ${at("position")} I ${at("area")}`,
    );
  }
  return lines;
}

/** One length for S and H; the radius only makes a number of mm out of it. */
function axialLines({ value, isRefined }: SettledModel): string[] {
  const length = (((value("SL") + value("HL")) / 2) * DEFAULT_RADIUS_MM) / AXIAL_SHARE;
  const name = isRefined("SL") || isRefined("HL") ? "axial" : "!axial";
  return [`  Radius(${DEFAULT_RADIUS_MM})`, `  Simple_Axial_Model(${name}, ${digits(length)})`];
}

/** Twelve digits are more than any result has, and hide the rounding of doubles. */
const digits = (x: number): number => Number(x.toPrecision(12));

/** Terms that every phase has in the same words. */
function instrumentLines({ resolved }: SettledModel, names: TopasNames): string[] {
  const { model } = resolved;
  const zero = names.name("zero");
  const lines = [`    th2_offset = ${zero};`];
  if (model.displacement) {
    const [s, length] = [names.name("displacement"), model.displacement.lengthMm];
    lines.push(
      model.displacement.geometry === "bragg-brentano"
        ? `    th2_offset = -2 Rad ${s} Cos(Th) / ${length};`
        : `    th2_offset = Rad (ArcTan((1 - ${s} / ${length}) Tan(2 Th)) - 2 Th);`,
    );
  }
  if (model.displacement?.hasTransparency) lines.push(`    th2_offset = -${names.name("transparency")} Sin(2 Th);`);
  if (model.profile === "tchz") {
    lines.push(
      "    gauss_fwhm = Sqrt(Max(inst_U Tan(Th)^2 + inst_V Tan(Th) + inst_W, 1e-12));",
      "    lor_fwhm = Max(inst_X / Cos(Th) + inst_Y Tan(Th) + inst_Z, 1e-9);",
    );
  }
  return lines;
}

/** Our Lorentz and polarisation factor, with K as it stands. */
function lorentzPolarization({ resolved: { model } }: SettledModel): string {
  const polarization =
    model.polarization === 0 ? "1" : `(${1 - model.polarization} + ${model.polarization} Cos(2 Th)^2)`;
  return `    scale_pks = ${polarization} / ${model.lorentz === "ring-sum" ? "Sin(Th)" : "(Sin(Th)^2 Cos(Th))"};`;
}

function phaseLines(settled: SettledModel, phase: SettledPhase, names: TopasNames, notes: string[]): string[] {
  const { model } = phase;
  const isRietveld = model.kind === "rietveld";
  const own = (key: string): string => `${model.name}/${key}`;
  return [
    "",
    `  ${isRietveld ? "str" : "hkl_Is"}`,
    ...(model.kind === "le-bail" ? ["    lebail 1"] : []),
    `    phase_name "${model.name.replaceAll('"', "")}"`,
    `    space_group "${spaceGroup(phase, notes)}"`,
    ...cellLines(phase, names),
    ...(isRietveld ? [`    scale ${names.parameter(own("scale"))}`] : []),
    ...instrumentLines(settled, names),
    ...(isRietveld ? [lorentzPolarization(settled)] : []),
    ...widthLines(settled, phase, names, notes),
    ...(model.texture ?? []).map(({ hkl }) => {
      const key = own(model.texture!.length === 1 ? "texture" : `texture(${hkl.join(" ")})`);
      const [name, value] = names.parameter(key).split(" ");
      return `    Preferred_Orientation(${name}, ${value},, ${hkl.join(" ")})`;
    }),
    ...(isRietveld ? siteLines(settled, phase, names) : []),
  ];
}

/** TOPAS takes R groups on hexagonal axes where nothing is said; ":1" and ":2" are written out. */
function spaceGroup({ setting, model }: SettledPhase, notes: string[]): string {
  if (setting) {
    const { hermannMauguin, extension } = setting;
    return `${hermannMauguin}${extension && extension !== "H" ? `:${extension}` : ""}`;
  }
  notes.push(
    `${model.name}: its symmetry operations are those of no standard setting, so that it is written in P 1 with every atom of the cell`,
  );
  return "P 1";
}

function cellLines({ model, structure, freedom }: SettledPhase, names: TopasNames): string[] {
  const free = new Set<string>(freedom.names);
  return [
    `    ${CELL_KEYS.map((key, i) => {
      if (free.has(key)) return `${TOPAS_CELL[key]} ${names.parameter(`${model.name}/${key}`)}`;
      const shares = freedom.names.flatMap((other, q) => {
        const share = freedom.matrix[i * freedom.names.length + q]!;
        return share === 0 ? [] : [`${share === 1 ? "" : `${share} `}${names.name(`${model.name}/${other}`)}`];
      });
      if (shares.length === 0) return `${TOPAS_CELL[key]} ${structure.cell[key]}`;
      const rest = freedom.constant[i]!;
      return `${TOPAS_CELL[key]} = ${shares.join(" + ")}${rest === 0 ? "" : ` + ${rest}`};`;
    }).join(" ")}`,
  ];
}

function widthLines(settled: SettledModel, { model }: SettledPhase, names: TopasNames, notes: string[]): string[] {
  const { value, resolved } = settled;
  const own = (key: string): string => `${model.name}/${key}`;
  if (resolved.model.profile === "pseudo-voigt") {
    return [
      `    prm ${names.parameter(own("width"))}`,
      `    peak_type pv pv_lor = inst_eta0 + inst_eta1 2 Rad Th; pv_fwhm = ${names.name(own("width"))} Sqrt(inst_U Tan(Th)^2 + inst_V Tan(Th) + inst_W);`,
    ];
  }
  const lines: string[] = [];
  // 0.09 lambda / size = 0.1 lambda / CS; 4 e tan in radians = S tan in degrees
  for (const [key, macro, factor] of [
    ["size", "CS_L", 1 / 0.9],
    ["gaussianSize", "CS_G", 1 / 0.9],
    ["strain", "Strain_L", 720 / Math.PI],
    ["gaussianStrain", "Strain_G", 720 / Math.PI],
  ] as const) {
    if (!(value(own(key)) > 0)) continue;
    const text = names.parameter(own(key), value(own(key)) * factor);
    const [name, number] = text.startsWith("=") ? [names.name(own(key)), value(own(key)) * factor] : text.split(" ");
    lines.push(`    ${macro}(${name}, ${number})`);
  }
  for (const [axis, key, axial] of [
    [model.sizeAxis, "size", "axialSize"],
    [model.strainAxis, "strain", "axialStrain"],
  ] as const) {
    if (axis) {
      notes.push(
        `${model.name}: ${key} along ${axis.join(" ")} (${value(own(axial))}); that across it is taken in all directions`,
      );
    }
  }
  return lines;
}

function siteLines(settled: SettledModel, phase: SettledPhase, names: TopasNames): string[] {
  const { model, setting } = phase;
  const structure = withOverallB(phase, settled.value(`${model.name}/overallB`));
  return structure.sites.flatMap((site, i) => {
    const own = (key: string): string => `${model.name}/${site.label}/${key}`;
    const atom = site.scatterer.replace(/^([A-Za-z]+)(\d+)([-+])$/, "$1$3$2");
    const rest = `occ ${atom} ${names.parameter(own("occupancy"), site.occupancy)} beq ${names.parameter(own("b"), site.bIso)}`;
    const label = site.label.replace(/\s+/g, "_");
    if (!setting) {
      const images = equivalentPositions([site.x, site.y, site.z], structure.operations.map(parseOperation));
      return Array.from({ length: images.length / 3 }, (_, k) => {
        const at = AXES.map((axis, m) => `${axis} ${images[3 * k + m]}`).join(" ");
        return `    site ${label}_${k + 1} ${at} occ ${atom} ${site.occupancy} beq ${site.bIso}`;
      });
    }
    const freedom = siteFreedom(model.structure, i);
    const at = AXES.map((axis, m) => {
      if (freedom.some(({ name }) => name === axis)) return `${axis} ${names.parameter(own(axis), site[axis])}`;
      const along = freedom.filter(({ direction }) => direction[m] !== 0);
      if (along.length === 0) return `${axis} ${fixedCoordinate(site[axis])}`;
      const shift = along.reduce((sum, { name, direction }) => sum - direction[m]! * site[name], site[axis]);
      const terms = along.map(({ name, direction }) => `${direction[m]} ${names.name(own(name))}`);
      return `${axis} = ${terms.join(" + ")}${Math.abs(shift) < 1e-12 ? "" : ` + ${shift}`};`;
    });
    return [`    site ${label} ${at.join(" ")} ${rest}`];
  });
}

/** Thirds and sixths as equations, because TOPAS finds special positions by them. */
function fixedCoordinate(x: number): string {
  for (const bottom of [3, 6]) {
    const top = Math.round(x * bottom);
    if (top % bottom !== 0 && Math.abs(x - top / bottom) < 1e-4 && (bottom === 3 || top % 2 !== 0)) {
      return `= ${top}/${bottom};`;
    }
  }
  return String(x);
}
