/** One phase of a pattern: spacings, intensities and widths of its reflections, and how they change with its numbers. */
import {
  cellFreedom,
  createStructureFactors,
  reflections,
  type Site,
  type StructureFactors,
  siteFreedom,
} from "../crystal/index.ts";
import type { PatternModel, PhaseModel } from "./model.ts";
import { createReciprocalGradient } from "./reciprocal-gradient.ts";
import { marchDollase, planeCosine2, texturePlaneCosines } from "./texture.ts";

/** A parameter that changes intensities: d(S m |F|^2 PO) / d parameter for each reflection. */
export interface IntensityEffect {
  readonly parameter: number;
  /** [reflection] */
  readonly slope: Float64Array;
}
/** A parameter that changes spacings: d(1/d^2) / d parameter for each reflection. */
export interface SpacingEffect {
  readonly parameter: number;
  readonly slope: Float64Array;
}

/** What `update` fills; positions in arrays are reflections. */
export interface PhaseTerms {
  readonly model: PhaseModel;
  readonly count: number;
  readonly h: Int32Array;
  readonly k: Int32Array;
  readonly l: Int32Array;
  readonly multiplicity: Float64Array;
  /** 1/d^2 */
  readonly inverse: Float64Array;
  /** S m |F|^2 PO, without Lorentz and polarisation factors; of Pawley and Le Bail phases the intensities */
  readonly intensity: Float64Array;
  /** its derivative by 1/d^2 at fixed parameters: form factors and displacement */
  readonly intensityByInverse: Float64Array;
  readonly fSquared: Float64Array;
  /** cos^2 between plane normal and sizeAxis, strainAxis */
  readonly sizeCosine2?: Float64Array;
  readonly strainCosine2?: Float64Array;
  readonly spacingEffects: readonly SpacingEffect[];
  readonly intensityEffects: readonly IntensityEffect[];
  /** index of a parameter by its short name, -1 where the phase has none */
  readonly index: (key: string) => number;
  /** say which parameters' derivatives are wanted */
  prepare(isRefined: (parameter: number) => boolean): void;
  /** @returns false where the cell has no volume or a number makes no sense */
  update(values: Float64Array, derivatives: boolean): boolean;
  readonly structureFactors?: StructureFactors;
}

const NONE = -1;

/**
 * One long closure, because update runs in every step of every voxel and allocates nothing.
 *
 * @param names of all parameters of the model
 * @param dMinA reflections down to here
 */
