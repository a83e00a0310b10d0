/**
 * |F|^2 of a list of reflections, its slope and its derivatives, for a structure whose sites and cell are refined.
 *
 *   F(h) = sum_sites (f0(s) + f' + i f'') w G(h),   w = occ exp(-B s^2),   s = sin(theta)/lambda = 1/(2d)
 *   G(h) = sum_images T exp(2 pi i h.x),            T = 1, or the anisotropic part of the displacement
 *
 * G does not depend on the cell, so it is summed once and kept. A refined cell moves s^2 by little, so f0 is kept as a
 * Taylor series about the structure's own cell; an evaluation then costs the exponentials of w.
 * Friedel mates are averaged: (|F(h)|^2 + |F(-h)|^2) / 2 = |sum (f0 + f') w G|^2 + |sum f'' w G|^2.
 * T takes the lengths of the reciprocal axes from the cell the structure came with: where the cell is refined, only
 * the mean of an anisotropic displacement (bIso) follows s^2.
 *
 * Sources: International Tables for Crystallography B (2010), section 1.2; anisotropic displacement as U_ij of
 * Trueblood et al., Acta Cryst. A52 (1996) 770.
 */
import { inverseDSquared, type ReciprocalMetric, reciprocalMetric } from "./cell.ts";
import { anisotropicDamping, anisotropicPart } from "./displacement.ts";
import { type ScatteringFactor, scatteringFactor } from "./scattering-factor.ts";
import { projectPosition, type SiteSymmetry, siteSymmetry } from "./site-symmetry.ts";
import type { Site, Structure } from "./structure.ts";
import { parseOperation } from "./symmetry.ts";

/** A displacement of a site, in fractions of the cell. */
export type SiteDirection = readonly [number, number, number];

/** f' and f'' of an element at one energy, electrons. */
export interface AnomalousFactors {
  readonly fPrime: number;
  readonly fDoublePrime: number;
}

export interface StructureFactors {
  /** reflections */
  readonly count: number;
  /**
   * |F|^2 of the current sites, electrons squared.
   *
   * @param s2       [n] 1/(4 d^2), 1/angstrom^2
   * @param fSquared [n] filled
   * @param slope    [n] filled with d|F|^2 / d(s2): form factors and exp(-B s^2); null where it is not needed
   */
  evaluate(s2: Float64Array, fSquared: Float64Array, slope: Float64Array | null): void;
  /** Takes other x, y, z, occupancy, bIso, uAniso for the sites: as many, on the same special positions. */
  setSites(sites: readonly Site[]): void;
  /**
   * d|F|^2 / d(parameter of one site).
   *
   * @param what "occupancy", "bIso", or the direction of a displacement of x, y, z (a step of one is that vector; what
   *             leaves the site's special position counts for nothing)
   * @param s2   [n] 1/(4 d^2), 1/angstrom^2
   * @param out  [n] filled
   */
  derivative(site: number, what: "occupancy" | "bIso" | SiteDirection, s2: Float64Array, out: Float64Array): void;
}

/** Where the reflections of a structure and its sites meet: nothing here changes but what setSites says. */
export function createStructureFactors(
  structure: Structure,
  hkl: readonly { readonly h: number; readonly k: number; readonly l: number }[],
  options: { readonly anomalous?: ReadonlyMap<string, AnomalousFactors> } = {},
): StructureFactors {
  return new SiteSums(structure, hkl, options.anomalous);
}

const TWO_PI = 2 * Math.PI;
/** numbers of a scatterer: a1 b1 ... a5 b5 c */
const COEFFICIENTS = 11;
/** Terms of the series of f0. */
const TERMS = 6;
/** Share of s^2 up to which the series holds: 1e-10 electrons of f0, 1e-8 of its slope, for any b; else exponentials. */
const SERIES_REACH = 0.025;
const NO_SHIFT = new Float64Array(3);

