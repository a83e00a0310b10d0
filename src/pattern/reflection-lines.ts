/** From a ring of a phase to its lines in the pattern: radiation lines, axial components, and the terms of each. */
import {
  axialComponents,
  axialNodes,
  createAxialComponents,
  gaussLegendre,
  MOST_AXIAL_NODES,
  type Quadrature,
} from "./axial-divergence.ts";
import { howardComponents, howardNodes } from "./howard-asymmetry.ts";
import type { LineList } from "./line-list.ts";
import {
  displacementShift,
  emptyBraggAngle,
  lorentzPolarization,
  setBraggAngle,
  transparencyShift,
} from "./line-position.ts";
import type { PatternModel } from "./model.ts";
import type { PhaseTerms } from "./phase-terms.ts";
import { createWidthCalculator, type WidthCalculator } from "./width-terms.ts";

const DEG = 180 / Math.PI;

export interface ReflectionLines {
  readonly widths: WidthCalculator;
  /** Chooses axial nodes, and holds widths where the model does, for the values as they stand. */
  prepare(): void;
  /** Most lines and terms of an evaluation, after prepare. */
  readonly lineCapacity: number;
  readonly termCapacity: number;
  /** @returns false where a width makes no sense */
  addRing(phase: number, ring: number, radiation: number, derivatives: boolean): boolean;
  /** Position with zero and displacement, degrees, for the first radiation line; NaN out of reach. */
  positionOf(inverseDSquared: number): number;
  /** FWHM there, degrees; NaN out of reach or where it makes no sense. */
  fwhmOf(phase: number, ring: number): number;
}

/** One of the lines that a ring makes. */
interface LineComponent {
  /** wavelength over that of the first radiation line */
  ratio: number;
  /** of the ring, without Lorentz and polarisation factor lp */
  intensity: number;
  lp: number;
  /** derivatives by the Bragg angle, per degree */
  areaByAngle: number;
  positionByAngle: number;
}

/**
 * One closure, because addRing runs for every line of every step and allocates nothing.
 *
 * @param values [parameter] the calculator's vector, read at each call
 * @param column [parameter] index of the column, -1: not refined
 * @param holdsShape [phase] 1: only the derivative by its scale is wanted
 */
