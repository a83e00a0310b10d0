/**
 * TOPAS .inp: the powder blocks of an input or output file as far as they have a counterpart here, in the program's own
 * units and definitions, with every keyword named that is not read.
 *
 *   X and Y of TCHZ_Peak_Type are the other way round: L = X tan + Y / cos; its Z / cos^2 (Gaussian) goes into U and W
 *   CS_L, CS_G in nm have FWHM = 0.1 lambda / (CS cos) rad; here 0.09 lambda / (size cos): size = 0.9 CS
 *   Strain_L, Strain_G have FWHM = S tan in degrees; here 4 e tan in radians: e = S pi / 720
 *   LP_Factor(m) is (1 + cos^2 m cos^2 2theta) / (sin^2 cos); here (1 - K) + K cos^2: the scale takes 1 + cos^2 m
 *   an emission line's lh (mA) is a Lorentzian FWHM of 2 lh / lambda tan theta: it goes into Y
 *   Specimen_Displacement(s) is -2 s / Rs cos theta, as here
 *
 * Sources: Coelho, TOPAS-Academic V6 Technical Reference; Coelho, J. Appl. Cryst. 51 (2018) 210.
 */
import {
  type Cell,
  cellVolume,
  findByNumber,
  findSpaceGroup,
  hallTriplets,
  type Site,
  type Structure,
  scatteringFactor,
  spaceGroupSettings,
} from "../crystal/index.ts";
import { InputError } from "../data/index.ts";
import { readText } from "./byte-source.ts";
import {
  parseTopasStatements,
  type RawPattern,
  type RawPhase,
  type RawSite,
  type UnreadKeyword,
} from "./topas-inp-parser.ts";
import { readPeakShape } from "./topas-inp-peaks.ts";
import { createTopasResolver, type TopasParameter, type TopasResolver } from "./topas-inp-resolver.ts";
import { readTopasTerms, type TopasInstrument, type TopasSampleTerms } from "./topas-inp-terms.ts";

export type { UnreadKeyword } from "./topas-inp-parser.ts";
export type { TopasParameter } from "./topas-inp-resolver.ts";

export interface TopasSite {
  readonly label: string;
  readonly x: TopasParameter;
  readonly y: TopasParameter;
  readonly z: TopasParameter;
  readonly occupancy: TopasParameter;
  readonly b: TopasParameter;
}

export interface TopasPhase extends TopasSampleTerms {
  readonly name: string;
  readonly kind: "rietveld" | "pawley" | "le-bail";
  readonly structure: Structure;
  readonly scale?: TopasParameter;
  readonly cell: Readonly<Record<keyof Cell, TopasParameter>>;
  /** in the order of structure.sites */
  readonly sites: readonly TopasSite[];
  readonly textures: readonly { readonly hkl: readonly [number, number, number]; readonly r: TopasParameter }[];
}

export interface TopasPeak {
  readonly position: TopasParameter;
  readonly area?: TopasParameter;
  readonly fwhmDeg?: number;
  readonly eta?: number;
}

export interface TopasPattern extends TopasInstrument {
  /** as the file names it */
  readonly file?: string;
  readonly start?: number;
  readonly finish?: number;
  readonly exclude: readonly (readonly [number, number])[];
  readonly background?: { readonly values: readonly number[]; readonly isRefined: boolean };
  readonly peaks: readonly TopasPeak[];
  readonly phases: readonly TopasPhase[];
}

export interface TopasInput {
  readonly patterns: readonly TopasPattern[];
  readonly unread: readonly UnreadKeyword[];
  /** what was assumed or could not be carried over, one sentence each */
  readonly notes: readonly string[];
}

/** @throws InputError "file-not-readable" | "topas-not-recognised" */
export const readTopasInp = (path: string): TopasInput => parseTopasInp(readText(path), path);

/**
 * As readTopasInp, from the text itself; `name` is what messages call it.
 *
 * @throws InputError "topas-not-recognised"
 */
