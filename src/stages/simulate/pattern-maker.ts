/** Noise-free scattering of whole lines: [translation, bin], in areas of peaks per degree, before absorption. */

import type { Structure } from "../../crystal/index.ts";
import { InputError, KEV_ANGSTROM, twoThetaDegToD } from "../../data/index.ts";
import type { SimulateConfig } from "./config.ts";
import { createDepositor, type Depositor, type Depth, peakPositions, positionRange } from "./deposit.ts";
import { createLineShape, foldLineShape, type LineShape, TAIL_STEP } from "./line-shape.ts";
import type { Phantom } from "./phantom.ts";
import { collectParcels, type Parcels } from "./rays.ts";
import type { ScanGeometry } from "./scan.ts";
import { createScattering, type PeakGroup, type ScatteringPhase } from "./scattering.ts";

export interface PatternMaker {
  readonly phases: readonly ScatteringPhase[];
  /** [phase] */
  readonly parcels: readonly Parcels[];
  /** Adds a line's patterns to out [translation, bin]. */
  readonly addLine: (out: Float32Array, scan: ScanGeometry, line: number, shiftSteps: number) => void;
  /** [phase][bin] pattern of a voxel of the pure phase on the rotation axis */
  readonly purePattern: (phase: number) => Float32Array;
}

function checkDepth({ distanceMm, reachMm }: Depth): void {
  if (reachMm < distanceMm / 2) return;
  throw new InputError(
    "sample-reaches-detector",
    `instrument.distanceMm is ${distanceMm} and the scanned field reaches ${reachMm.toFixed(1)} mm from the rotation axis; the detector must be at least twice as far away as that. Correct the distance, or translations and stepMm.`,
  );
}

/** One width law: its grid, and the phases that deposit on it. */
interface Layer {
  readonly shape: LineShape;
  readonly depositors: Depositor[];
  readonly nodes: Float32Array;
}

/** @throws InputError "sample-reaches-detector", and as createScattering */
export function createPatternMaker(
  config: SimulateConfig,
  structures: Readonly<Record<string, Structure>>,
  phantom: Phantom,
  binEdgesDeg: Float64Array,
): PatternMaker {
  const wavelengthA = KEV_ANGSTROM / config.instrument.energyKeV;
  const depth: Depth = {
    distanceMm: config.instrument.parallax ? config.instrument.distanceMm : Number.POSITIVE_INFINITY,
    reachMm: (phantom.size * phantom.voxelMm) / Math.SQRT2,
  };
  checkDepth(depth);
  // reflections a little beyond the edge reach into the pattern by their width and their parallax
  const highest = Math.min(89, binEdgesDeg.at(-1)! * 1.02 + 0.2);
  const phases = createScattering(config, structures, twoThetaDegToD(highest, wavelengthA));
  const parcels = phases.map(({ name }) =>
    collectParcels(phantom.phases[name]!.fraction, phantom.size, phantom.subVoxels, phantom.voxelMm),
  );
  const layers = createLayers(phases, parcels, phantom, depth, wavelengthA, binEdgesDeg);
  const bins = binEdgesDeg.length - 1;
  let grid = new Float32Array(0);
  return {
    phases,
    parcels,
    addLine: (out, scan, line, shiftSteps) => {
      for (const { shape, depositors, nodes } of layers) {
        const needed = scan.translations * shape.count;
        if (grid.length < needed) grid = new Float32Array(needed);
        grid.fill(0, 0, needed);
        for (const { deposit } of depositors) deposit(grid, scan, line, shiftSteps);
        for (let j = 0; j < scan.translations; j++) {
          const row = grid.subarray(j * shape.count, (j + 1) * shape.count);
          foldLineShape(shape, row, out.subarray(j * bins, (j + 1) * bins), nodes);
        }
      }
    },
    purePattern: (phase) => purePattern(phases[phase]!, wavelengthA, binEdgesDeg),
  };
}

interface PlacedGroup {
  readonly group: PeakGroup;
  readonly positions: ReturnType<typeof peakPositions>;
  readonly parcels: Parcels;
}

function createLayers(
  phases: readonly ScatteringPhase[],
  parcels: readonly Parcels[],
  phantom: Phantom,
  depth: Depth,
  wavelengthA: number,
  binEdgesDeg: Float64Array,
): Layer[] {
  const byLaw = new Map<string, PlacedGroup[]>();
  phases.forEach((phase, i) => {
    for (const group of phase.groups) {
      const positions = peakPositions(group, phase, phantom.phases[phase.name]!, parcels[i]!, wavelengthA);
      if (positions.values.length === 0) continue;
      byLaw.set(group.law, [...(byLaw.get(group.law) ?? []), { group, positions, parcels: parcels[i]! }]);
    }
  });
  return [...byLaw.values()].map((placed) => {
    const ranges = placed.map(({ positions }) => positionRange(positions, depth));
    const { fwhmDeg, eta } = placed[0]!.group;
    const shape = createLineShape({
      binEdgesDeg,
      from: Math.min(...ranges.map(({ from }) => from)),
      to: Math.max(...ranges.map(({ to }) => to)),
      fwhmDeg,
      eta,
    });
    return {
      shape,
      depositors: placed.map(({ group, positions, parcels: own }) =>
        createDepositor(shape, positions, group.areas, own, depth),
      ),
      nodes: new Float32Array(Math.ceil(shape.count / TAIL_STEP) + 1),
    };
  });
}

function purePattern(phase: ScatteringPhase, wavelengthA: number, binEdgesDeg: Float64Array): Float32Array {
  const out = new Float32Array(binEdgesDeg.length - 1);
  const none: Parcels = {
    x: Float64Array.of(0),
    y: Float64Array.of(0),
    weight: Float64Array.of(1),
    voxel: Int32Array.of(0),
  };
  const alone = { fraction: Float32Array.of(1) };
  const depth = { distanceMm: Number.POSITIVE_INFINITY, reachMm: 0 };
  const scan = { omegaDeg: Float64Array.of(0), lines: 1, translations: 1, stepMm: 1, rotationAxis: 0 };
  for (const group of phase.groups) {
    const positions = peakPositions(group, phase, alone, none, wavelengthA);
    if (positions.values.length === 0) continue;
    const { fwhmDeg, eta } = group;
    const shape = createLineShape({ binEdgesDeg, ...positionRange(positions, depth), fwhmDeg, eta });
    const grid = new Float32Array(shape.count);
    createDepositor(shape, positions, group.areas, none, depth).deposit(grid, scan, 0, 0);
    foldLineShape(shape, grid, out, new Float32Array(Math.ceil(shape.count / TAIL_STEP) + 1));
  }
  return out;
}
