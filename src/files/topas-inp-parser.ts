/**
 * The statements of a TOPAS .inp, as they stand: blocks of patterns and phases, numbers and equations unresolved.
 * What is not read is named with its line.
 *
 * Source: Coelho, TOPAS-Academic V6 Technical Reference, "Keywords" and "Macros and include files".
 */

import { parseTopasEquation, type TopasEquation } from "./topas-inp-expression.ts";
import {
  createTopasScanner,
  type RawParameter,
  stripTopasComments,
  type TopasScanner,
  toNumber,
} from "./topas-inp-scanner.ts";

export interface UnreadKeyword {
  readonly keyword: string;
  readonly lines: readonly number[];
  /** false: results, output and control of the minimisation, which do not change the calculated pattern */
  readonly matters: boolean;
}

export interface RawOccupant {
  readonly atom: string;
  readonly occupancy: RawParameter;
  b?: RawParameter;
}
export interface RawSite {
  readonly name: string;
  readonly line: number;
  readonly x: Partial<Record<"x" | "y" | "z", RawParameter>>;
  readonly occupants: RawOccupant[];
}
/** Terms of widths, shifts and intensity factors: of all phases when they stand in the pattern, else of one. */
export interface RawTerms {
  readonly gauss: TopasEquation[];
  readonly lorentz: TopasEquation[];
  readonly macros: { readonly name: string; readonly values: readonly RawParameter[]; readonly line: number }[];
  readonly offsets: RawParameter[];
  readonly scales: TopasEquation[];
  pvFwhm?: RawParameter;
  pvLor?: RawParameter;
}
export interface RawPhase extends RawTerms {
  readonly kind: "str" | "hkl_Is" | "xo_Is";
  readonly line: number;
  name?: string;
  spaceGroup?: string;
  isLeBail?: boolean;
  scale?: RawParameter;
  readonly cell: Partial<Record<"a" | "b" | "c" | "al" | "be" | "ga", RawParameter>>;
  readonly sites: RawSite[];
  readonly textures: { readonly r: RawParameter; readonly hkl: readonly [number, number, number] }[];
  readonly peaks: { readonly position: RawParameter; intensity?: RawParameter }[];
}
export interface RawPattern extends RawTerms {
  readonly line: number;
  file?: string;
  start?: number;
  finish?: number;
  readonly exclude: [number, number][];
  background?: { readonly values: readonly number[]; readonly isRefined: boolean };
  readonly lines: { area: RawParameter; wavelength?: RawParameter; widthMilliA?: RawParameter }[];
  /** a macro that stands for an emission profile: CuKa5 */
  emission?: string;
  radiusMm?: number;
  readonly phases: RawPhase[];
}
export interface RawTopas {
  readonly patterns: RawPattern[];
  /** by name: those of prm and local, and every parameter that has a name */
  readonly parameters: Map<string, RawParameter>;
  readonly unread: UnreadKeyword[];
}

/** Keywords without an effect on the calculated pattern, by how they begin. */
const NO_EFFECT =
  /^(r_|gof|weighted_Durbin|iters|chi2|do_errors|verbose|out|Out_|Create_|phase_out|xdd_out|xdd_sum|load|weight_percent|phase_MAC|cell_volume|cell_mass|volume|MVW|Phase_|Weight_Percent|num_posns|C_matrix|A_matrix|view_|append_|hkl_m_d|I_parameter|line_min|marquardt|quick_refine|randomize|continue_after|process_times|conserve_memory|no_LIMIT|temperature|use_tube|percent_zeros|bootstrap|num_runs|penalties|approximate_A|x_calculation_step|convolution_step|R_Bragg|numerical_area|num_patterns|report_on|suspend_writing|phase_name|xye_format|i_on_error|Report|prm_with|Rietveld_|del_approx|stop_when|seed|lat_prms|Decompose|gui_|transition|density)/;