export function parseTopasInp(text: string, name: string): TopasInput {
  const raw = parseTopasStatements(text);
  if (!raw) {
    throw new InputError(
      "topas-not-recognised",
      `${name} is no TOPAS input: it has neither a pattern (xdd FILE) nor a phase (str, hkl_Is). Give an .inp, or the .out that TOPAS writes.`,
    );
  }
  const notes: string[] = [];
  const resolve = createTopasResolver(raw.parameters);
  const patterns = raw.patterns.map((pattern) => readPattern(pattern, resolve, name, notes));
  return { patterns, unread: raw.unread, notes: [...new Set(notes)] };
}

function readPattern(raw: RawPattern, resolve: TopasResolver, file: string, notes: string[]): TopasPattern {
  const names = new Map<string, number>();
  const crystals = raw.phases.filter(({ kind }) => kind !== "xo_Is");
  const structures = crystals.map((phase, i) => {
    try {
      return readStructure(phase, uniqueName(phase.name ?? `phase ${i + 1}`, names), resolve, notes);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      notes.push(`${file}, line ${phase.line}: this phase is left out. ${error.message}`);
      return undefined;
    }
  });
  const { instrument, samples, scaleFactor } = readTopasTerms(raw, crystals, resolve, notes);
  return {
    ...instrument,
    ...(raw.file && { file: raw.file }),
    ...(raw.start !== undefined && { start: raw.start }),
    ...(raw.finish !== undefined && { finish: raw.finish }),
    exclude: raw.exclude,
    ...(raw.background && { background: raw.background }),
    peaks: raw.phases.filter(({ kind }) => kind === "xo_Is").flatMap((phase) => readPeaks(phase, resolve, notes)),
    phases: structures.flatMap((structure, i) => {
      const phase = crystals[i]!;
      if (!structure) return [];
      const scale = phase.scale && resolve.parameter(phase.scale);
      return [
        {
          ...structure,
          ...samples[i]!,
          ...(scale && { scale: { ...scale, value: scale.value * scaleFactor } }),
          textures: phase.textures.flatMap(({ hkl, r }) => {
            const value = resolve.parameter(r);
            return value ? [{ hkl, r: value }] : [];
          }),
        },
      ];
    }),
  };
}

type PhaseCore = Pick<TopasPhase, "name" | "kind" | "structure" | "cell" | "sites">;

function readStructure(raw: RawPhase, name: string, resolve: TopasResolver, notes: string[]): PhaseCore {
  const where = `${name} (line ${raw.line})`;
  const given = (key: keyof RawPhase["cell"]): TopasParameter | undefined =>
    raw.cell[key] && resolve.parameter(raw.cell[key]);
  const a = given("a");
  const missing = (what: string): InputError =>
    new InputError(
      "topas-phase",
      `${where}: ${what}. A phase needs a, b, c, the angles that are not 90°, and space_group.`,
    );
  if (!a) throw missing("the cell length a is missing, or follows from something that is not known");
  const right: TopasParameter = { value: 90, isRefined: false };
  const parameters = {
    a,
    b: given("b") ?? a,
    c: given("c") ?? a,
    alpha: given("al") ?? right,
    beta: given("be") ?? right,
    gamma: given("ga") ?? right,
  };
  const cell: Cell = {
    a: parameters.a.value,
    b: parameters.b.value,
    c: parameters.c.value,
    alpha: parameters.alpha.value,
    beta: parameters.beta.value,
    gamma: parameters.gamma.value,
  };
  cellVolume(cell);
  if (raw.spaceGroup === undefined) throw missing("the space group is missing");
  const operations = groupTriplets(raw.spaceGroup, cell, where, notes);
  const isRietveld = raw.kind === "str";
  const sites = isRietveld ? raw.sites.flatMap((site) => readSites(site, resolve, where, notes)) : [];
  if (isRietveld && sites.length === 0) throw missing("it has no site");
  unlike(sites);
  return {
    name,
    kind: isRietveld ? "rietveld" : raw.isLeBail ? "le-bail" : "pawley",
    cell: parameters,
    sites: sites.map(({ parameters: site }) => site),
    structure: {
      name,
      cell,
      operations,
      sites: isRietveld ? sites.map(({ site, parameters: { label } }) => ({ ...site, label })) : [PLACEHOLDER],
    },
  };
}

/** A Pawley or Le Bail phase has no atoms, and a CIF without atoms is none. */
const PLACEHOLDER: Site = { label: "none", scatterer: "C", x: 0.137, y: 0.211, z: 0.329, occupancy: 1, bIso: 0 };