class SiteSums implements StructureFactors {
  readonly count: number;
  private sites: readonly Site[];
  private readonly symmetry: readonly SiteSymmetry[];
  private readonly metric: ReciprocalMetric;
  /** [3 x n] */
  private readonly hkl: Float64Array;
  /** [n] s2 in the structure's own cell */
  private readonly ownS2: Float64Array;
  /** [n x scatterer x 6] f0 + f' as a power series in s2 - ownS2 */
  private readonly series: Float64Array;
  /** [n x site] real and imaginary part of G */
  private readonly real: Float64Array;
  private readonly imaginary: Float64Array;
  /** [site] which scatterer, and which of the different B */
  private readonly factorOf: Int32Array;
  private readonly displacementOf: Int32Array;
  private readonly occupancy: Float64Array;
  /** [11 x scatterer], f' in the constant */
  private readonly coefficients: Float64Array;
  /** [scatterer] f'' */
  private readonly absorptive: Float64Array;
  private readonly isAnomalous: boolean;
  /** [b] the different B, `displacements` of them */
  private readonly bValues: Float64Array;
  private displacements = 0;
  // scratch of one reflection: f0 + f', its slope, exp(-B s2)
  private readonly f: Float64Array;
  private readonly fSlope: Float64Array;
  private readonly damping: Float64Array;
  // scratch of a derivative: [n] dG
  private readonly dReal: Float64Array;
  private readonly dImaginary: Float64Array;

  constructor(
    structure: Structure,
    hkl: readonly { readonly h: number; readonly k: number; readonly l: number }[],
    anomalous: ReadonlyMap<string, AnomalousFactors> | undefined,
  ) {
    const { sites } = structure;
    const operations = structure.operations.map(parseOperation);
    const factors = sites.map(({ scatterer }) => scatteringFactor(scatterer));
    const different = [...new Map(factors.map((factor) => [factor.label, factor])).values()];
    this.count = hkl.length;
    this.sites = sites;
    this.symmetry = sites.map(({ x, y, z }) => siteSymmetry([x, y, z], operations));
    this.metric = reciprocalMetric(structure.cell);
    this.hkl = Float64Array.from(hkl.flatMap(({ h, k, l }) => [h, k, l]));
    this.real = new Float64Array(hkl.length * sites.length);
    this.imaginary = new Float64Array(hkl.length * sites.length);
    this.factorOf = Int32Array.from(factors, ({ label }) => different.findIndex((factor) => factor.label === label));
    this.displacementOf = new Int32Array(sites.length);
    this.occupancy = new Float64Array(sites.length);
    this.coefficients = withDispersion(different, anomalous);
    this.absorptive = Float64Array.from(different, ({ element }) => anomalous?.get(element)?.fDoublePrime ?? 0);
    this.isAnomalous = this.absorptive.some((value) => value !== 0);
    this.bValues = new Float64Array(sites.length);
    this.f = new Float64Array(different.length);
    this.fSlope = new Float64Array(different.length);
    this.damping = new Float64Array(sites.length);
    this.dReal = new Float64Array(hkl.length);
    this.dImaginary = new Float64Array(hkl.length);
    this.ownS2 = Float64Array.from(hkl, ({ h, k, l }) => inverseDSquared(this.metric, h, k, l) / 4);
    this.series = expandFormFactors(this.coefficients, this.ownS2);
    this.takeScalars();
    for (let j = 0; j < sites.length; j++) this.sumImages(j);
  }

  setSites(sites: readonly Site[]): void {
    const before = this.sites;
    this.sites = sites;
    this.takeScalars();
    for (let j = 0; j < before.length; j++) {
      const [p, q] = [before[j]!, sites[j]!];
      if (p.x !== q.x || p.y !== q.y || p.z !== q.z || p.uAniso !== q.uAniso) this.sumImages(j);
    }
  }

  /** Occupancies, and the B without repeats: sites of one B share an exponential. */
  private takeScalars(): void {
    this.displacements = 0;
    for (let j = 0; j < this.occupancy.length; j++) {
      const { occupancy, bIso } = this.sites[j]!;
      this.occupancy[j] = occupancy;
      let at = 0;
      while (at < this.displacements && this.bValues[at] !== bIso) at++;
      if (at === this.displacements) this.bValues[this.displacements++] = bIso;
      this.displacementOf[j] = at;
    }
  }

  /** G of a site, for all reflections. */
  private sumImages(j: number): void {
    const sites = this.occupancy.length;
    this.imageSums(j, null);
    for (let i = 0; i < this.count; i++) {
      this.real[i * sites + j] = this.dReal[i]!;
      this.imaginary[i * sites + j] = this.dImaginary[i]!;
    }
  }

