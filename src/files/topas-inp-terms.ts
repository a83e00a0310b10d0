/**
 * Emission, widths, shifts and intensity factors of a TOPAS pattern in the program's own terms. An equation in Th is
 * evaluated over the range and taken where it is one of the forms known here to within 1e-6, so that any way of
 * writing it is understood.
 */
import { lookupTable } from "../data/lookup-table.ts";
import type { TopasEquation } from "./topas-inp-expression.ts";
import { type Basis, fitValues } from "./topas-inp-fit.ts";
import type { RawPattern, RawPhase, RawTerms } from "./topas-inp-parser.ts";
import type { TopasParameter, TopasResolver } from "./topas-inp-resolver.ts";

export type ProfileKey = "U" | "V" | "W" | "X" | "Y" | "Z" | "eta0" | "eta1" | "SL" | "HL";

export interface TopasInstrument {
  /** angstrom, and share of the intensity; none where the emission profile is not known */
  readonly lines: readonly { readonly wavelength: TopasParameter; readonly weight: number }[];
  /** zero shift, degrees */
  readonly zero?: TopasParameter;
  /** mm */
  readonly displacement?: {
    readonly geometry: "bragg-brentano" | "detector";
    readonly lengthMm: number;
    readonly value: TopasParameter;
    /** degrees: th2_offset = -T Sin(2 Th) */
    readonly transparency?: TopasParameter;
  };
  readonly shape: "tchz" | "pseudo-voigt";
  readonly profile: Partial<Record<ProfileKey, TopasParameter>>;
  /** K; absent where the file has no such factor */
  readonly polarization?: number;
  readonly lorentz?: "azimuthal-mean" | "ring-sum";
}

/** What the sample adds to the widths of one phase: nm, and strain without unit. */
export interface TopasSampleTerms {
  readonly size?: TopasParameter;
  readonly gaussianSize?: TopasParameter;
  readonly strain?: TopasParameter;
  readonly gaussianStrain?: TopasParameter;
  /** its pseudo-Voigt's FWHM over that of the first phase */
  readonly width?: TopasParameter;
}

const DEG = 180 / Math.PI;
const SCHERRER = 0.9;
/** Emission profiles that macros of TOPAS stand for: share, wavelength in angstrom, Lorentzian FWHM in mA (Berger 1986). */
const EMISSIONS: Readonly<Record<string, readonly (readonly [number, number, number])[]>> = lookupTable({
  CuKa1: [[1, 1.540596, 0.501844]],
  CuKa2: [
    [0.653817, 1.540596, 0.501844],
    [0.346183, 1.544493, 0.626579],
  ],
  CuKa5: [
    [0.0159, 1.534753, 3.6854],
    [0.5791, 1.540596, 0.437],
    [0.0762, 1.541058, 0.6],
    [0.2417, 1.54441, 0.52],
    [0.0871, 1.544721, 0.62],
  ],
});
export const DEFAULT_RADIUS_MM = 217.5;
/** S/L = H/L of Simple_Axial_Model, over its length and the radius: measured on one pattern (docs/validation/hand-over.md). */
export const AXIAL_SHARE = 0.63;

const fixed = (value: number): TopasParameter => ({ value, isRefined: false });

/** @param crystals phases with a cell, in the order of the samples returned */
export function readTopasTerms(
  raw: RawPattern,
  crystals: readonly RawPhase[],
  resolve: TopasResolver,
  notes: string[],
): { instrument: TopasInstrument; samples: TopasSampleTerms[]; scaleFactor: number } {
  const { lines, lineWidthShare, total } = readEmission(raw, resolve, notes);
  const wavelengthA = lines[0]?.wavelength.value ?? 1;
  const context: Context = { resolve, wavelengthA, angles: anglesOf(raw), notes };
  const shared = sharedTerms(raw, crystals);
  const profile = readProfile(shared, context);
  if (lineWidthShare > 0 && profile.shape === "tchz") {
    const y = profile.values.Y;
    profile.values.Y = { ...(y ?? fixed(0)), value: (y?.value ?? 0) + 2 * DEG * lineWidthShare };
    notes.push(
      `the emission lines have a Lorentzian width (lh) of ${(lineWidthShare * 1e6).toFixed(0)} ppm, which is in Y now`,
    );
  }
  const axial = shared.macros.find(({ name }) => name === "Simple_Axial_Model")?.values[0];
  const length = axial && resolve.parameter(axial);
  if (length && length.value > 0) {
    const share = scaled(length, AXIAL_SHARE / (raw.radiusMm ?? DEFAULT_RADIUS_MM));
    profile.values.SL = { ...share, isRefined: length.isRefined };
    notes.push(
      `Simple_Axial_Model of ${length.value} mm is taken as S/L = H/L = ${share.value.toPrecision(3)}, which is approximate: refine it`,
    );
  }
  const samples = crystals.map((phase) => readSample(phase, shared, context));
  const factors = readFactors(shared, context);
  return {
    instrument: {
      lines,
      ...readShifts(shared, raw.radiusMm ?? DEFAULT_RADIUS_MM, context),
      shape: profile.shape,
      profile: profile.values,
      ...(factors && { polarization: factors.polarization, lorentz: factors.lorentz }),
    },
    samples,
    scaleFactor: (factors?.scale ?? 1) * total,
  };
}