export function createPhaseTerms(
  pattern: PatternModel,
  phase: PhaseModel,
  names: ReadonlyMap<string, number>,
  dMinA: number,
): PhaseTerms {
  const { structure, name, kind } = phase;
  const list = reflections(structure, dMinA);
  // a line that no structure of this group and content can show is not calculated
  const strongest = list.reduce((most, { fSquared }) => Math.max(most, fSquared), 0);
  const used = kind === "rietveld" ? list.filter(({ fSquared }) => fSquared > 1e-12 * strongest) : list;
  const n = used.length;
  const array = (): Float64Array => new Float64Array(n);
  const index = (key: string): number => names.get(`${name}/${key}`) ?? NONE;

  const freedom = cellFreedom(structure);
  const cellIndices = freedom.names.map(index);
  const cell6 = new Float64Array(6);
  const reciprocal = createReciprocalGradient();
  const inverse = array();
  const s2 = array();
  const products = new Float64Array(6 * n);
  used.forEach(({ h, k, l }, r) => {
    products.set([h * h, k * k, l * l, k * l, h * l, h * k], 6 * r);
  });

  const fSquared = array();
  const fSlope = array();
  const intensity = array();
  const intensityByInverse = array();
  const multiplicity = Float64Array.from(used, (r) => r.multiplicity);
  const factors =
    kind === "rietveld"
      ? createStructureFactors(structure, used, phase.anomalous && { anomalous: phase.anomalous })
      : undefined;
  // structure factors compare the sites they are given with those before, so there must be two sets
  let sites = structure.sites.map((site) => ({ ...site }) as { -readonly [K in keyof Site]: Site[K] });
  let otherSites = sites.map((site) => ({ ...site }));
  const siteSlots = kind === "rietveld" ? siteSlotsOf(phase, index) : [];
  const texture = (kind === "rietveld" ? (phase.texture ?? []) : []).map(({ hkl }) => ({
    parameter: index(phase.texture!.length === 1 ? "texture" : `texture(${hkl.join(" ")})`),
    cosines: used.map((r) => texturePlaneCosines(structure.cell, structure.operations, r, hkl)),
    factor: array().fill(1),
    slope: array(),
    last: 1,
  }));
  const pair = new Float64Array(2);
  const scaleIndex = index("scale");
  const overallB = index("overallB");
  const pawley = kind === "pawley" ? used.map(({ h, k, l }) => index(`I(${h} ${k} ${l})`)) : [];

  let spacingEffects: SpacingEffect[] = [];
  let intensityEffects: IntensityEffect[] = [];
  let siteEffects: { slot: SiteSlot; slope: Float64Array }[] = [];
  let textureEffects: { which: number; slope: Float64Array }[] = [];
  let scaleSlope: Float64Array | undefined;
  let overallSlope: Float64Array | undefined;

  function prepare(isRefined: (parameter: number) => boolean): void {
    const wanted = (parameter: number): boolean => parameter !== NONE && isRefined(parameter);
    spacingEffects = cellIndices.filter(wanted).map((parameter) => ({ parameter, slope: array() }));
    intensityEffects = [];
    const effect = (parameter: number): Float64Array | undefined => {
      if (!wanted(parameter)) return undefined;
      const slope = array();
      intensityEffects.push({ parameter, slope });
      return slope;
    };
    scaleSlope = effect(scaleIndex);
    overallSlope = effect(overallB);
    siteEffects = siteSlots
      .filter(({ parameter }) => wanted(parameter))
      .map((slot) => ({ slot, slope: effect(slot.parameter)! }));
    textureEffects = texture.flatMap(({ parameter }, which) => {
      const slope = effect(parameter);
      return slope ? [{ which, slope }] : [];
    });
    pawley.forEach((parameter, r) => {
      const slope = effect(parameter);
      if (slope) slope[r] = 1;
    });
  }

  function update(values: Float64Array, derivatives: boolean): boolean {
    for (let i = 0; i < 6; i++) {
      let value = freedom.constant[i]!;
      for (let q = 0; q < cellIndices.length; q++)
        value += freedom.matrix[i * cellIndices.length + q]! * values[cellIndices[q]!]!;
      cell6[i] = value;
    }
    const cell = { a: cell6[0]!, b: cell6[1]!, c: cell6[2]!, alpha: cell6[3]!, beta: cell6[4]!, gamma: cell6[5]! };
    if (!reciprocal.update(cell)) return false;
    for (let r = 0; r < n; r++) {
      let sum = 0;
      for (let k = 0; k < 6; k++) sum += reciprocal.metric[k]! * products[6 * r + k]!;
      inverse[r] = sum;
      s2[r] = sum / 4;
    }
    if (derivatives) updateSpacings();
    if (factors) updateIntensities(values, derivatives);
    else pawley.forEach((parameter, r) => (intensity[r] = values[parameter]!));
    return true;
  }

  function updateSpacings(): void {
    for (const { parameter, slope } of spacingEffects) {
      const q = cellIndices.indexOf(parameter);
      for (let r = 0; r < n; r++) {
        let sum = 0;
        for (let i = 0; i < 6; i++) {
          const share = freedom.matrix[i * cellIndices.length + q]!;
          if (share === 0) continue;
          for (let k = 0; k < 6; k++) sum += share * reciprocal.gradient[6 * i + k]! * products[6 * r + k]!;
        }
        slope[r] = sum;
      }
    }
  }

  function updateIntensities(values: Float64Array, derivatives: boolean): void {
    if (moveSites(values)) factors!.setSites(sites);
    factors!.evaluate(s2, fSquared, derivatives ? fSlope : null);
    updateTexture(values);
    const scale = values[scaleIndex]!;
    const b = overallB === NONE ? 0 : values[overallB]!;
    for (let r = 0; r < n; r++) {
      const damping = b === 0 ? 1 : Math.exp(-2 * b * s2[r]!);
      let rest = multiplicity[r]! * damping;
      for (const { factor } of texture) rest *= factor[r]!;
      const whole = scale * rest * fSquared[r]!;
      intensity[r] = whole;
      if (!derivatives) continue;
      intensityByInverse[r] = (scale * rest * fSlope[r]! - 2 * b * whole) / 4;
      if (scaleSlope) scaleSlope[r] = rest * fSquared[r]!;
      if (overallSlope) overallSlope[r] = -2 * s2[r]! * whole;
      for (const { which, slope } of textureEffects)
        slope[r] = (whole / texture[which]!.factor[r]!) * texture[which]!.slope[r]!;
    }
    if (!derivatives) return;
    for (const { slot, slope } of siteEffects) {
      factors!.derivative(slot.site, slot.what, s2, slope);
      for (let r = 0; r < n; r++) slope[r]! *= fSquared[r]! > 0 ? intensity[r]! / fSquared[r]! : 0;
    }
  }

  /** Copies the numbers into the sites; says whether any has changed. */
  function moveSites(values: Float64Array): boolean {
    let hasMoved = false;
    for (const slot of siteSlots) {
      if (slot.last === values[slot.parameter]!) continue;
      hasMoved = true;
      slot.last = values[slot.parameter]!;
    }
    if (!hasMoved) return false;
    const before = sites;
    sites = otherSites;
    otherSites = before;
    sites.forEach((site, i) => {
      Object.assign(site, structure.sites[i]);
    });
    for (const { site, what, parameter, start } of siteSlots) {
      const value = values[parameter]!;
      const target = sites[site]!;
      if (what === "occupancy" || what === "bIso") target[what] = value;
      else {
        target.x += what[0] * (value - start);
        target.y += what[1] * (value - start);
        target.z += what[2] * (value - start);
      }
    }
    return true;
  }

  function updateTexture(values: Float64Array): void {
    for (const axis of texture) {
      const r = values[axis.parameter]!;
      if (r === axis.last) continue;
      axis.last = r;
      for (let i = 0; i < n; i++) {
        marchDollase(axis.cosines[i]!, r, pair);
        axis.factor[i] = pair[0]!;
        axis.slope[i] = pair[1]!;
      }
    }
  }
  for (const axis of texture) axis.last = Number.NaN;

  const cosine2 = (axis: readonly [number, number, number] | undefined): Float64Array | undefined =>
    axis && pattern.profile === "tchz"
      ? Float64Array.from(used, (r) => planeCosine2(structure.cell, r, axis))
      : undefined;
  const sizeCosine2 = cosine2(phase.sizeAxis);
  const strainCosine2 = cosine2(phase.strainAxis);
  return {
    model: phase,
    count: n,
    h: Int32Array.from(used, (r) => r.h),
    k: Int32Array.from(used, (r) => r.k),
    l: Int32Array.from(used, (r) => r.l),
    multiplicity,
    inverse,
    intensity,
    intensityByInverse,
    fSquared,
    ...(sizeCosine2 && { sizeCosine2 }),
    ...(strainCosine2 && { strainCosine2 }),
    get spacingEffects() {
      return spacingEffects;
    },
    get intensityEffects() {
      return intensityEffects;
    },
    index,
    prepare,
    update,
    ...(factors && { structureFactors: factors }),
  };
}

interface SiteSlot {
  readonly parameter: number;
  readonly site: number;
  readonly what: "occupancy" | "bIso" | readonly [number, number, number];
  /** value that the structure's own coordinates belong to */
  readonly start: number;
  last: number;
}

function siteSlotsOf({ structure }: PhaseModel, index: (key: string) => number): SiteSlot[] {
  return structure.sites.flatMap((site, i) => {
    const slot = (key: string, what: SiteSlot["what"], start: number): SiteSlot => ({
      parameter: index(`${site.label}/${key}`),
      site: i,
      what,
      start,
      last: start,
    });
    return [
      ...siteFreedom(structure, i).map(({ name, direction }) => slot(name, direction, site[name])),
      slot("occupancy", "occupancy", site.occupancy),
      slot("b", "bIso", site.bIso),
    ];
  });
}
