/** Two or three maps as the red, green and blue of one image. */

export const RGB_COLOURS = ["red", "green", "blue"] as const;
export type RgbColour = (typeof RGB_COLOURS)[number];

export interface MixChannel {
  /** [y, x]; NaN: no value */
  readonly values: ArrayLike<number>;
  /** the values of no and of full colour */
  readonly limits: readonly [number, number];
  /** brightness, 1: full colour at the upper limit */
  readonly weight: number;
}

/** What a voxel looks like that has no value in any channel: the grey that maps have for it. */
export const NO_VALUE_BYTE = 0x8d;

/**
 * The share of full colour that a value gives, 0 to 1: weight · (value − lower) / (upper − lower), cut at both ends,
 * to the power of gamma. No value gives 0.
 */
export function colourShare(value: number, { limits: [lo, hi], weight }: Omit<MixChannel, "values">, gamma: number) {
  if (!Number.isFinite(value)) return 0;
  const share = hi > lo ? (value - lo) / (hi - lo) : Number(value >= hi);
  const bright = weight * Math.min(1, Math.max(0, share));
  return Math.min(1, Math.max(0, bright)) ** gamma;
}

/**
 * Bytes of the image.
 *
 * @param channels red, green, blue; undefined: dark
 * @param length   voxels
 * @param gamma    below 1 brightens the faint; 0.5 is the square root
 * @returns [voxel, 3], 0 to 255; NO_VALUE_BYTE throughout where no channel has a value
 */
export function rgbPixels(channels: readonly (MixChannel | undefined)[], length: number, gamma: number): Uint8Array {
  const out = new Uint8Array(length * 3);
  for (let i = 0; i < length; i++) {
    if (!channels.some((channel) => channel && Number.isFinite(channel.values[i]))) {
      out.fill(NO_VALUE_BYTE, 3 * i, 3 * i + 3);
      continue;
    }
    channels.forEach((channel, c) => {
      if (channel) out[3 * i + c] = Math.round(255 * colourShare(channel.values[i]!, channel, gamma));
    });
  }
  return out;
}