interface Context {
  readonly resolve: TopasResolver;
  readonly wavelengthA: number;
  /** Bragg angles at which equations are looked at, degrees */
  readonly angles: readonly number[];
  readonly notes: string[];
}

function anglesOf({ start, finish }: RawPattern): number[] {
  const low = Math.min(Math.max(start ?? 5, 0.5), 150);
  const high = Math.max(Math.min(finish ?? 120, 160), low + 5);
  return Array.from({ length: 24 }, (_, i) => (low + ((high - low) * i) / 23) / 2);
}

function readEmission(raw: RawPattern, resolve: TopasResolver, notes: string[]) {
  const known = raw.emission && Object.hasOwn(EMISSIONS, raw.emission) ? EMISSIONS[raw.emission] : undefined;
  if (raw.emission && !known) {
    notes.push(`the emission profile ${raw.emission} is not known here: give the radiation in the model`);
  }
  const lines = known
    ? known.map(([share, wavelength, width]) => ({ share, wavelength: fixed(wavelength), width }))
    : raw.lines.flatMap(({ area, wavelength, widthMilliA }) => {
        const found = wavelength && resolve.parameter(wavelength);
        const share = resolve.parameter(area)?.value ?? 1;
        const width = (widthMilliA && resolve.parameter(widthMilliA)?.value) ?? 0;
        return found && found.value > 0 && share > 0 ? [{ share, wavelength: found, width }] : [];
      });
  const total = lines.reduce((sum, { share }) => sum + share, 0) || 1;
  const lineWidthShare = lines.reduce(
    (sum, { share, wavelength, width }) => sum + ((share / total) * width * 1e-3) / wavelength.value,
    0,
  );
  return {
    lines: lines.map(({ share, wavelength }) => ({ wavelength, weight: share / total })),
    // below a ppm it is a line of no width, written so that TOPAS has one
    lineWidthShare: lineWidthShare > 1e-6 ? lineWidthShare : 0,
    total,
  };
}

/** Terms of the pattern, and those that every phase has in the same words: the instrument's. */
function sharedTerms(raw: RawPattern, crystals: readonly RawPhase[]): RawTerms {
  const [first, ...others] = crystals;
  const same = (kind: "gauss" | "lorentz" | "scales"): TopasEquation[] => [
    ...raw[kind],
    ...(first?.[kind] ?? []).filter(({ text }) =>
      others.every((other) => other[kind].some((one) => one.text === text)),
    ),
  ];
  const pv = [raw, ...crystals].find(({ pvFwhm }) => pvFwhm);
  return {
    gauss: same("gauss"),
    lorentz: same("lorentz"),
    scales: same("scales"),
    macros: [...raw.macros, ...(first?.macros ?? []).filter(({ name }) => !SAMPLE_MACROS.has(name))],
    offsets: [...raw.offsets, ...(first?.offsets ?? [])],
    ...(pv?.pvFwhm && { pvFwhm: pv.pvFwhm }),
    ...(pv?.pvLor && { pvLor: pv.pvLor }),
  };
}

const SAMPLE_MACROS = new Set(["CS_L", "CS_G", "Strain_L", "Strain_G"]);
const SECANT = (t: number): number => 1 / Math.cos(t);
const GAUSS_BASIS: Basis = [(t) => Math.tan(t) ** 2, Math.tan, () => 1];
const LORENTZ_BASIS: Basis = [SECANT, Math.tan, () => 1];

