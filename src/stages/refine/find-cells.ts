/**
 * Cells near those of the structure files: thermal expansion, another state of charge, another composition, a
 * wavelength that was rounded.
 *
 * Lines are first made broad and then narrower. At each width the length of each cell edge is tried on a grid about
 * the best so far, one phase after the other, the strongest first, with the scales of all phases and the background
 * as linear least squares at each trial.
 */
import { cellFreedom } from "../../crystal/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { createPatternCalculator, type PatternCalculator } from "../../pattern/calculator.ts";
import type { PatternModel } from "../../pattern/model.ts";
import { createPatternFit, type PatternData, type PatternFit, type ResolvedModel } from "../../refinement/index.ts";
import { broadenPattern } from "./broadened-pattern.ts";
import { estimateWidth } from "./estimate-width.ts";

const DEG = 180 / Math.PI;
/** Farthest from the structure file, relative. */
const REACH = 0.02;
/** Spread of spacings in each round, as long as it is wider than the lines; grids have steps of half of it. */
const SPREADS = [0.01, 0.0035, 0.0012, 0.0004] as const;
/** Nothing is gained by fewer than this share of the misfit: the phase is not there, and stays where it was. */
const LEAST_GAIN = 0.003;

export interface FoundCells {
  /** edges by the name of the parameter, angstrom */
  readonly edges: ReadonlyMap<string, number>;
  /** FWHM of a line, degrees, in the middle of the range */
  readonly fwhmDeg: number;
}

interface Phase {
  readonly name: string;
  /** indices of its free edges in the calculator's vector, and what the structure file has */
  readonly edges: readonly number[];
  readonly start: readonly number[];
  readonly scale: number;
}

/** @param phases names of those whose cells are looked for; the others keep theirs */
export function findCells(
  kernels: Kernels,
  resolved: ResolvedModel,
  data: PatternData,
  phases: readonly string[],
): FoundCells {
  const width = estimateWidth(data.twoThetaDeg, data.observed);
  let best = new Map<string, number>();
  const middle = (data.twoThetaDeg[0]! + data.twoThetaDeg[data.twoThetaDeg.length - 1]!) / 2;
  const sharpest = width / DEG / 2 / Math.tan(middle / 2 / DEG);
  const spreads = SPREADS.filter((spread, i) => i === 0 || spread > sharpest / 3);
  for (const [round, spread] of spreads.entries()) {
    const mark = kernels.arena.mark();
    try {
      const search = openSearch(kernels, resolved, data, spread, width);
      best.forEach((value, name) => {
        search.calculator.values[search.calculator.indexOf(name)] = value;
      });
      const known = phases.flatMap((name) => phaseOf(search.calculator, name) ?? []);
      searchRound(search, known, round === 0 ? REACH : spread, spread / 2, round === 0);
      best = new Map(
        known.flatMap(({ edges }) =>
          edges.map((i) => [search.calculator.parameters[i]!.name, search.calculator.values[i]!] as const),
        ),
      );
    } finally {
      kernels.arena.release(mark);
    }
  }
  return { edges: best, fwhmDeg: width };
}

interface Search {
  readonly calculator: PatternCalculator;
  readonly fit: PatternFit;
  /** misfit at the calculator's values with the best scales and background */
  misfit(): number;
}