export function createReflectionLines(
  model: PatternModel,
  phases: readonly PhaseTerms[],
  names: ReadonlyMap<string, number>,
  values: Float64Array,
  column: Int32Array,
  list: LineList,
  holdsShape: Uint8Array,
): ReflectionLines {
  const { radiation, hasAsymmetry, hasHowardAsymmetry = false } = model;
  const isSpread = hasAsymmetry || hasHowardAsymmetry;
  const widths = createWidthCalculator(model, names);
  const { terms } = widths;
  const index = (name: string): number => names.get(name) ?? -1;
  const wavelengthAt = index("wavelength");
  const zeroAt = index("zero");
  const displacementAt = index("displacement");
  const transparencyAt = index("transparency");
  const sAt = index("SL");
  const hAt = index("HL");
  const asymmetryAt = index("asym");
  const bragg = emptyBraggAngle();
  const shift = new Float64Array(3);
  const transparency = new Float64Array(3);
  const factor = new Float64Array(1);
  const single = createAxialComponents(1);
  single.count = 1;
  single.share[0] = 1;
  const axial = isSpread ? createAxialComponents(2 * MOST_AXIAL_NODES) : single;
  const quadratures: Quadrature[] = [];
  const quadrature = (n: number): Quadrature => {
    quadratures[n] ??= gaussLegendre(n);
    return quadratures[n];
  };
  /** [phase][ring, radiation, 2] nodes under and above |H - S|; of Howard's asymmetry all are the first */
  const nodes = phases.map(({ rings }) => new Uint8Array(2 * rings.count * radiation.length).fill(1));
  /** [phase][ring, radiation] of widths that are held; 0 where out of reach */
  const heldFwhm = phases.map(({ rings }) => new Float64Array(rings.count * radiation.length));
  const heldEta = heldFwhm.map(({ length }) => new Float64Array(length));
  const chosen = new Int32Array(2);
  // handed over in an object: numbers given as arguments are allocated where V8 does not inline the call
  const component: LineComponent = { ratio: 0.5, intensity: 0.5, lp: 0.5, areaByAngle: 0.5, positionByAngle: 0.5 };
  let isHeld = false;
  let lineCapacity = 0;
  let termCapacity = 0;

  function prepare(): void {
    isHeld = false;
    lineCapacity = 0;
    termCapacity = 0;
    for (let p = 0; p < phases.length; p++) {
      const lines = isSpread || model.holdsWidths ? settle(p) : phases[p]!.rings.count * radiation.length;
      const { spacingEffects, effectsOfRing } = phases[p]!;
      lineCapacity += lines;
      // wavelength, zero, displacement, transparency, S, H, and 14 numbers of widths, besides the phase's own
      termCapacity += lines * (20 + spacingEffects.length + effectsOfRing);
    }
    isHeld = model.holdsWidths;
  }

  /** Nodes and held widths of a phase. @returns number of its lines */
  function settle(p: number): number {
    const phase = phases[p]!;
    const count = radiation.length;
    heldFwhm[p]!.fill(0);
    nodes[p]!.fill(1);
    if (!phase.update(values, false)) return 2 * phase.rings.count * count;
    let lines = 0;
    for (let ring = 0; ring < phase.rings.count; ring++) {
      for (let w = 0; w < count; w++) {
        const at = ring * count + w;
        lines += isSpread ? 2 : 1;
        if (!setBraggAngle(phase.rings.inverse[ring]!, values[wavelengthAt]! * radiation[w]!.ratio, bragg)) continue;
        if (!widths.update(phase, ring, bragg, values, null)) continue;
        heldFwhm[p]![at] = terms.fwhm;
        heldEta[p]![at] = terms.eta;
        if (!isSpread) continue;
        chosen[1] = 0;
        if (hasAsymmetry) axialNodes(bragg.twoThetaDeg, values[sAt]!, values[hAt]!, terms.fwhm, terms.eta, chosen);
        else chosen[0] = howardNodes(bragg.twoThetaDeg, values[asymmetryAt]!, terms.fwhm, terms.eta);
        nodes[p]![2 * at] = chosen[0]!;
        nodes[p]![2 * at + 1] = chosen[1]!;
        lines += chosen[0]! + chosen[1]! - 2;
      }
    }
    return lines;
  }

  function addRing(p: number, ring: number, w: number, derivatives: boolean): boolean {
    const phase = phases[p]!;
    const { ratio, weight } = radiation[w]!;
    const at = ring * radiation.length + w;
    if (!setBraggAngle(phase.rings.inverse[ring]!, values[wavelengthAt]! * ratio, bragg)) return true;
    const lp = weight * lorentzPolarization(model, bragg, factor);
    const lpSlope = weight * factor[0]!;
    const intensity = phase.rings.intensity[ring]!;
    if (isHeld) {
      terms.fwhm = heldFwhm[p]![at]!;
      terms.eta = heldEta[p]![at]!;
      terms.fwhmByTwoTheta = 0;
      terms.etaByTwoTheta = 0;
      terms.count = 0;
      if (!(terms.fwhm > 0)) return true; // it came into reach after prepare
    } else if (!widths.update(phase, ring, bragg, values, derivatives ? column : null)) return false;
    let position = bragg.twoThetaDeg + values[zeroAt]!;
    let positionByAngle = 1;
    if (model.displacement) {
      displacementShift(model.displacement, bragg.twoThetaDeg, values[displacementAt]!, shift);
      position += shift[0]!;
      positionByAngle += shift[1]!;
    }
    if (transparencyAt >= 0) {
      transparencyShift(bragg.twoThetaDeg, values[transparencyAt]!, transparency);
      position += transparency[0]!;
      positionByAngle += transparency[1]!;
    }
    if (hasAsymmetry) {
      const flat = quadrature(nodes[p]![2 * at]!);
      const slope = quadrature(nodes[p]![2 * at + 1]!);
      axialComponents(bragg.twoThetaDeg, values[sAt]!, values[hAt]!, flat, slope, axial);
    } else if (hasHowardAsymmetry) {
      howardComponents(bragg.twoThetaDeg, values[asymmetryAt]!, quadrature(nodes[p]![2 * at]!), axial);
    }
    for (let c = 0; c < axial.count; c++) {
      const share = axial.share[c]!;
      list.add(position + axial.shift[c]!, terms.fwhm, terms.eta, intensity * lp * share, p, ring);
      if (!derivatives) continue;
      if (holdsShape[p] !== 0) {
        addScaleTerm(phase, ring, lp * share);
        continue;
      }
      component.ratio = ratio;
      component.intensity = intensity;
      component.lp = lp;
      component.areaByAngle = intensity * (lpSlope * share + lp * axial.shareByTwoTheta[c]!);
      component.positionByAngle = positionByAngle + axial.shiftByTwoTheta[c]!;
      addTerms(phase, ring, c);
    }
    return true;
  }

  function addScaleTerm({ intensityEffects, scaleAt }: PhaseTerms, ring: number, factorOfArea: number): void {
    for (let e = 0; e < intensityEffects.length; e++) {
      const { parameter, slope } = intensityEffects[e]!;
      if (parameter === scaleAt) list.term(column[parameter]!, slope[ring]! * factorOfArea, 0, 0, 0);
    }
  }

  /** Terms of one component of a line, whose numbers are in `component`. */
  function addTerms(phase: PhaseTerms, ring: number, c: number): void {
    const { intensityEffects, spacingEffects, rings } = phase;
    const { ratio, intensity, lp, areaByAngle, positionByAngle } = component;
    const factorOfArea = lp * axial.share[c]!;
    const area = intensity * factorOfArea;
    for (let e = 0; e < intensityEffects.length; e++) {
      const { parameter, slope } = intensityEffects[e]!;
      const s = slope[ring]!;
      if (s !== 0) list.term(column[parameter]!, s * factorOfArea, 0, 0, 0);
    }
    const position = area * positionByAngle;
    const fwhm = area * terms.fwhmByTwoTheta;
    const eta = area * terms.etaByTwoTheta;
    const root = Math.sqrt(rings.inverse[ring]!);
    // d angle = wavelength d(1/d^2) / (4 sqrt(1/d^2) cos theta) in theta
    const angleByInverse = (DEG * bragg.wavelengthA) / (2 * root * bragg.cosine);
    const areaByInverse = rings.intensityByInverse[ring]! * factorOfArea;
    for (let e = 0; e < spacingEffects.length; e++) {
      const { parameter, slope } = spacingEffects[e]!;
      const s = slope[ring]!;
      if (s === 0) continue;
      const d = angleByInverse * s;
      list.term(column[parameter]!, areaByAngle * d + areaByInverse * s, position * d, fwhm * d, eta * d);
    }
    const wavelengthColumn = column[wavelengthAt]!;
    if (wavelengthColumn >= 0) {
      const d = (DEG * root * ratio) / bragg.cosine;
      list.term(wavelengthColumn, areaByAngle * d, position * d, fwhm * d, eta * d);
    }
    list.term(column[zeroAt]!, 0, area, 0, 0);
    if (displacementAt >= 0) list.term(column[displacementAt]!, 0, area * shift[2]!, 0, 0);
    if (transparencyAt >= 0) list.term(column[transparencyAt]!, 0, area * transparency[2]!, 0, 0);
    for (let k = 0; k < terms.count; k++)
      list.term(terms.column[k]!, 0, 0, area * terms.fwhmBy[k]!, area * terms.etaBy[k]!);
    if (hasHowardAsymmetry) list.term(column[asymmetryAt]!, 0, area * axial.shiftByA[c]!, 0, 0);
    if (!hasAsymmetry) return;
    const whole = intensity * lp;
    list.term(column[sAt]!, whole * axial.shareByS[c]!, area * axial.shiftByS[c]!, 0, 0);
    list.term(column[hAt]!, whole * axial.shareByH[c]!, area * axial.shiftByH[c]!, 0, 0);
  }

  function positionOf(inverseDSquared: number): number {
    if (!setBraggAngle(inverseDSquared, values[wavelengthAt]!, bragg)) return Number.NaN;
    let position = bragg.twoThetaDeg + values[zeroAt]!;
    if (model.displacement) {
      displacementShift(model.displacement, bragg.twoThetaDeg, values[displacementAt]!, shift);
      position += shift[0]!;
    }
    if (transparencyAt >= 0) {
      transparencyShift(bragg.twoThetaDeg, values[transparencyAt]!, transparency);
      position += transparency[0]!;
    }
    return position;
  }

  function fwhmOf(p: number, ring: number): number {
    const phase = phases[p]!;
    if (!setBraggAngle(phase.rings.inverse[ring]!, values[wavelengthAt]!, bragg)) return Number.NaN;
    const { clamped } = terms;
    const isReal = widths.update(phase, ring, bragg, values, null);
    terms.clamped = clamped;
    return isReal ? terms.fwhm : Number.NaN;
  }

  return {
    widths,
    prepare,
    get lineCapacity() {
      return lineCapacity;
    },
    get termCapacity() {
      return termCapacity;
    },
    addRing,
    positionOf,
    fwhmOf,
  };
}