function readProfile(
  shared: RawTerms,
  context: Context,
): { shape: "tchz" | "pseudo-voigt"; values: Partial<Record<ProfileKey, TopasParameter>> } {
  const { resolve, notes } = context;
  const values: Partial<Record<ProfileKey, TopasParameter>> = {};
  const add = (key: ProfileKey, value: number, isRefined: boolean): void => {
    const before = values[key];
    values[key] = { value: (before?.value ?? 0) + value, isRefined: isRefined || (before?.isRefined ?? false) };
  };
  const pairs = shared.macros.find(({ name }) => name === "TCHZ_Peak_Type");
  if (pairs) {
    const [u, v, w, z, x, y] = pairs.values.map((raw) => resolve.parameter(raw) ?? fixed(0));
    const zero = fixed(0);
    for (const [key, parameter] of [
      ["U", u],
      ["V", v],
      ["W", w],
      ["X", y],
      ["Y", x],
    ] as const)
      add(key, (parameter ?? zero).value, (parameter ?? zero).isRefined);
    add("U", (z ?? zero).value, false);
    add("W", (z ?? zero).value, false);
  }
  if (shared.pvFwhm || shared.macros.some(({ name }) => name === "PV_Peak_Type"))
    return readPseudoVoigt(shared, context);
  for (const equation of shared.gauss) {
    const fit = fitForm(equation, GAUSS_BASIS, context, (y) => y * y);
    if (!fit) notes.push(`gauss_fwhm = ${shorten(equation.text)}; is no Caglioti function and is not read`);
    else ["U", "V", "W"].forEach((key, i) => add(key as "U", fit[i]!, resolve.isRefined(equation)));
  }
  for (const equation of shared.lorentz) {
    if (isSize(equation, context)) continue;
    const fit = fitForm(equation, LORENTZ_BASIS, context);
    if (!fit) notes.push(`lor_fwhm = ${shorten(equation.text)}; is not X / cos + Y tan + Z and is not read`);
    else ["X", "Y", "Z"].forEach((key, i) => add(key as "X", fit[i]!, resolve.isRefined(equation)));
  }
  return { shape: "tchz", values };
}

/** pv_fwhm and pv_lor as they are, or PV_Peak_Type: FWHM = a + b tan + c / cos, share = d + e tan + f / cos. */
function readPseudoVoigt(shared: RawTerms, context: Context): ReturnType<typeof readProfile> {
  const { resolve, notes, angles, wavelengthA } = context;
  const macro = shared.macros.find(({ name }) => name === "PV_Peak_Type");
  const of = (i: number): number => (macro?.values[i] && resolve.parameter(macro.values[i])?.value) || 0;
  const valueAt = (raw: RawTerms["pvFwhm"], from: number, theta: number): number => {
    if (raw?.equation) return resolve.at(raw.equation, theta, wavelengthA);
    if (raw) return resolve.parameter(raw)?.value ?? Number.NaN;
    const t = theta / DEG;
    return of(from) + of(from + 1) * Math.tan(t) + of(from + 2) / Math.cos(t);
  };
  const isRefined = [shared.pvFwhm, shared.pvLor, ...(macro?.values ?? [])].some(
    (raw) => raw && (raw.isRefined || (raw.equation !== undefined && resolve.isRefined(raw.equation))),
  );
  const fwhm2 = fitValues(
    angles.map((theta) => valueAt(shared.pvFwhm, 0, theta) ** 2),
    GAUSS_BASIS,
    angles,
  );
  const eta = fitValues(
    angles.map((theta) => valueAt(shared.pvLor, 3, theta)),
    [() => 1, (t) => 2 * t * DEG],
    angles,
  );
  if (!fwhm2 || !eta) {
    notes.push("the pseudo-Voigt's width or share follows from something that is not known; give the profile");
    return { shape: "pseudo-voigt", values: {} };
  }
  const worst = Math.max(fwhm2.deviation / 2, eta.deviation);
  if (worst > 1e-4) {
    notes.push(
      `the pseudo-Voigt's width and share are taken over to within ${(100 * worst).toFixed(1)} % of their sizes`,
    );
  }
  const values: Partial<Record<ProfileKey, TopasParameter>> = {};
  ["U", "V", "W"].forEach((key, i) => (values[key as "U"] = { value: fwhm2.values[i]!, isRefined }));
  ["eta0", "eta1"].forEach((key, i) => (values[key as "eta0"] = { value: eta.values[i]!, isRefined }));
  return { shape: "pseudo-voigt", values };
}