function openSearch(
  kernels: Kernels,
  { model, wavelengthA, settings }: ResolvedModel,
  data: PatternData,
  spread: number,
  width: number,
): Search {
  const { twoThetaDeg, observed, weight } = broadenPattern(data, spread, width);
  const simple: PatternModel = {
    ...model,
    profile: "tchz",
    hasAsymmetry: false,
    hasHowardAsymmetry: false,
    cutoff: 0.02,
    phases: model.phases
      .filter(({ structure }) => structure.sites.length > 0)
      .map(({ sizeAxis: _, strainAxis: __, texture: ___, ...phase }) => ({ ...phase, kind: "rietveld" as const })),
  };
  const calculator = createPatternCalculator(kernels, simple, wavelengthA, twoThetaDeg);
  const isWidth =
    /^([UVWXYZ]|[SH]L|asym)$|^eta|\/(size|axialSize|strain|axialStrain|gaussianSize|gaussianStrain|width)$/;
  calculator.parameters.forEach(({ name }, i) => {
    const value = settings.get(name)?.value;
    if (value !== undefined && !isWidth.test(name)) calculator.values[i] = value;
  });
  calculator.values[calculator.indexOf("U")] = (2 * spread * DEG) ** 2;
  calculator.values[calculator.indexOf("W")] = width ** 2;
  const refined = calculator.parameters.flatMap(({ isLinear }, i) => (isLinear ? [i] : []));
  const lower = Float64Array.from(calculator.parameters, ({ min }) => min);
  const upper = Float64Array.from(calculator.parameters, ({ max }) => max);
  const fit = createPatternFit(kernels, calculator, { refined, lower, upper });
  fit.observed.set(observed);
  fit.weight.set(weight);
  return {
    calculator,
    fit,
    misfit: () => {
      const { finalCost } = fit.solve({ maxIterations: 6 });
      return Number.isFinite(finalCost) ? finalCost : Infinity;
    },
  };
}

function phaseOf({ model, indexOf, values }: PatternCalculator, name: string): Phase | undefined {
  const phase = model.phases.find((one) => one.name === name);
  if (!phase) return undefined;
  const edges = cellFreedom(phase.structure)
    .names.filter((key) => key.length === 1)
    .map((key) => indexOf(`${name}/${key}`));
  return { name, edges, start: edges.map((i) => values[i]!), scale: indexOf(`${name}/scale`) };
}

function searchRound(search: Search, phases: readonly Phase[], reach: number, step: number, isFirst: boolean): void {
  let least = search.misfit();
  for (let sweep = 0; sweep < 2; sweep++) {
    const ordered = isFirst && sweep === 0 ? strongestFirst(search, phases) : phases;
    for (const phase of ordered) least = searchPhase(search, phase, least, reach, step);
  }
  if (!isFirst) return;
  // a phase that no cell makes useful is put back, so that it does not sit on another phase's lines
  const { values } = search.calculator;
  for (const { scale, edges, start } of phases) {
    if (gainOf(search, scale, least) >= LEAST_GAIN * least) continue;
    edges.forEach((i, k) => {
      values[i] = start[k]!;
    });
  }
}

/** What the misfit would be more if a phase were taken out, the others as they are: cheap, and enough for an order. */
function gainOf({ calculator, fit }: Search, scale: number, least: number): number {
  const kept = calculator.values[scale]!;
  calculator.values[scale] = 0;
  const without = fit.chi2();
  calculator.values[scale] = kept;
  return without - least;
}

function strongestFirst(search: Search, phases: readonly Phase[]): Phase[] {
  const least = search.misfit();
  const gain = new Map(phases.map((phase) => [phase, gainOf(search, phase.scale, least)]));
  return [...phases].sort((a, b) => gain.get(b)! - gain.get(a)!);
}

function searchPhase(search: Search, phase: Phase, before: number, reach: number, step: number): number {
  const { values } = search.calculator;
  const { edges } = phase;
  const origin = edges.map((i) => values[i]!);
  let least = before;
  let best = origin;
  const steps = Math.round(reach / step);
  const shifts = Array.from({ length: 2 * steps + 1 }, (_, k) => (k - steps) * step);
  const tryCell = (cell: readonly number[]): void => {
    edges.forEach((i, k) => {
      values[i] = cell[k]!;
    });
    const misfit = search.misfit();
    if (misfit >= least) return;
    least = misfit;
    best = [...cell];
  };
  for (const shift of shifts) tryCell(origin.map((edge) => edge * (1 + shift)));
  if (edges.length === 2) {
    // two edges: the whole grid, for lines of one can hide those of the other
    for (const one of shifts) {
      for (const other of shifts) tryCell([origin[0]! * (1 + one), origin[1]! * (1 + other)]);
    }
  } else if (edges.length > 2) {
    for (let sweep = 0; sweep < 2; sweep++) {
      edges.forEach((_, k) => {
        const from = best;
        for (const shift of shifts) tryCell(from.map((edge, q) => (q === k ? edge * (1 + shift) : edge)));
      });
    }
  }
  edges.forEach((i, k) => {
    values[i] = best[k]!;
  });
  search.misfit();
  return least;
}
