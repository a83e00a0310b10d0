import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { h5py, hasH5py, hasPyfai } from "../../tests/h5py.ts";
import { tempFolder } from "../../tests/temp-folder.ts";
import type { Axis } from "../data/index.ts";
import { openPatternArray, type PatternArray } from "./hdf5-patterns.ts";
import { writeDiffmap } from "./pyfai-diffmap.ts";

const folder = tempFolder();
const [slow, fast, bins] = [3, 4, 6];
const intensity = Float32Array.from({ length: slow * fast * bins }, (_, i) => Math.fround(Math.sin(i) * 1e4));
intensity[7] = Number.NaN;
const sigma = intensity.map((value) => Math.abs(value) ** 0.5);
const q: Axis = { unit: "q", values: Float64Array.from({ length: bins }, (_, i) => 1 + 0.1 * i) };
const row = fast * bins;
const source = (axis = q, hasErrors = true): PatternArray => ({
  name: "patterns",
  shape: [slow, fast],
  axis,
  hasErrors,
  read: (first, count = 1) => intensity.slice(first * row, (first + count) * row),
  readErrors: (first, count = 1) => (hasErrors ? sigma.slice(first * row, (first + count) * row) : undefined),
  close: () => {},
});
const about = {
  title: "a cell",
  program: "xrdct",
  version: "0.1.0",
  date: "2026-11-23T06:00:00Z",
  slow: { name: "rotation", values: [0, 60, 120], unit: "degree" },
  fast: { name: "translation", values: [-0.3, -0.1, 0.1, 0.3], unit: "mm" },
  wavelengthA: 0.174,
  distanceM: 0.7,
};

describe("writing and reading back", () => {
  it.each(["q", "two-theta", "radius"] as const)("is exact with an axis of %s", async (unit) => {
    const path = join(folder, `${unit}.h5`);
    const axis = { unit, values: q.values };
    await writeDiffmap(path, source(axis), about);
    const map = await openPatternArray(path);
    expect(map).toMatchObject({ shape: [slow, fast], hasErrors: true, axis });
    expect(map.wavelengthA).toBeCloseTo(about.wavelengthA, 12);
    expect(map.read(0, slow)).toEqual(intensity);
    expect(map.readErrors(1, 2)).toEqual(sigma.slice(row));
    map.close();
  });

  it("needs an axis that pyFAI has", async () => {
    const logTan = source({ unit: "log-tan", values: q.values });
    await expect(writeDiffmap(join(folder, "log.h5"), logTan, about)).rejects.toMatchObject({ code: "diffmap-axis" });
  });
});

/** A file with the groups that pyFAI makes, and what the script puts into them: r is `result`, p its parent. */
const made = (name: string, script: string): string => {
  const path = join(folder, name);
  h5py(
    `f = h5py.File(args[0], "w"); p = f.create_group("entry_0000/pyFAI"); p.attrs["NX_class"] = "NXprocess"
r = p.create_group("result"); r.attrs["NX_class"] = "NXdata"
f.attrs["default"] = "entry_0000"; f["entry_0000"].attrs["default"] = "pyFAI/result"
${script}`,
    path,
  );
  return path;
};

describe.skipIf(!hasH5py)("layouts of pyFAI's versions (needs python3-h5py)", () => {
  it("2025: the signal is a transposed view, and slow, fast and bins are equally many", async () => {
    const path = made(
      "2025.h5",
      `i, j, k = np.mgrid[:4, :4, :4]
r["intensity"] = (100 * i + 10 * j + k).astype("f4"); r["intensity"].attrs["interpretation"] = "spectrum"
layout = h5py.VirtualLayout(shape=(4, 4, 4), dtype="f4"); s = h5py.VirtualSource(r["intensity"])
for a in range(4):
    for b in range(4): layout[:, a, b] = s[a, b]
r.create_virtual_dataset("map", layout, fillvalue=np.nan)
r.attrs["signal"] = "map"; r.attrs["axes"] = ["2th", "slow", "fast"]
for n in ("slow", "fast"): r[n] = np.linspace(0, 3, 4)
r["2th"] = np.array([1., 2, 3, 4]); r["2th"].attrs["unit"] = "rad"
r["map_ptr"] = np.arange(16).reshape(4, 4)
p["configuration/data"] = json.dumps(dict(diffmap_config_version=2, ai=dict(poni=dict(wavelength=1.7e-11))))`,
    );
    const map = await openPatternArray(path);
    expect(map.shape).toEqual([4, 4]);
    expect([...map.read(2).slice(4, 8)]).toEqual([210, 211, 212, 213]);
    expect([...map.axis.values]).toEqual([1, 2, 3, 4].map((x) => expect.closeTo((x * 180) / Math.PI, 10)));
    expect(map.wavelengthA).toBeCloseTo(0.17, 12);
    map.close();
  });

  it("refuses cakes, and an axis that it does not know", async () => {
    const cakes = made("cakes.h5", `r["intensity"] = np.zeros((2, 3, 8, 5), "f4"); r["q"] = np.arange(1., 6)`);
    await expect(openPatternArray(cakes)).rejects.toMatchObject({ code: "diffmap-cakes" });
    const odd = made("odd.h5", `r["intensity"] = np.zeros((2, 3, 5), "f4"); r["chi"] = np.arange(1., 6)`);
    await expect(openPatternArray(odd)).rejects.toMatchObject({ code: "hdf5-axis-unknown" });
  });

  it("two maps in one file: asks which", async () => {
    const path = made(
      "two.h5",
      `r["intensity"] = np.zeros((2, 3, 5), "f4"); r["q"] = np.arange(1., 6); r["q"].attrs["unit"] = "A^-1"
f.copy("entry_0000", "entry_0001"); del f.attrs["default"]; f["entry_0001/pyFAI/result/intensity"][...] = 4`,
    );
    await expect(openPatternArray(path)).rejects.toMatchObject({ code: "patterns-no-dataset" });
    const second = await openPatternArray(path, { dataset: "entry_0001/pyFAI/result/intensity" });
    expect(second.read(0)[0]).toBe(4);
    second.close();
  });
});

