/** One phase of a pattern: spacings, intensities and widths of its reflections, and how they change with its numbers. */
import { cellFreedom, createStructureFactors, type StructureFactors } from "../crystal/index.ts";
import type { PatternModel, PhaseModel } from "./model.ts";
import { createMovingSites, type SiteSlot } from "./moving-sites.ts";
import { pawleyIntensities, textureName } from "./parameters.ts";
import { createReciprocalGradient } from "./reciprocal-gradient.ts";
import { ringsOf } from "./rings.ts";
import { marchDollase, planeCosine2, texturePlaneCosines } from "./texture.ts";
import { visibleReflections } from "./visible-reflections.ts";

/** A parameter that changes intensities: d(S m |F|^2 PO) / d parameter. */
export interface IntensityEffect {
  readonly parameter: number;
  /** [ring] */
  readonly slope: Float64Array;
}
/** A parameter that changes spacings: d(1/d^2) / d parameter. */
export interface SpacingEffect {
  readonly parameter: number;
  /** [ring] */
  readonly slope: Float64Array;
}

/**
 * What `update` fills. Reflections whose spacings are equal in every cell make one ring, of which the pattern takes
 * the sum.
 */
export interface PhaseTerms {
  readonly model: PhaseModel;
  /** reflections */
  readonly count: number;
  readonly h: Int32Array;
  readonly k: Int32Array;
  readonly l: Int32Array;
  readonly multiplicity: Float64Array;
  /** [reflection] 1/d^2 */
  readonly inverse: Float64Array;
  /** [reflection] S m |F|^2 PO, without Lorentz and polarisation factors; of Pawley and Le Bail phases the intensities */
  readonly intensity: Float64Array;
  /** [reflection] */
  readonly fSquared: Float64Array;
  /** [reflection] which ring */
  readonly ringOf: Int32Array;
  readonly rings: PhaseRings;
  readonly spacingEffects: readonly SpacingEffect[];
  readonly intensityEffects: readonly IntensityEffect[];
  /** most intensity effects that are not 0 for one ring */
  readonly effectsOfRing: number;
  /** index of the scale, -1 where there is none */
  readonly scaleAt: number;
  /** index of a parameter by its short name, -1 where the phase has none */
  readonly index: (key: string) => number;
  /** say which parameters' derivatives are wanted */
  prepare(isRefined: (parameter: number) => boolean): void;
  /** @returns false where the cell has no volume or a number makes no sense */
  update(values: Float64Array, derivatives: boolean): boolean;
  readonly structureFactors?: StructureFactors;
}