function readSample(phase: RawPhase, shared: RawTerms, context: Context): TopasSampleTerms {
  const { resolve, notes, wavelengthA } = context;
  const out: { -readonly [K in keyof TopasSampleTerms]: TopasSampleTerms[K] } = {};
  for (const { name, values } of phase.macros) {
    const parameter = values[0] && resolve.parameter(values[0]);
    if (!parameter || !SAMPLE_MACROS.has(name)) continue;
    const isSize = name.startsWith("CS");
    const factor = isSize ? SCHERRER : Math.PI / 720;
    const key = isSize
      ? name === "CS_L"
        ? "size"
        : "gaussianSize"
      : name === "Strain_L"
        ? "strain"
        : "gaussianStrain";
    out[key] = scaled(parameter, factor);
  }
  for (const equation of phase.lorentz) {
    const size = isSize(equation, context);
    if (!size && shared.lorentz.some(({ text }) => text === equation.text)) continue;
    const fit = fitForm(equation, LORENTZ_BASIS, context);
    const isRefined = resolve.isRefined(equation);
    const [x = 0, y = 0, z = 0] = fit ?? [];
    const least = 1e-6 * (Math.abs(x) + Math.abs(y));
    if (fit && x > 0 && Math.abs(y) + Math.abs(z) <= least && out.size === undefined) {
      out.size = { value: (0.1 * SCHERRER * wavelengthA * DEG) / x, isRefined };
    } else if (fit && y > 0 && Math.abs(x) + Math.abs(z) <= least && out.strain === undefined) {
      out.strain = { value: y / (4 * DEG), isRefined };
    } else notes.push(`line ${phase.line}: lor_fwhm = ${shorten(equation.text)}; of this phase alone is not read`);
  }
  const width = shared.pvFwhm && phase.pvFwhm && readWidth(phase, shared, context);
  if (width) out.width = width;
  for (const equation of phase.gauss) {
    if (!shared.gauss.some(({ text }) => text === equation.text)) {
      notes.push(`line ${phase.line}: gauss_fwhm = ${shorten(equation.text)}; of this phase alone is not read`);
    }
  }
  return out;
}

/** Width of a phase over the first one's, where it is the same at every angle. */
function readWidth(phase: RawPhase, shared: RawTerms, { resolve, angles, wavelengthA, notes }: Context) {
  const at = ({ pvFwhm }: RawTerms, theta: number): number =>
    pvFwhm?.equation ? resolve.at(pvFwhm.equation, theta, wavelengthA) : (pvFwhm?.value ?? Number.NaN);
  const ratios = angles.map((theta) => at(phase, theta) / at(shared, theta));
  const first = ratios[0]!;
  if (!ratios.every((ratio) => Math.abs(ratio - first) < 1e-6 * Math.abs(first))) {
    notes.push(`line ${phase.line}: pv_fwhm of this phase is not a multiple of the first one's and is not read`);
    return undefined;
  }
  const { equation, isRefined } = phase.pvFwhm!;
  return first === 1 ? undefined : { value: first, isRefined: equation ? resolve.isRefined(equation) : isRefined };
}

const scaled = (parameter: TopasParameter, factor: number): TopasParameter => ({
  ...parameter,
  value: parameter.value * factor,
  ...(parameter.min !== undefined && { min: parameter.min * factor }),
  ...(parameter.max !== undefined && { max: parameter.max * factor }),
});

/** A term of 1 / cos alone that asks for the wavelength broadens by size, not by the instrument. */
function isSize(equation: TopasEquation, context: Context): boolean {
  if (!context.resolve.asksFor(equation, "Lam")) return false;
  const [x = 0, y = 0, z = 0] = fitForm(equation, LORENTZ_BASIS, context) ?? [];
  return x > 0 && Math.abs(y) + Math.abs(z) < 1e-6 * x;
}

