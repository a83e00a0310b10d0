import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hasShared, shared } from "../../tests/shared.ts";
import { tempFolder } from "../../tests/temp-folder.ts";
import { openHdf5 } from "./hdf5.ts";
import { openSinogramArray, type SinogramDimension } from "./hdf5-sinograms.ts";
import { createHdf5 } from "./hdf5-writer.ts";

const folder = tempFolder();
const extent = { angle: 3, translation: 4, slice: 2, bin: 5 };
const value = (at: Record<SinogramDimension, number>) =>
  at.angle * 1000 + at.translation * 100 + at.slice * 10 + at.bin + 1;

async function stored(name: string, layout: SinogramDimension[]): Promise<string> {
  const shape = layout.map((dimension) => extent[dimension]);
  const length = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length }, (_, i) => {
    const at = { angle: 0, translation: 0, slice: 0, bin: 0 };
    let left = i;
    for (let k = layout.length - 1; k >= 0; k--) {
      at[layout[k]!] = left % shape[k]!;
      left = Math.floor(left / shape[k]!);
    }
    return value(at);
  });
  const path = join(folder, name);
  const file = await createHdf5(path);
  file.dataset("d", shape, data);
  file.dataset(
    "flat",
    [2, extent.slice, extent.translation],
    Float32Array.from({ length: 16 }, (_, i) => (i < 8 ? 10 : 14)),
  );
  file.dataset("dark", [extent.slice, extent.translation], new Float32Array(8).fill(2));
  file.dataset(
    "i0",
    [extent.angle, extent.translation],
    Float32Array.from({ length: 12 }, (_, i) => 1 + i),
  );
  file.dataset("theta", [extent.angle], Float64Array.of(-42, 63, 7));
  file.finish();
  return path;
}

it("gives [angle, translation, bin] whatever the order in the file", async () => {
  const layouts: SinogramDimension[][] = [
    ["angle", "translation", "slice", "bin"],
    ["bin", "slice", "translation", "angle"],
    ["slice", "angle", "bin", "translation"],
  ];
  for (const [n, layout] of layouts.entries()) {
    const array = await openSinogramArray(await stored(`order${n}.h5`, layout), {
      dataset: "d",
      layout,
      omega: "theta",
    });
    expect(array).toMatchObject({ angles: 3, translations: 4, slices: 2, bins: 5 });
    expect(array.omegaDeg).toEqual(Float64Array.of(-42, 63, 7));
    const data = array.read(1);
    for (let angle = 0, at = 0; angle < 3; angle++) {
      for (let translation = 0; translation < 4; translation++) {
        for (let bin = 0; bin < 5; bin++) expect(data[at++]).toBe(value({ angle, translation, slice: 1, bin }));
      }
    }
    array.close();
  }
});

it("corrects by averaged flats, dark and monitor, and takes the logarithm", async () => {
  const layout: SinogramDimension[] = ["angle", "slice", "translation"];
  const path = await stored("corrected.h5", layout);
  const options = { dataset: "d", layout, flat: "flat", dark: "dark", monitor: "i0" };
  const plain = (await openSinogramArray(path, options)).read(1);
  const log = (await openSinogramArray(path, { ...options, quantity: "line-integral" as const })).read(1);
  for (let angle = 0, at = 0; angle < 3; angle++) {
    for (let translation = 0; translation < 4; translation++, at++) {
      const raw = value({ angle, translation, slice: 1, bin: 0 });
      const expected = (raw - 2) / (12 - 2) / (1 + angle * 4 + translation); // flats of 10 and 14: mean 12
      expect(plain[at]).toBeCloseTo(expected, 4);
      expect(log[at]).toBeCloseTo(-Math.log(expected), 5);
    }
  }
  const first = (await openSinogramArray(path, { ...options, quantity: "line-integral" })).read(0);
  expect(first[0]).toBeNaN(); // 1 - 2 < 0: no transmission
});

it("says what does not fit", async () => {
  const layout: SinogramDimension[] = ["angle", "slice", "translation"];
  const path = await stored("wrong.h5", layout);
  const open = (more: object) => openSinogramArray(path, { dataset: "d", layout, ...more });
  await expect(open({ layout: ["angle", "translation"] })).rejects.toThrow(
    /d is \[3, 2, 4\] and the layout given is \[angle, translation\]/,
  );
  await expect(open({ layout: ["slice", "translation", "bin"] })).rejects.toMatchObject({ code: "sinogram-layout" });
  await expect(open({ omega: "i0" })).rejects.toMatchObject({ code: "sinogram-angles" });
  await expect(open({ flat: "theta" })).rejects.toMatchObject({ code: "sinogram-shape" });
  await expect(open({ monitor: "dark" })).rejects.toMatchObject({ code: "sinogram-shape" });
  await expect(open({ dataset: "e" })).rejects.toMatchObject({ code: "hdf5-dataset-missing" });
});