/** Diffraction maps of 12 frames of noise by pyFAI itself, one a unit, and its integral of the 7th frame as JSON. */
const BY_PYFAI = `
import os, __main__, fabio
__main__.__file__ = "pyFAI-diffmap"
from pyFAI.azimuthalIntegrator import AzimuthalIntegrator
from pyFAI.diffmap import DiffMap
os.chdir(args[0])
ai = AzimuthalIntegrator(dist=0.1, poni1=0.0016, poni2=0.0015, pixel1=1e-4, pixel2=1e-4, wavelength=2e-11)
ai.detector.shape = (32, 30)
ai.save("g.poni")
rng = np.random.default_rng(4)
frames = [rng.poisson(50 + i, (32, 30)).astype("float32") for i in range(12)]
for i, frame in enumerate(frames): fabio.edfimage.EdfImage(data=frame).write("f%02d.edf" % i)
out = {}
for unit in args[1:]:
    d = DiffMap(npt_fast=4, npt_slow=3, npt_rad=20, npt_azim=1)
    d.poni, d.hdf5, d.inputfiles = "g.poni", unit + ".h5", ["f%02d.edf" % i for i in range(12)]
    d.setup_ai(); d.ai.detector.shape = (32, 30)
    d.worker.unit, d.worker.nbpt_rad, d.worker.nbpt_azim = unit, 20, 1
    d.makeHDF5(rewrite=True); d.process()
    one = ai.integrate1d_ng(frames[6], 20, unit=unit, method=("bbox", "csr", "cython"))
    out[unit] = [one.radial.tolist(), one.intensity.tolist()]
print(json.dumps(out))`;

it.skipIf(!hasPyfai)("maps that pyFAI itself made, in three units (needs python3-pyfai)", async () => {
  const units = { "q_nm^-1": ["q", 0.1], "2th_deg": ["two-theta", 1], r_m: ["radius", 1000] } as const;
  const made = JSON.parse(
    h5py(BY_PYFAI, folder, ...Object.keys(units))
      .trim()
      .split("\n")
      .at(-1)!,
  );
  for (const [unit, [ours, factor]] of Object.entries(units)) {
    const [radial, pattern] = made[unit] as [number[], number[]];
    const map = await openPatternArray(join(folder, `${unit}.h5`));
    expect(map.shape).toEqual([3, 4]);
    expect(map.axis.unit).toBe(ours);
    expect(map.wavelengthA).toBeCloseTo(0.2, 12);
    expect([...map.axis.values]).toEqual(radial.map((x) => expect.closeTo(x * factor, 9)));
    // the 7th frame is the third of the second line
    expect([...map.read(1).slice(2 * 20, 3 * 20)]).toEqual(pattern.map((x) => expect.closeTo(x, 4)));
    map.close();
  }
});

it.skipIf(!hasH5py)("ours is found as pyFAI-diffmap-view looks for it (needs python3-h5py)", async () => {
  const path = join(folder, "view.h5");
  await writeDiffmap(path, source(), about);
  // its steps, pyFAI 2025.12, gui/pilx/utils.py: signal, dimensions by interpretation, axes by dimension or length
  const seen = JSON.parse(
    h5py(
      `with h5py.File(args[0]) as f:
    p = f["entry_0000/pyFAI"]; r = p["result"]; s = r[r.attrs["signal"]]; axes = list(r.attrs["axes"])
    dims = (1, 2, 0) if s.attrs["interpretation"] == "image" else (0, 1, 2)
    config = json.loads(p["configuration/data"][()])
    radial = next(a for a in (axes[i] for i in (1, 0, -1, 1, -2)) if len(r[a]) == config["nbpt_rad"])
    print(json.dumps([np.nansum(s[()], axis=dims[2]).tolist(), r[axes[dims[0]]][()].tolist(), r[axes[dims[1]]].attrs["long_name"],
        radial, r["errors"].shape, r.attrs["NX_class"], config["wavelength"], int(p["offset"][()])]))`,
      path,
    ),
  );
  const sums = Array.from({ length: slow }, (_, i) =>
    Array.from({ length: fast }, (_, j) => {
      const pattern = intensity.slice((i * fast + j) * bins, (i * fast + j + 1) * bins);
      return expect.closeTo(
        pattern.reduce((sum, value) => sum + (value || 0), 0),
        1,
      );
    }),
  );
  const shape = [slow, fast, bins];
  expect(seen).toEqual([sums, [0, 60, 120], "translation (mm)", "q", shape, "NXdata", expect.closeTo(1.74e-11, 20), 0]);
});