  /** Into dReal and dImaginary: G of a site, or its derivative along a displacement. */
  private imageSums(j: number, along: SiteDirection | null): void {
    const site = this.sites[j]!;
    const symmetry = this.symmetry[j]!;
    const { hkl, count } = this;
    const [x, y, z] = projectPosition(symmetry, [site.x, site.y, site.z]);
    const [u, v, w] = along ? projectPosition({ ...symmetry, shift: NO_SHIFT }, along) : [0, 0, 0];
    const tensor = site.uAniso ? anisotropicPart(site.uAniso, this.metric, symmetry.stabiliser) : null;
    for (let i = 0; i < count; i++) {
      let sumReal = 0;
      let sumImaginary = 0;
      const [h, k, l] = [hkl[3 * i]!, hkl[3 * i + 1]!, hkl[3 * i + 2]!];
      for (const { rotation: r, translation: t } of symmetry.cosets) {
        // h (R x + t) = (h R) x + h t, and the displacement of the image meets h as the site's own meets h R
        const p = h * r[0]! + k * r[3]! + l * r[6]!;
        const q = h * r[1]! + k * r[4]! + l * r[7]!;
        const s = h * r[2]! + k * r[5]! + l * r[8]!;
        const angle = TWO_PI * (p * x + q * y + s * z + h * t[0]! + k * t[1]! + l * t[2]!);
        const weight = tensor ? anisotropicDamping(tensor, p, q, s) : 1;
        const [cosine, sine] = [weight * Math.cos(angle), weight * Math.sin(angle)];
        const speed = TWO_PI * (p * u + q * v + s * w);
        sumReal += along ? -speed * sine : cosine;
        sumImaginary += along ? speed * cosine : sine;
      }
      this.dReal[i] = sumReal;
      this.dImaginary[i] = sumImaginary;
    }
  }

  /** f0 + f' with its slope, and exp(-B s2), of one reflection at its s2. */
  private prepare(i: number, s2: number): void {
    const { series, f, fSlope, damping, bValues } = this;
    const step = s2 - this.ownS2[i]!;
    if (Math.abs(step) <= SERIES_REACH * this.ownS2[i]!) {
      let at = i * f.length * TERMS;
      for (let e = 0; e < f.length; e++, at += TERMS) {
        let sum = series[at + TERMS - 1]!;
        let slope = 0;
        for (let m = TERMS - 2; m >= 0; m--) {
          slope = slope * step + sum;
          sum = sum * step + series[at + m]!;
        }
        f[e] = sum;
        fSlope[e] = slope;
      }
    } else this.sumFormFactors(s2);
    for (let m = 0; m < this.displacements; m++) damping[m] = Math.exp(-bValues[m]! * s2);
  }

  private sumFormFactors(s2: number): void {
    const { coefficients: k, f, fSlope } = this;
    for (let e = 0; e < f.length; e++) {
      const start = e * COEFFICIENTS;
      let sum = k[start + 10]!;
      let slope = 0;
      for (let m = start; m < start + 10; m += 2) {
        const term = k[m]! * Math.exp(-k[m + 1]! * s2);
        sum += term;
        slope -= k[m + 1]! * term;
      }
      f[e] = sum;
      fSlope[e] = slope;
    }
  }

  evaluate(s2: Float64Array, fSquared: Float64Array, slope: Float64Array | null): void {
    const { count, real, imaginary, occupancy, factorOf, displacementOf, f, fSlope, damping, bValues } = this;
    const sites = occupancy.length;
    for (let i = 0; i < count; i++) {
      this.prepare(i, s2[i]!);
      let re = 0;
      let im = 0;
      let reSlope = 0;
      let imSlope = 0;
      for (let j = 0, at = i * sites; j < sites; j++, at++) {
        const e = factorOf[j]!;
        const m = displacementOf[j]!;
        const weight = occupancy[j]! * damping[m]!;
        const amplitude = weight * f[e]!;
        const amplitudeSlope = weight * fSlope[e]! - bValues[m]! * amplitude;
        re += amplitude * real[at]!;
        im += amplitude * imaginary[at]!;
        reSlope += amplitudeSlope * real[at]!;
        imSlope += amplitudeSlope * imaginary[at]!;
      }
      fSquared[i] = re * re + im * im;
      if (slope) slope[i] = 2 * (re * reSlope + im * imSlope);
      if (this.isAnomalous) this.addAbsorptive(i, fSquared, slope);
    }
  }

