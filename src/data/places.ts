/** Where in a cell a voxel lies. */

/** Labels of the regions of a cylindrical cell. */
export const REGIONS = {
  outside: 0,
  casing: 1,
  /** the void in the middle and whatever stands in it */
  core: 2,
  cathode: 3,
  anode: 4,
  separator: 5,
  cathodeCollector: 6,
  anodeCollector: 7,
  tab: 8,
  /** inside the casing, and none of these */
  other: 9,
} as const;
export type RegionName = keyof typeof REGIONS;

/** One coating: what lies on one side of a collector, from the inner to the outer end of the electrode. */
export interface ElectrodeLayer {
  /** as in `Places.layer` */
  readonly index: number;
  readonly electrode: "cathode" | "anode";
  /** the side of the collector that it lies on, seen from the axis */
  readonly side: "inner" | "outer";
  /** along the collector */
  readonly lengthMm: number;
  /** median over its length */
  readonly thicknessMm: number;
}

/** Places of all voxels of a slice; arrays are [y, x], and hold NaN (layer: -1) where a thing does not apply. */
export interface Places {
  readonly ny: number;
  readonly nx: number;
  readonly voxelMm: number;
  /** of REGIONS */
  readonly region: Uint8Array;
  /** mm to the nearest point of the casing's inside */
  readonly toCasingMm: Float32Array;
  /** mm to the nearest point of the core's edge */
  readonly toCoreMm: Float32Array;
  /** mm to the nearest tab; NaN everywhere where there is none */
  readonly toTabMm: Float32Array;
  /** mm to the nearest separator */
  readonly toSeparatorMm: Float32Array;
  /** in a coating: 0 at the surface that faces the separator, 1 at the collector */
  readonly depth: Float32Array;
  /** index of the layer, -1 where there is none */
  readonly layer: Int16Array;
  /** mm along the electrode from its inner end */
  readonly alongMm: Float32Array;
  readonly layers: readonly ElectrodeLayer[];
}
