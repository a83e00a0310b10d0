/** What was found, in numbers for people. */
import { robustSpread } from "../../fit/index.ts";
import type { Side } from "./coatings.ts";
import type { Casing } from "./find-casing.ts";
import type { Electrode, Roll } from "./find-roll.ts";
import { layersOf } from "./label-roll.ts";
import { lengthOf } from "./strand.ts";

export interface CasingReport {
  /** x, y from the rotation axis */
  readonly centreMm: readonly [number, number];
  readonly insideRadiusMm: number;
  readonly insideRadiusEsdMm: number;
  readonly outsideRadiusMm: number;
  /** of the inside: half the difference between its longest and its shortest radius as an oval */
  readonly ovalityMm: number;
}

export interface ElectrodeReport {
  readonly electrode: Electrode;
  readonly lengthMm: number;
  readonly turns: number;
  /** radius and angle (degrees, counter-clockwise from x) of the ends */
  readonly innerEnd: { readonly radiusMm: number; readonly angleDeg: number };
  readonly outerEnd: { readonly radiusMm: number; readonly angleDeg: number };
  readonly collectorMm: number;
  readonly collectorEsdMm: number;
  /** of the blur across the electrode, standard deviation */
  readonly blurMm: number;
}

export interface LayerReport {
  readonly electrode: Electrode;
  readonly side: Side;
  /** whether the slice resolves it; else it is what the neighbours and a separator leave */
  readonly isMeasured: boolean;
  /** of the profile over the whole length */
  readonly thicknessMm: number;
  readonly thicknessEsdMm: number;
  /** from place to place along the electrode */
  readonly spreadMm: number;
}

export interface PlacesReport {
  readonly casing?: CasingReport;
  readonly winding?: {
    readonly sense: "outwards-counterclockwise" | "outwards-clockwise";
    /** share of the evidence that says so */
    readonly agreement: number;
    readonly pitchMm: number;
  };
  readonly electrodes: readonly ElectrodeReport[];
  readonly layers: readonly LayerReport[];
  readonly notes: readonly string[];
}

interface Size {
  readonly ny: number;
  readonly nx: number;
  readonly voxelMm: number;
}

/** Diameters of cells that are made, with room. */
const USUAL_MM = [1, 150] as const;

export function reportPlaces(
  size: Size,
  casing: Casing | undefined,
  roll: Roll | undefined,
  hasTab: boolean,
): PlacesReport {
  const { voxelMm } = size;
  const notes: string[] = [];
  if (!casing)
    notes.push(
      "No closed casing was found: distances to it are left out, and the roll is looked for around the middle.",
    );
  const acrossMm = 2 * (casing?.outside.coefficients[0] ?? Number.NaN) * voxelMm;
  if (acrossMm < USUAL_MM[0] || acrossMm > USUAL_MM[1]) {
    notes.push(
      `The casing is ${acrossMm.toPrecision(3)} mm across, which no usual cell is: is the size of a voxel right?`,
    );
  }
  if (!roll)
    notes.push("Nothing repeats from turn to turn: voxels are labelled by what they hold most of, without layers.");
  else if (roll.winding.agreement < 0.7) {
    notes.push(
      `The sense of winding is uncertain (${(100 * roll.winding.agreement).toFixed(0)} % of the evidence): look at the traced roll, and set \`winding\` where it is wrong.`,
    );
  }
  if (!hasTab) notes.push("No tab was found in this slice: distances to one are left out.");
  for (const [electrode, { coatings }] of roll?.electrodes ?? []) {
    if (coatings.isMeasured) continue;
    notes.push(
      `The coatings of the ${electrode} are too thin to be measured in voxels of ${voxelMm.toPrecision(3)} mm: they are what the neighbours and a separator leave of the pitch. Give separatorMm where it is known.`,
    );
  }
  return {
    ...(casing && { casing: reportCasing(casing, size) }),
    ...(roll && {
      winding: {
        sense: roll.winding.sense === 1 ? "outwards-counterclockwise" : "outwards-clockwise",
        agreement: roll.winding.agreement,
        pitchMm: roll.pitch * voxelMm,
      },
    }),
    electrodes: roll ? reportElectrodes(roll, voxelMm) : [],
    layers: roll ? reportLayers(roll, voxelMm) : [],
    notes,
  };
}

function reportCasing({ x0, y0, inside, outside }: Casing, { ny, nx, voxelMm }: Size): CasingReport {
  const [r = 0, , , p = 0, q = 0] = inside.coefficients;
  return {
    centreMm: [(x0 - (nx - 1) / 2) * voxelMm, (y0 - (ny - 1) / 2) * voxelMm],
    insideRadiusMm: r * voxelMm,
    // one radius a voxel is independent
    insideRadiusEsdMm: (inside.spread / Math.sqrt(Math.max(1, 2 * Math.PI * r))) * voxelMm,
    outsideRadiusMm: outside.coefficients[0]! * voxelMm,
    ovalityMm: Math.hypot(p, q) * voxelMm,
  };
}

function reportElectrodes({ electrodes }: Roll, voxelMm: number): ElectrodeReport[] {
  return [...electrodes].map(([electrode, { strand, coatings, turns }]) => {
    const { x0, y0 } = strand.frame;
    const end = (i: number) => ({
      radiusMm: strand.radius[i]! * voxelMm,
      angleDeg: (Math.atan2(strand.y[i]! - y0, strand.x[i]! - x0) * 180) / Math.PI,
    });
    const { profile, esd } = coatings.mean;
    return {
      electrode,
      lengthMm: lengthOf(strand) * voxelMm,
      turns,
      innerEnd: end(0),
      outerEnd: end(strand.radius.length - 1),
      collectorMm: 2 * profile.collector * voxelMm,
      collectorEsdMm: 2 * esd.collector * voxelMm,
      blurMm: profile.blur * voxelMm,
    };
  });
}

function reportLayers(roll: Roll, voxelMm: number): LayerReport[] {
  return layersOf(roll).map(({ electrode, side }) => {
    const { mean, thickness, isMeasured } = roll.electrodes.get(electrode)!.coatings;
    return {
      electrode,
      side,
      isMeasured,
      thicknessMm: mean.profile[side] * voxelMm,
      thicknessEsdMm: mean.esd[side] * voxelMm,
      spreadMm: robustSpread(thickness[side]) * voxelMm,
    };
  });
}