  /** |sum f'' w G|^2, after prepare. */
  private addAbsorptive(i: number, fSquared: Float64Array, slope: Float64Array | null): void {
    const { real, imaginary, occupancy, factorOf, displacementOf, absorptive, damping, bValues } = this;
    const sites = occupancy.length;
    let re = 0;
    let im = 0;
    let reSlope = 0;
    let imSlope = 0;
    for (let j = 0, at = i * sites; j < sites; j++, at++) {
      const m = displacementOf[j]!;
      const amplitude = occupancy[j]! * damping[m]! * absorptive[factorOf[j]!]!;
      re += amplitude * real[at]!;
      im += amplitude * imaginary[at]!;
      reSlope -= bValues[m]! * amplitude * real[at]!;
      imSlope -= bValues[m]! * amplitude * imaginary[at]!;
    }
    fSquared[i]! += re * re + im * im;
    if (slope) slope[i]! += 2 * (re * reSlope + im * imSlope);
  }

  derivative(j: number, what: "occupancy" | "bIso" | SiteDirection, s2: Float64Array, out: Float64Array): void {
    const { count, real, imaginary, occupancy, factorOf, displacementOf, f, damping, absorptive } = this;
    const sites = occupancy.length;
    const own = factorOf[j]!;
    this.imageSums(j, typeof what === "string" ? null : what);
    for (let i = 0; i < count; i++) {
      this.prepare(i, s2[i]!);
      let re = 0;
      let im = 0;
      let reAbsorptive = 0;
      let imAbsorptive = 0;
      for (let site = 0, at = i * sites; site < sites; site++, at++) {
        const weight = occupancy[site]! * damping[displacementOf[site]!]!;
        const amplitude = weight * f[factorOf[site]!]!;
        const absorbed = weight * absorptive[factorOf[site]!]!;
        re += amplitude * real[at]!;
        im += amplitude * imaginary[at]!;
        reAbsorptive += absorbed * real[at]!;
        imAbsorptive += absorbed * imaginary[at]!;
      }
      const weightSlope = what === "occupancy" ? 1 : (what === "bIso" ? -s2[i]! : 1) * occupancy[j]!;
      const [dRe, dIm] = [this.dReal[i]!, this.dImaginary[i]!];
      out[i] =
        2 *
        weightSlope *
        damping[displacementOf[j]!]! *
        (f[own]! * (re * dRe + im * dIm) + absorptive[own]! * (reAbsorptive * dRe + imAbsorptive * dIm));
    }
  }
}

/** [11 x scatterer] a1 b1 ... a5 b5 c, with f' added to c. */
function withDispersion(
  factors: readonly ScatteringFactor[],
  anomalous: ReadonlyMap<string, AnomalousFactors> | undefined,
): Float64Array {
  return Float64Array.from(
    factors.flatMap(({ coefficients, element }) => [
      ...coefficients.slice(0, 10),
      coefficients[10]! + (anomalous?.get(element)?.fPrime ?? 0),
    ]),
  );
}

/** [n x scatterer x 6] sum a exp(-b s2) + c as a power series about each s2. */
function expandFormFactors(coefficients: Float64Array, s2: Float64Array): Float64Array {
  const scatterers = coefficients.length / COEFFICIENTS;
  const series = new Float64Array(s2.length * scatterers * TERMS);
  for (let i = 0; i < s2.length; i++) {
    for (let e = 0; e < scatterers; e++) {
      const at = (i * scatterers + e) * TERMS;
      series[at] = coefficients[e * COEFFICIENTS + 10]!;
      for (let m = e * COEFFICIENTS; m < e * COEFFICIENTS + 10; m += 2) {
        let term = coefficients[m]! * Math.exp(-coefficients[m + 1]! * s2[i]!);
        for (let order = 0; order < TERMS; order++) {
          series[at + order]! += term;
          term *= -coefficients[m + 1]! / (order + 1);
        }
      }
    }
  }
  return series;
}