/** [ring] each */
export interface PhaseRings {
  readonly count: number;
  /** 1/d^2 */
  readonly inverse: Float64Array;
  readonly intensity: Float64Array;
  /** derivative of the intensity by 1/d^2 at fixed parameters: form factors and displacement */
  readonly intensityByInverse: Float64Array;
  /** cos^2 between plane normal and sizeAxis, strainAxis */
  readonly sizeCosine2?: Float64Array;
  readonly strainCosine2?: Float64Array;
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
  wavelengthA: number,
  dMinA: number,
): PhaseTerms {
  const { structure, name, kind } = phase;
  const used = visibleReflections(phase, dMinA);
  const n = used.length;
  const hasAxes = pattern.profile === "tchz" && (phase.sizeAxis !== undefined || phase.strainAxis !== undefined);
  // along an axis reflections of one spacing differ in width
  const ringOf = hasAxes ? Int32Array.from(used, (_, r) => r) : ringsOf(structure, used);
  const ringCount = n === 0 ? 0 : ringOf.reduce((most, ring) => Math.max(most, ring), 0) + 1;
  const firstOfRing = Int32Array.from({ length: ringCount }, (_, ring) => ringOf.indexOf(ring));
  const ofReflections = (): Float64Array => new Float64Array(n);
  const ofRings = (): Float64Array => new Float64Array(ringCount);
  const index = (key: string): number => names.get(`${name}/${key}`) ?? NONE;

  const freedom = cellFreedom(structure);
  const free = freedom.names.length;
  const cellIndices = Int32Array.from(freedom.names, index);
  const cell = new Float64Array(6).fill(Number.NaN);
  /** whether |F|^2 belongs to another cell or to other sites */
  let isStale = true;
  const reciprocal = createReciprocalGradient();
  const cellChange = new Float64Array(6);
  const metricSlope = new Float64Array(6);
  const inverse = ofReflections();
  const s2 = ofReflections();
  const products = Float64Array.from(
    Array.from(firstOfRing, (r) => used[r]!).flatMap(({ h, k, l }) => [h * h, k * k, l * l, k * l, h * l, h * k]),
  );

  const fSquared = ofReflections();
  const fSlope = ofReflections();
  const siteSlope = ofReflections();
  const intensity = ofReflections();
  /** intensity over |F|^2 and over the scale, both also where these are 0 */
  const perFSquared = ofReflections();
  const perScale = ofReflections();
  const ringInverse = ofRings();
  const ringIntensity = ofRings();
  const ringByInverse = ofRings();
  const multiplicity = Float64Array.from(used, (r) => r.multiplicity);
  const factors =
    kind === "rietveld"
      ? createStructureFactors(structure, used, phase.anomalous && { anomalous: phase.anomalous })
      : undefined;
  const sites = createMovingSites(phase, index);
  const texture = (kind === "rietveld" ? (phase.texture ?? []) : []).map(({ hkl }) => ({
    parameter: index(textureName(phase, hkl)),
    cosines: used.map((r) => texturePlaneCosines(structure.cell, structure.operations, r, hkl)),
    factor: ofReflections().fill(1),
    slope: ofReflections(),
    last: Number.NaN,
  }));
  const pair = new Float64Array(2);
  const scaleIndex = index("scale");
  const overallB = index("overallB");
  const pawley =
    kind === "pawley"
      ? pawleyIntensities(phase, wavelengthA, dMinA).map((one) => ({ ...one, parameter: index(one.name) }))
      : [];

  let spacingEffects: SpacingEffect[] = [];
  let intensityEffects: IntensityEffect[] = [];
  let siteEffects: { slot: SiteSlot; slope: Float64Array }[] = [];
  let textureEffects: { which: number; slope: Float64Array }[] = [];
  let scaleSlope: Float64Array | undefined;
  let overallSlope: Float64Array | undefined;

  function prepare(isRefined: (parameter: number) => boolean): void {
    const wanted = (parameter: number): boolean => parameter !== NONE && isRefined(parameter);
    spacingEffects = [...cellIndices].filter(wanted).map((parameter) => ({ parameter, slope: ofRings() }));
    intensityEffects = [];
    const effect = (parameter: number): Float64Array | undefined => {
      if (!wanted(parameter)) return undefined;
      const slope = ofRings();
      intensityEffects.push({ parameter, slope });
      return slope;
    };
    scaleSlope = effect(scaleIndex);
    overallSlope = effect(overallB);
    siteEffects = sites.slots
      .filter(({ parameter }) => wanted(parameter))
      .map((slot) => ({ slot, slope: effect(slot.parameter)! }));
    textureEffects = texture.flatMap(({ parameter }, which) => {
      const slope = effect(parameter);
      return slope ? [{ which, slope }] : [];
    });
    for (const { parameter, members, shares } of pawley) {
      const slope = effect(parameter);
      if (slope) members.forEach((r, i) => (slope[ringOf[r]!]! += shares[i]!));
    }
  }

  function update(values: Float64Array, derivatives: boolean): boolean {
    if (!updateCell(values)) return false;
    if (derivatives) updateSpacings();
    if (factors) updateIntensities(values, derivatives);
    else {
      for (let g = 0; g < pawley.length; g++) {
        const { parameter, members, shares } = pawley[g]!;
        for (let i = 0; i < members.length; i++) intensity[members[i]!] = values[parameter]! * shares[i]!;
      }
      ringIntensity.fill(0);
      for (let r = 0; r < n; r++) ringIntensity[ringOf[r]!]! += intensity[r]!;
    }
    return true;
  }

  /** Spacings, where the cell is another than before: half of the steps of a fit return to the same. */
  function updateCell(values: Float64Array): boolean {
    let hasMoved = false;
    for (let i = 0; i < 6; i++) {
      let value = freedom.constant[i]!;
      for (let q = 0; q < free; q++) value += freedom.matrix[i * free + q]! * values[cellIndices[q]!]!;
      if (value !== cell[i]) hasMoved = true;
      cell[i] = value;
    }
    if (!hasMoved) return true;
    if (!reciprocal.update(cell)) {
      cell.fill(Number.NaN); // no cell to return to
      return false;
    }
    isStale = true;
    linear(reciprocal.metric, ringInverse);
    for (let r = 0; r < n; r++) {
      const value = ringInverse[ringOf[r]!]!;
      inverse[r] = value;
      s2[r] = value / 4;
    }
    return true;
  }

  /** Sum over the six products of each ring's indices. */
  function linear(coefficients: Float64Array, out: Float64Array): void {
    const c0 = coefficients[0]!;
    const c1 = coefficients[1]!;
    const c2 = coefficients[2]!;
    const c3 = coefficients[3]!;
    const c4 = coefficients[4]!;
    const c5 = coefficients[5]!;
    for (let ring = 0, at = 0; ring < ringCount; ring++, at += 6) {
      out[ring] =
        c0 * products[at]! +
        c1 * products[at + 1]! +
        c2 * products[at + 2]! +
        c3 * products[at + 3]! +
        c4 * products[at + 4]! +
        c5 * products[at + 5]!;
    }
  }

  function updateSpacings(): void {
    for (let e = 0; e < spacingEffects.length; e++) {
      const { parameter, slope } = spacingEffects[e]!;
      const q = cellIndices.indexOf(parameter);
      for (let i = 0; i < 6; i++) cellChange[i] = freedom.matrix[i * free + q]!;
      reciprocal.along(cellChange, metricSlope);
      linear(metricSlope, slope);
    }
  }

  function updateIntensities(values: Float64Array, derivatives: boolean): void {
    if (sites.update(values)) {
      factors!.setSites(sites.current);
      isStale = true;
    }
    if (isStale) factors!.evaluate(s2, fSquared, fSlope);
    isStale = false;
    if (texture.length > 0) updateTexture(values);
    const scale = values[scaleIndex]!;
    const b = overallB === NONE ? 0 : values[overallB]!;
    ringIntensity.fill(0);
    if (derivatives) ringByInverse.fill(0);
    for (let r = 0; r < n; r++) {
      let rest = multiplicity[r]!;
      if (b !== 0) rest *= Math.exp(-2 * b * s2[r]!);
      for (let k = 0; k < texture.length; k++) rest *= texture[k]!.factor[r]!;
      perFSquared[r] = scale * rest;
      perScale[r] = rest * fSquared[r]!;
      intensity[r] = scale * perScale[r]!;
      ringIntensity[ringOf[r]!]! += intensity[r]!;
      if (derivatives) ringByInverse[ringOf[r]!]! += (scale * rest * fSlope[r]! - 2 * b * intensity[r]!) / 4;
    }
    if (derivatives) updateSlopes();
  }

  function updateSlopes(): void {
    if (scaleSlope) {
      scaleSlope.fill(0);
      for (let r = 0; r < n; r++) scaleSlope[ringOf[r]!]! += perScale[r]!;
    }
    if (overallSlope) {
      for (let ring = 0; ring < ringCount; ring++)
        overallSlope[ring] = (-ringInverse[ring]! / 2) * ringIntensity[ring]!;
    }
    for (const { which, slope } of textureEffects) {
      const { factor, slope: factorSlope } = texture[which]!;
      slope.fill(0);
      for (let r = 0; r < n; r++) slope[ringOf[r]!]! += (intensity[r]! / factor[r]!) * factorSlope[r]!;
    }
    for (const { slot, slope } of siteEffects) {
      factors!.derivative(slot.site, slot.what, s2, siteSlope);
      slope.fill(0);
      for (let r = 0; r < n; r++) slope[ringOf[r]!]! += siteSlope[r]! * perFSquared[r]!;
    }
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

  const cosine2 = (axis: readonly [number, number, number] | undefined): Float64Array | undefined =>
    axis && pattern.profile === "tchz"
      ? Float64Array.from(firstOfRing, (r) => planeCosine2(structure.cell, used[r]!, axis))
      : undefined;
  const sizeCosine2 = cosine2(phase.sizeAxis);
  const strainCosine2 = cosine2(phase.strainAxis);
  if (kind === "le-bail") intensity.set(multiplicity);
  return {
    model: phase,
    count: n,
    h: Int32Array.from(used, (r) => r.h),
    k: Int32Array.from(used, (r) => r.k),
    l: Int32Array.from(used, (r) => r.l),
    multiplicity,
    inverse,
    intensity,
    fSquared,
    ringOf,
    rings: {
      count: ringCount,
      inverse: ringInverse,
      intensity: ringIntensity,
      intensityByInverse: ringByInverse,
      ...(sizeCosine2 && { sizeCosine2 }),
      ...(strainCosine2 && { strainCosine2 }),
    },
    get spacingEffects() {
      return spacingEffects;
    },
    get intensityEffects() {
      return intensityEffects;
    },
    get effectsOfRing() {
      return kind === "pawley" ? Math.min(1, intensityEffects.length) : intensityEffects.length;
    },
    scaleAt: scaleIndex,
    index,
    prepare,
    update,
    ...(factors && { structureFactors: factors }),
  };
}