/** First in a macro of pairs (name, value), so that an empty name and a value alone are told apart. */
const WIDTH_MACROS = new Set([
  "CS_L",
  "CS_G",
  "Strain_L",
  "Strain_G",
  "Crystallite_Size",
  "Strain",
  "CS",
  "LVol_FWHM_CS_G_L",
]);
const PAIR_MACROS = new Set(["TCHZ_Peak_Type", "PV_Peak_Type", "Simple_Axial_Model"]);
const OFFSET_MACROS = new Map([
  ["Zero_Error", "zero"],
  ["ZE", "zero"],
  ["Specimen_Displacement", "displacement"],
  ["SD", "displacement"],
]);
/** Lattice macros: which lengths and angles their arguments are. */
const CELL_MACROS = new Map<string, readonly (readonly string[])[]>([
  ["Cubic", [["a", "b", "c"]]],
  ["Tetragonal", [["a", "b"], ["c"]]],
  ["Hexagonal", [["a", "b"], ["c"]]],
  ["Trigonal", [["a", "b"], ["c"]]],
  [
    "Rhombohedral",
    [
      ["a", "b", "c"],
      ["al", "be", "ga"],
    ],
  ],
]);
const CELL_KEYS = new Set(["a", "b", "c", "al", "be", "ga"]);
/** Keywords that are read, and so are no names of parameters. */
const READ = new Set([
  ..."xdd str hkl_Is xo_Is dummy_str STR prm local macro phase_name space_group scale lebail site occ beq num_posns".split(
    " ",
  ),
  ..."start_X finish_X exclude bkg lam ymin_on_ymax la lo lh Radius Rs Rp gauss_fwhm lor_fwhm th2_offset".split(" "),
  ..."scale_pks peak_type pv_fwhm pv_lor LP_Factor Lorentz_Factor Preferred_Orientation PO xo I x y z".split(" "),
  ...CELL_KEYS,
  ...CELL_MACROS.keys(),
  ...OFFSET_MACROS.keys(),
  ...WIDTH_MACROS,
  ...PAIR_MACROS,
]);
const isKeyword = (word: string): boolean => READ.has(word);
const EMISSION = /^(Cr|Fe|Co|Cu|Mo|Ag|Ga|W|Ni)K(a|b)\w*$/;

const emptyTerms = (): RawTerms => ({ gauss: [], lorentz: [], macros: [], offsets: [], scales: [] });