function readShifts(
  { macros, offsets }: RawTerms,
  radiusMm: number,
  context: Context,
): Pick<TopasInstrument, "zero" | "displacement"> {
  const { resolve, notes, angles, wavelengthA } = context;
  let zero: TopasParameter | undefined;
  let displacement: TopasInstrument["displacement"];
  let transparency: TopasParameter | undefined;
  const addZero = (parameter: TopasParameter): void => {
    zero = zero ? { ...zero, value: zero.value + parameter.value } : parameter;
  };
  for (const { name, values } of macros) {
    const parameter = values[0] && resolve.parameter(values[0]);
    if (!parameter) continue;
    if (name === "zero") addZero(parameter);
    if (name === "displacement") displacement = { geometry: "bragg-brentano", lengthMm: radiusMm, value: parameter };
  }
  for (const offset of offsets) {
    const { equation } = offset;
    if (!equation || !resolve.asksFor(equation, "Th")) {
      const parameter = resolve.parameter(offset);
      if (parameter) addZero(parameter);
      else notes.push(`th2_offset = ${shorten(equation?.text ?? "")}; is not known and is not read`);
      continue;
    }
    const isRefined = resolve.isRefined(equation);
    const values = angles.map((theta) => resolve.at(equation, theta, wavelengthA));
    const fit = fitValues(values, [() => 1, Math.cos, (theta) => Math.sin(2 * theta)], angles);
    const ratio = detectorRatio(values, angles);
    if (ratio !== undefined) {
      displacement = { geometry: "detector", lengthMm: 1000, value: { value: 1000 * ratio, isRefined } };
    } else if (fit && fit.deviation < 1e-6) {
      if (fit.values[0] !== 0 && Math.abs(fit.values[0]!) > 1e-9) addZero({ value: fit.values[0]!, isRefined });
      if (Math.abs(fit.values[2]!) > 1e-9) transparency = { value: -fit.values[2]!, isRefined };
      const value = (-fit.values[1]! * radiusMm) / (2 * DEG);
      if (Math.abs(fit.values[1]!) > 1e-9)
        displacement = { geometry: "bragg-brentano", lengthMm: radiusMm, value: { value, isRefined } };
    } else notes.push(`th2_offset = ${shorten(equation.text)}; is neither a zero nor a displacement and is not read`);
  }
  if (transparency && displacement?.geometry !== "detector") {
    const none = { value: 0, isRefined: false };
    displacement = { geometry: "bragg-brentano", lengthMm: radiusMm, value: none, ...displacement, transparency };
  }
  return { ...(zero && { zero }), ...(displacement && { displacement }) };
}

/** t / L where the shift is that of a sample moved along the beam before a flat detector, at every angle. */
function detectorRatio(shifts: readonly number[], angles: readonly number[]): number | undefined {
  const ratios = shifts.flatMap((shift, i) => {
    const angle = (2 * angles[i]!) / DEG;
    return angle < 1.4 ? [1 - Math.tan(angle + shift / DEG) / Math.tan(angle)] : [];
  });
  const [first] = ratios;
  if (first === undefined || ratios.length < 3 || Math.abs(first) < 1e-12) return undefined;
  return ratios.every((ratio) => Math.abs(ratio - first) < 1e-6 * Math.abs(first)) ? first : undefined;
}

/** Lorentz and polarisation factor; `scale` is what our scale is over that of the file. */
function readFactors({ macros, scales }: RawTerms, context: Context) {
  const { resolve, notes, angles, wavelengthA } = context;
  for (const { name, values } of macros) {
    if (name === "Lorentz_Factor") return { polarization: 0, lorentz: "azimuthal-mean" as const, scale: 1 };
    if (name !== "LP_Factor") continue;
    const square = Math.cos(((values[0] && resolve.parameter(values[0])?.value) ?? 0) / DEG) ** 2;
    const share = square < 1e-15 ? 0 : square / (1 + square);
    return { polarization: share, lorentz: "azimuthal-mean" as const, scale: 1 + square };
  }
  for (const equation of scales) {
    for (const lorentz of ["azimuthal-mean", "ring-sum"] as const) {
      const values = angles.map((theta) => {
        const t = theta / DEG;
        const factor = lorentz === "ring-sum" ? Math.sin(t) : Math.sin(t) ** 2 * Math.cos(t);
        return resolve.at(equation, theta, wavelengthA) * factor;
      });
      const fit = fitValues(values, [() => 1, (t) => Math.cos(2 * t) ** 2], angles);
      if (!fit || fit.deviation > 1e-6) continue;
      const scale = fit.values[0]! + fit.values[1]!;
      const share = fit.values[1]! / scale;
      if (scale > 0 && share > -1e-9 && share <= 1 + 1e-9) {
        return { polarization: Math.min(1, Math.max(0, share)), lorentz, scale };
      }
    }
    notes.push(`scale_pks = ${shorten(equation.text)}; is no Lorentz and polarisation factor and is not read`);
  }
  notes.push(
    "the file has no Lorentz and polarisation factor (LP_Factor); the Lorentz factor is always calculated here",
  );
  return undefined;
}

/** Coefficients of an equation in a basis, where it is one of them to within 1e-6. */
function fitForm(
  equation: TopasEquation,
  basis: Basis,
  { resolve, wavelengthA, angles }: Context,
  change: (y: number) => number = (y) => y,
): number[] | undefined {
  const values = angles.map((theta) => change(resolve.at(equation, theta, wavelengthA)));
  const fit = fitValues(values, basis, angles);
  return fit && fit.deviation < 1e-6 ? fit.values : undefined;
}

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);
