import { join } from "node:path";
import { expect, it } from "vitest";
import { tempFolder } from "../../tests/temp-folder.ts";
import { createHdf5 } from "../files/hdf5-writer.ts";
import { openPatternSource } from "./pattern-source.ts";
import type { SinogramSpec } from "./sinogram-source.ts";

const folder = tempFolder();
const [angles, slices, translations] = [3, 2, 20];
/** counts of a beam of 50 that every ray loses a known part of */
const counts = (angle: number, slice: number, translation: number): number =>
  translation < 4 ? 50 : 50 * Math.exp(-(0.1 + angle + slice + translation / 10));

async function stored(): Promise<string> {
  const path = join(folder, "transmission.h5");
  const file = await createHdf5(path);
  const at = (i: number) => counts(Math.floor(i / 40), Math.floor(i / 20) % 2, i % 20);
  file.dataset(
    "d",
    [angles, slices, translations],
    Float64Array.from({ length: 120 }, (_, i) => at(i)),
  );
  file.dataset("theta", [angles], Float64Array.of(40, -7, 3));
  file.finish();
  return path;
}

it("gives the line integrals of one slice, line by line, whatever says what the open beam is", async () => {
  const spec: SinogramSpec = {
    file: await stored(),
    dataset: "d",
    layout: ["angle", "slice", "translation"],
    slice: 1,
    anglesDataset: "theta",
    quantity: "line-integral",
  };
  for (const openBeam of [50, "brightest"] as const) {
    const source = await openPatternSource({ kind: "sinograms", ...spec, openBeam });
    expect(source).toMatchObject({ lines: 3, points: 20, axis: { unit: "channel", values: Float64Array.of(0) } });
    expect(source.omegaDeg).toEqual(Float64Array.of(40, -7, 3));
    for (let angle = 0; angle < 3; angle++) {
      const { intensity } = await source.readLine(angle);
      expect(intensity[0]).toBeCloseTo(0, 5);
      expect(intensity[9]).toBeCloseTo(0.1 + angle + 1 + 0.9, 5);
    }
    source.close();
  }
  await expect(openPatternSource({ kind: "sinograms", ...spec, slice: 2 })).rejects.toMatchObject({
    code: "sinogram-slice",
  });
});