/** @returns undefined where the text holds neither a pattern nor a phase */
export function parseTopasStatements(source: string): RawTopas | undefined {
  const { text, directives } = stripTopasComments(source);
  const scanner = createTopasScanner(text, isKeyword);
  const patterns: RawPattern[] = [];
  const parameters = new Map<string, RawParameter>();
  const unread = new Map<string, { lines: number[]; matters: boolean }>();
  const note = (keyword: string, line: number, matters = !NO_EFFECT.test(keyword)): void => {
    const found = unread.get(keyword) ?? { lines: [], matters };
    found.lines.push(line);
    unread.set(keyword, found);
  };
  for (const { line, text: directive } of directives) note(directive, line, true);
  let pattern: RawPattern | undefined;
  let phase: RawPhase | undefined;

  const remember = (parameter: RawParameter | undefined): RawParameter | undefined => {
    if (parameter?.name && !parameters.has(parameter.name)) parameters.set(parameter.name, parameter);
    return parameter;
  };
  const take = (): RawParameter | undefined => remember(scanner.parameter());
  const inPattern = (line: number): RawPattern => {
    if (!pattern) {
      pattern = { ...emptyTerms(), line, exclude: [], lines: [], phases: [] };
      patterns.push(pattern);
    }
    return pattern;
  };
  const terms = (line: number): RawTerms => phase ?? inPattern(line);
  const startPhase = (kind: RawPhase["kind"], line: number): void => {
    phase = { ...emptyTerms(), kind, line, cell: {}, sites: [], textures: [], peaks: [] };
    inPattern(line).phases.push(phase);
  };

  function equationOf(): TopasEquation | undefined {
    const parameter = take();
    if (parameter?.equation) return parameter.equation;
    if (parameter?.name) return parseTopasEquation(parameter.name);
    return parameter?.value === undefined ? undefined : parseTopasEquation(String(parameter.value));
  }

  /** Keywords of patterns and phases alike; false where this is none of them. */
  function readTerm(word: string, line: number): boolean {
    if (word === "gauss_fwhm" || word === "lor_fwhm") {
      const equation = equationOf();
      if (equation) terms(line)[word === "gauss_fwhm" ? "gauss" : "lorentz"].push(equation);
      else note(word, line);
    } else if (word === "th2_offset") {
      const offset = take();
      if (offset) terms(line).offsets.push(offset);
      else note(word, line);
    } else if (word === "scale_pks") {
      const equation = equationOf();
      if (equation) terms(line).scales.push(equation);
      else note(word, line);
    } else if (word === "peak_type") {
      const kind = scanner.next();
      if (kind !== "pv" && kind !== "fp") note(`peak_type ${kind}`, line);
    } else if (word === "pv_fwhm" || word === "pv_lor") {
      const parameter = take();
      if (parameter) terms(line)[word === "pv_fwhm" ? "pvFwhm" : "pvLor"] = parameter;
    } else if (WIDTH_MACROS.has(word) || PAIR_MACROS.has(word) || OFFSET_MACROS.has(word) || word === "LP_Factor") {
      const values = macroValues(scanner.macroArguments() ?? []).map((value) => remember(value)!);
      terms(line).macros.push({ name: OFFSET_MACROS.get(word) ?? word, values, line });
    } else if (word === "Lorentz_Factor") terms(line).macros.push({ name: word, values: [], line });
    else return false;
    return true;
  }

  function readPatternKeyword(word: string, line: number): boolean {
    const own = (): RawPattern => inPattern(line);
    if (word === "start_X" || word === "finish_X") {
      const value = take()?.value;
      if (value !== undefined) own()[word === "start_X" ? "start" : "finish"] = value;
    } else if (word === "exclude") {
      const [low, high] = [take()?.value, take()?.value];
      if (low !== undefined && high !== undefined) own().exclude.push([Math.min(low, high), Math.max(low, high)]);
    } else if (word === "bkg") {
      const isRefined = readMark(scanner);
      const values: number[] = [];
      let isMarked = false;
      while (scanner.isNumber() && values.length < 100) {
        const number = scanner.next();
        if (number.includes("`")) isMarked = true;
        values.push(toNumber(number));
      }
      own().background = { values, isRefined: isRefined || isMarked };
    } else if (word === "lam") {
      // its lines follow as la, lo, lh
    } else if (word === "ymin_on_ymax") take();
    else if (word === "la") own().lines.push({ area: take() ?? { value: 1, isRefined: false } });
    else if (word === "lo" || word === "lh") {
      const found = own().lines.at(-1);
      const value = take();
      if (found && value) found[word === "lo" ? "wavelength" : "widthMilliA"] = value;
    } else if (EMISSION.test(word)) {
      scanner.macroArguments();
      own().emission = word;
    } else if (word === "Radius" || word === "Rs" || word === "Rp") {
      const value = word === "Radius" ? toNumber(scanner.macroArguments()?.at(-1) ?? "") : take()?.value;
      if (value !== undefined && value > 0 && word !== "Rp") own().radiusMm = value;
    } else return false;
    return true;
  }

  function readPhaseKeyword(word: string, line: number, own: RawPhase): boolean {
    if (word === "phase_name") own.name = scanner.nextRaw();
    else if (word === "space_group") own.spaceGroup = scanner.nextRaw();
    else if (CELL_KEYS.has(word)) {
      const value = take();
      if (value) own.cell[word as "a"] = value;
    } else if (CELL_MACROS.has(word)) {
      const values = macroValues(scanner.macroArguments() ?? []);
      CELL_MACROS.get(word)!.forEach((keys, i) => {
        const value = remember(values[i]);
        for (const key of keys) if (value) own.cell[key as "a"] = value;
      });
      const angles = { al: 90, be: 90, ga: word === "Hexagonal" || word === "Trigonal" ? 120 : 90 };
      if (word !== "Rhombohedral") {
        for (const [key, value] of Object.entries(angles)) own.cell[key as "al"] ??= { value, isRefined: false };
      }
    } else if (word === "scale") own.scale = take() ?? { value: 1, isRefined: true };
    else if (word === "lebail") own.isLeBail = (take()?.value ?? 1) !== 0;
    else if (word === "site") own.sites.push(readSite(line));
    else if (word === "Preferred_Orientation" || word === "PO") {
      const list = scanner.macroArguments() ?? [];
      const [r] = macroValues(list.slice(0, 2));
      const hkl = (list[3] ?? list.at(-1) ?? "").trim().split(/\s+/).map(Number);
      if (r && hkl.length === 3 && hkl.every(Number.isInteger)) {
        own.textures.push({ r: remember(r)!, hkl: hkl as [number, number, number] });
      } else note(word, line);
    } else if (word === "xo" && own.kind === "xo_Is") {
      const position = take();
      if (position) own.peaks.push({ position });
    } else if (word === "I" && own.kind === "xo_Is") {
      const [intensity, last] = [take(), own.peaks.at(-1)];
      if (intensity && last) last.intensity = intensity;
    } else return false;
    return true;
  }

  function readSite(line: number): RawSite {
    const site: RawSite = { name: scanner.nextRaw(), line, x: {}, occupants: [] };
    for (;;) {
      const word = scanner.peek();
      if (word === "x" || word === "y" || word === "z") {
        scanner.next();
        const value = take();
        if (value) site.x[word] = value;
      } else if (word === "occ") {
        scanner.next();
        const atom = scanner.nextRaw();
        site.occupants.push({ atom, occupancy: take() ?? { value: 1, isRefined: false } });
      } else if (word === "beq") {
        scanner.next();
        const [value, occupant] = [take(), site.occupants.at(-1)];
        if (value && occupant) occupant.b = value;
      } else if (word === "num_posns") {
        scanner.next();
        take();
      } else return site;
    }
  }

  while (!scanner.isAtEnd()) {
    const line = scanner.line();
    const word = scanner.next();
    if (!/^[A-Za-z_]/.test(word)) {
      skipUnknown(word);
      continue;
    }
    if (word === "xdd") {
      [pattern, phase] = [undefined, undefined];
      inPattern(line).file = scanner.nextRaw();
    } else if (word === "str" || word === "hkl_Is" || word === "xo_Is" || word === "dummy_str")
      startPhase(kindOf(word), line);
    else if (word === "STR") {
      startPhase("str", line);
      const [group, name] = scanner.macroArguments() ?? [];
      if (group) phase!.spaceGroup = group.replaceAll('"', "");
      if (name) phase!.name = name.replaceAll('"', "");
    } else if (word === "prm" || word === "local") take();
    else if (word === "macro") {
      note(`macro ${scanner.nextRaw().replace(/[({].*/, "")}`, line, true);
      scanner.skipBlock();
      scanner.skipBlock();
    } else if (
      readTerm(word, line) ||
      (phase && readPhaseKeyword(word, line, phase)) ||
      readPatternKeyword(word, line)
    ) {
      // read
    } else {
      note(word, line);
      skipArguments();
    }
  }

  /** What follows a keyword that is not read: numbers, names of parameters, texts, brackets. */
  function skipArguments(): void {
    for (;;) {
      const word = scanner.peek();
      if (word === "(" || word === "{") scanner.skipBlock();
      else if (word === '"') scanner.nextRaw();
      else if (word === "=") {
        scanner.next();
        scanner.equationText();
      } else if (word === ":" || word === "," || word === ";") scanner.next();
      else if (READ.has(word) || NO_EFFECT.test(word) || !take()) return;
    }
  }
  function skipUnknown(word: string): void {
    if (word === "=") scanner.equationText();
  }
  if (patterns.length === 0) return undefined;
  return {
    patterns,
    parameters,
    unread: [...unread].map(([keyword, { lines, matters }]) => ({ keyword, lines, matters })),
  };
}

const kindOf = (word: string): RawPhase["kind"] => (word === "dummy_str" ? "str" : (word as RawPhase["kind"]));

/** bkg's "@" or name in front of its coefficients. */
function readMark(scanner: TopasScanner): boolean {
  let isFixed = false;
  let isMarked = false;
  while (scanner.peek() === "@" || scanner.peek() === "!") {
    if (scanner.next() === "@") isMarked = true;
    else isFixed = true;
  }
  if (!scanner.isNumber() && /^[A-Za-z_]/.test(scanner.peek())) {
    scanner.next();
    isMarked = true;
  }
  return isMarked && !isFixed;
}

/** Arguments of a macro as parameters: "@, 300", "name, 300", "!name, 300", ", 300", "@ 300" or "300" each. */
function macroValues(list: readonly string[]): RawParameter[] {
  const out: RawParameter[] = [];
  for (let i = 0; i < list.length; i++) {
    const text = list[i]!;
    const isMark = text === "" || /^[@!]?\s*([A-Za-z_]\w*)?$/.test(text);
    const whole = isMark && i + 1 < list.length ? `${text} ${list[++i]}` : text;
    const value = createTopasScanner(whole).parameter();
    if (value) out.push(value);
  }
  return out;
}
