import { describe, expect, it } from "vitest";
import { tickText } from "./colour-bar.tsx";

describe("the text of a tick", () => {
  it.each([
    [14.505, 0.04, "14.505"],
    [14.51, 0.04, "14.51"],
    [0, 0.04, "0"],
    [-2, 7, "-2"],
    [250000, 3e5, "250000"],
    [2e-5, 5e-5, "2e-5"],
    [4e6, 9e6, "4e6"],
  ])("of %d on an axis that spans %d is %s", (value, span, text) => {
    expect(tickText(value, span)).toBe(text);
  });
  it("tells ticks apart that are a hundredth of the span from each other", () => {
    for (const [lo, span] of [
      [14.5, 1e-3],
      [0, 5e-7],
      [1e7, 50],
      [-0.01, 0.02],
    ] as const) {
      const texts = [0, 1, 2, 3].map((i) => tickText(lo + (i * span) / 100, span));
      expect(new Set(texts).size, texts.join()).toBe(4);
    }
  });
});
