import { expect, it } from "vitest";
import { seededRandom } from "../../tests/seeded-random.ts";
import { prepareSlice } from "./prepared-slice.ts";

it("a tab of a few voxels stands out of the noise of its channel, and fits gone wild do not", () => {
  const n = 120;
  const random = seededRandom(4);
  const tab = Float32Array.from({ length: n * n }, () => 0.03 * (random() - 0.5));
  for (let row = 60; row < 65; row++) for (let col = 80; col < 84; col++) tab[row * n + col] = 1;
  for (const at of [1000, 5555, 9000]) tab[at] = 40;
  const casing = Float32Array.from(tab, (_, i) => {
    const r = Math.hypot((i % n) - 60, Math.floor(i / n) - 60);
    return r > 50 && r < 54 ? 1 : 0;
  });
  const channels = new Map([
    ["casing", casing],
    ["tab", tab],
  ]);
  const values = prepareSlice({ ny: n, nx: n, voxelMm: 0.1, channels }, "It").image.channels.get("tab")!;
  expect(values[62 * n + 82]).toBeCloseTo(1, 6);
  expect(values[5555]).toBeLessThan(2);
  const noise = values.filter(
    (_, i) => Math.hypot((i % n) - 82, Math.floor(i / n) - 62) > 6 && Math.abs(values[i]!) < 1,
  );
  expect(Math.max(...noise.map(Math.abs))).toBeLessThan(0.02);
});