/** A group with two origins and no extension is origin 1 in TOPAS. */
function groupTriplets(symbol: string, cell: Cell, where: string, notes: string[]): string[] {
  const text = symbol.replaceAll("_", " ").trim();
  const find = (extension = ""): string =>
    (/^\d{1,3}$/.test(text)
      ? extension === ""
        ? findByNumber(Number(text), cell)
        : findSpaceGroup(
            `${spaceGroupSettings.find((s) => s.number === Number(text))?.hermannMauguin}:${extension}`,
            cell,
          )
      : findSpaceGroup(`${text}${extension && `:${extension}`}`, cell)
    ).hall;
  try {
    return hallTriplets(find());
  } catch (error) {
    if (!(error instanceof InputError) || error.code !== "ambiguous-origin") throw error;
    notes.push(`${where}: space_group ${symbol} is taken with origin 1, as TOPAS does; compare the coordinates`);
    return hallTriplets(find("1"));
  }
}

interface ReadSite {
  readonly site: Site;
  readonly parameters: { -readonly [K in keyof TopasSite]: TopasSite[K] };
}

function readSites(raw: RawSite, resolve: TopasResolver, where: string, notes: string[]): ReadSite[] {
  const fixed = (value: number): TopasParameter => ({ value, isRefined: false });
  const coordinate = (key: "x" | "y" | "z"): TopasParameter => {
    const found = raw.x[key] && resolve.parameter(raw.x[key]);
    if (!found) notes.push(`${where}: ${key} of site ${raw.name} is not given or not known, taken as 0`);
    return found ?? fixed(0);
  };
  const [x, y, z] = [coordinate("x"), coordinate("y"), coordinate("z")];
  if (raw.occupants.length === 0) notes.push(`${where}: site ${raw.name} has no occ and is left out`);
  return raw.occupants.flatMap(({ atom, occupancy, b }, i) => {
    const scatterer = atom.replace(/^([A-Za-z]+)([-+])(\d+)$/, "$1$3$2");
    try {
      scatteringFactor(scatterer);
    } catch {
      notes.push(`${where}: site ${raw.name}: there is no scattering factor for ${atom}, left out`);
      return [];
    }
    const share = resolve.parameter(occupancy) ?? fixed(1);
    const bIso = b && resolve.parameter(b);
    if (!bIso) notes.push(`${where}: site ${raw.name} has no beq, taken as 0`);
    const label = i === 0 ? raw.name : `${raw.name}_${atom.replace(/[^A-Za-z]/g, "")}`;
    const parameters = { label, x, y, z, occupancy: share, b: bIso ?? fixed(0) };
    return [
      {
        parameters,
        site: {
          label,
          scatterer,
          x: x.value,
          y: y.value,
          z: z.value,
          occupancy: share.value,
          bIso: parameters.b.value,
        },
      },
    ];
  });
}

/** Labels name parameters, so that two sites of one label are numbered. */
function unlike(sites: readonly ReadSite[]): void {
  const seen = new Map<string, number>();
  for (const { parameters } of sites) parameters.label = uniqueName(parameters.label.replace(/\s|\//g, "_"), seen);
}

/** @param taken name -> number to try next behind it, so that thousands of one name take no longer than as many names */
function uniqueName(wanted: string, taken: Map<string, number>): string {
  const first = wanted.trim() || "phase";
  let name = first;
  let n = taken.get(first) ?? 2;
  for (; taken.has(name); n++) name = `${first}_${n}`;
  taken.set(first, n);
  if (name !== first) taken.set(name, 2);
  return name;
}

function readPeaks(raw: RawPhase, resolve: TopasResolver, notes: string[]): TopasPeak[] {
  const shape = readPeakShape(raw, resolve);
  if (!shape) notes.push(`line ${raw.line}: the width of these xo_Is peaks is not known; give fwhm`);
  return raw.peaks.flatMap(({ position, intensity }) => {
    const found = resolve.parameter(position);
    const area = intensity && resolve.parameter(intensity);
    return found ? [{ position: found, ...(area && { area }), ...shape?.(found.value) }] : [];
  });
}
