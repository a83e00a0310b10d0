import { describe, expect, it } from "vitest";
import { findAir } from "./air.ts";

/** A disc of 8 steps about the middle of 25 translations. */
const [angles, translations, radius] = [12, 25, 8];
const chord = Float64Array.from({ length: angles * translations }, (_, i) =>
  Math.sqrt(Math.max(0, radius ** 2 - ((i % translations) - 12) ** 2)),
);

describe("findAir beside a disc over translations 5 to 19", () => {
  it.each([0, 0.001, 0.01, 0.02, 0.2])("takes none of it for air where it attenuates by %f a step", (mu) => {
    const transmission = chord.map((length) => Math.exp(-2 * mu * length));
    const { low, high } = findAir(chord, angles, translations, transmission);
    expect([low, high]).toEqual([4, 4]);
  });
});
