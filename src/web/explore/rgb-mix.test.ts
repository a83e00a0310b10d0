import { describe, expect, it } from "vitest";
import { NO_VALUE_BYTE, rgbPixels } from "./rgb-mix.ts";

describe("the pixels of an RGB image", () => {
  it("are weight times the share of the range, to the power of gamma, in bytes", () => {
    const red = { values: [2, 3, 4, 5], limits: [2, 4], weight: 1 } as const;
    const green = { values: [0, 0.25, 0.5, 1], limits: [0, 1], weight: 0.5 } as const;
    // shares of red 0, 1/2, 1, 1 (cut); of green 0, 1/8, 1/4, 1/2
    expect([...rgbPixels([red, green, undefined], 4, 1)]).toEqual([
      ...[0, 0, 0],
      ...[128, Math.round(255 / 8), 0],
      ...[255, Math.round(255 / 4), 0],
      ...[255, 128, 0],
    ]);
    const rooted = rgbPixels([red, green, undefined], 4, 0.5);
    expect(rooted[3]).toBe(Math.round(255 * Math.SQRT1_2));
    expect(rooted[7]).toBe(Math.round(255 * 0.5));
  });

  it("are cut at full colour where the weight is above 1", () => {
    const channel = { values: [0.25, 0.5, 0.75], limits: [0, 1], weight: 2 } as const;
    expect([...rgbPixels([undefined, undefined, channel], 3, 1)]).toEqual([0, 0, 128, 0, 0, 255, 0, 0, 255]);
  });

  it("are grey where no channel has a value, dark in the channel that has none elsewhere", () => {
    const channel = { values: [Number.NaN, Number.NaN], limits: [0, 1], weight: 1 } as const;
    const other = { ...channel, values: [Number.NaN, 1] };
    expect([...rgbPixels([channel, other, undefined], 2, 1)]).toEqual([
      ...[NO_VALUE_BYTE, NO_VALUE_BYTE, NO_VALUE_BYTE],
      ...[0, 255, 0],
    ]);
  });

  it("know only off and on where the limits are the same", () => {
    const channel = { values: [0, 3, 4], limits: [3, 3], weight: 1 } as const;
    expect([...rgbPixels([channel, undefined, undefined], 3, 1)].filter((_, i) => i % 3 === 0)).toEqual([0, 255, 255]);
  });
});