describe.skipIf(!hasShared)("measured sinograms, one call each (needs ../shared)", () => {
  it("SD2I: the undersampled sinograms are every second and third angle of the full ones", async () => {
    const path = shared("data/xrdct/sd2i_xrdct_sinograms/sd2i_MnNaWSiO2_POX.h5");
    for (const [name, angles, translations, step] of [
      ["MnNaWSiO2", 120, 179, 2],
      ["POX", 160, 223, 3],
    ] as const) {
      const layout: SinogramDimension[] = ["angle", "translation"];
      const omega = { startDeg: 0, endDeg: 180, endIncluded: false };
      const full = await openSinogramArray(path, { dataset: name, layout, omega });
      expect(full).toMatchObject({ angles, translations, slices: 1, bins: 1 });
      expect(full.omegaDeg![1]).toBe(180 / angles);
      const sparse = await openSinogramArray(path, { dataset: `${name}_angsamp`, layout });
      const [a, b] = [full.read(), sparse.read()];
      for (let angle = 0; angle < sparse.angles; angle++) {
        const row = (of: Float32Array, i: number) => of.subarray(i * translations, (i + 1) * translations);
        expect(row(b, angle)).toEqual(row(a, angle * step));
      }
    }
  });

  it("tooth: flats and darks applied; projections at 0 and 180 degrees are mirrored about 295.5 to 296.2", async () => {
    const tooth = await openSinogramArray(shared("data/xrdct/tomopy_tooth/tooth.h5"), {
      dataset: "exchange/data",
      layout: ["angle", "slice", "translation"],
      flat: "exchange/data_white",
      dark: "exchange/data_dark",
      omega: "exchange/theta",
      quantity: "line-integral",
    });
    expect(tooth).toMatchObject({ angles: 181, translations: 640, slices: 2 });
    expect(tooth.omegaDeg!.at(-1)).toBeCloseTo(179.006, 3);
    const data = tooth.read(0);
    // a tooth absorbs less than everything and more than nothing
    const middle = data.slice(90 * 640 + 250, 90 * 640 + 340).reduce((a, b) => a + b, 0) / 90;
    expect(middle).toBeGreaterThan(0.3);
    expect(middle).toBeLessThan(5);
    let best = { axis: 0, difference: Number.POSITIVE_INFINITY };
    for (let axis = 280; axis <= 340; axis += 0.5) {
      let [difference, count] = [0, 0];
      for (let i = 0; i < 640; i++) {
        const mirror = 2 * axis - i;
        if (mirror < 0 || mirror > 639) continue;
        difference += (data[i]! - data[180 * 640 + mirror]!) ** 2;
        count++;
      }
      if (difference / count < best.difference) best = { axis, difference: difference / count };
    }
    expect(best.axis).toBeGreaterThanOrEqual(295);
    expect(best.axis).toBeLessThanOrEqual(296.5);
  });

  it("Savu I18: transmission over I0, with its 52 irregular angles", async () => {
    const entry = "entry1/stxm_entry";
    const i18 = await openSinogramArray(shared("data/xrdct/savu_i18_multimodal/mm.nxs"), {
      dataset: `${entry}/data/data`,
      layout: ["angle", "slice", "translation"],
      monitor: `${entry}/monitor/data`,
      omega: `${entry}/data/theta`,
      quantity: "line-integral",
    });
    expect(i18).toMatchObject({ angles: 52, slices: 7, translations: 101 });
    expect([...i18.omegaDeg!.slice(0, 2)]).toEqual([-42, 63]);
    const file = await openHdf5(shared("data/xrdct/savu_i18_multimodal/mm.nxs"));
    const at = (name: string) => file.read(`${entry}/${name}/data`, [9, 3, 50], [1, 1, 1])[0]!;
    expect(i18.read(3)[9 * 101 + 50]).toBeCloseTo(-Math.log(at("data") / at("monitor")), 5);
    file.close();
  });

  it("PyXRDCT: translations first", async () => {
    const path = shared("data/xrdct/pyxrdct_id11/image2_sinogram.hdf5");
    const omega = { startDeg: 0, endDeg: 179, endIncluded: true };
    const dataset = "data/sinogram_00000";
    const array = await openSinogramArray(path, { dataset, layout: ["translation", "angle"], omega });
    expect(array).toMatchObject({ angles: 180, translations: 708 });
    expect(array.omegaDeg![90]).toBe(90);
    const file = await openHdf5(path);
    expect(array.read()[90 * 708 + 300]).toBe(file.read(dataset, [300, 90], [1, 1])[0]);
    file.close();
  });
});
