/** Results in the programs of the field: h5py, silx and its viewer, H5Web's rules (docs/interoperate.md). */
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { beforeAll, describe, expect, it } from "vitest";
import { openHdf5 } from "../src/files/hdf5.ts";
import { openResult, type Result } from "../src/files/result-reader.ts";
import { h5py, hasH5py, hasSilx } from "./h5py.ts";
import { defaultPlot, nexusFaults } from "./nexus-rules.ts";
import { tempFolder } from "./temp-folder.ts";
import { demoFolder } from "./web/app.ts";

const folder = tempFolder();
const cell = join(folder, "cell.nxs");

beforeAll(async () => copyFileSync(join(await demoFolder(), "cell.nxs"), cell), 120_000);

/** A function of an example, called with the file; the script is run as it is copied by users. */
const example = (script: string, call: string): unknown =>
  JSON.parse(
    h5py(`import runpy\nexample = runpy.run_path(args[1])\n${call}`, cell, `examples/${script}`)
      .trim()
      .split("\n")
      .at(-1)!,
  );

async function withResult<T>(read: (result: Result) => T): Promise<T> {
  const result = await openResult(cell);
  try {
    return read(result);
  } finally {
    result.close();
  }
}

it("follows NeXus in every group, and opens with a map (H5Web's rules)", async () => {
  const file = await openHdf5(cell);
  expect(nexusFaults(file)).toEqual([]);
  expect(defaultPlot(file)).toMatch(/^entry\/map\//);
  // whatever stage is clicked shows something of its own
  for (const stage of ["sinogram", "reconstruct", "map", "dlsr"])
    expect(defaultPlot(file, `entry/${stage}`)).toMatch(new RegExp(`^entry/${stage}/`));
  expect(file.attribute("entry/reconstruct/data/data", "interpretation")).toBe("spectrum");
  file.close();
});

describe.skipIf(!hasH5py)("examples/read-with-h5py.py (needs python3-h5py)", () => {
  it("reads maps with esd and status as xrdct does", async () => {
    const seen = example(
      "read-with-h5py.py",
      `with h5py.File(args[0]) as f:
    m = example["read_map"](f, "map/NMC532/c")
    good = m["good"]
    print(json.dumps([int(good.sum()), float(m["values"][good].sum(dtype=float)), float(m["esd"][good].sum(dtype=float)),
        m["unit"], example["status_meanings"](f, "map/NMC532/c")[0]]))`,
    );
    const { values, esd, status, unit } = await withResult((result) => result.readMap("map/NMC532/c"));
    let [count, sum, sigmas] = [0, 0, 0];
    status!.forEach((one, i) => {
      if (one !== 0) return;
      count++;
      sum += values[i]!;
      sigmas += esd![i]!;
    });
    expect(count).toBeGreaterThan(100);
    expect(seen).toEqual([count, expect.closeTo(sum, 6), expect.closeTo(sigmas, 6), unit, "converged"]);
  });

  it("finds the pattern of a voxel by its place in mm, the default plot and what made the file", async () => {
    const [strongest, at, unit, plot, stages, files] = example(
      "read-with-h5py.py",
      `with h5py.File(args[0]) as f:
    p, stages = example["voxel_pattern"](f, 0.6, -1.1), example["provenance"](f)
    print(json.dumps([float(p["intensity"].max()), float(p["axis"][p["intensity"].argmax()]), p["unit"],
        example["default_plot"](f).name, [s["stage"] for s in stages], len(stages[0]["inputs"])]))`,
    ) as [number, number, string, string, string[], number];
    await withResult((result) => {
      const [ys, xs, axis] = result.axes("reconstruct/data");
      const nearest = (values: Float64Array, wanted: number) =>
        values.reduce((best, value, i) => (Math.abs(value - wanted) < Math.abs(values[best]! - wanted) ? i : best), 0);
      const bins = axis!.values.length;
      const voxel = [nearest(ys!.values, 0.6), nearest(xs!.values, -1.1), 0];
      const pattern = result.readArray("reconstruct/data", voxel, [1, 1, bins]);
      const bin = pattern.indexOf(Math.max(...pattern));
      expect(pattern[bin]).toBeGreaterThan(0);
      expect([strongest, at, unit]).toEqual([pattern[bin], axis!.values[bin], axis!.unit]);
      expect(plot).toBe(`/entry/${result.first()}`);
      expect(stages).toEqual(result.processes().map(({ stage }) => stage));
      expect(files).toBe(result.processes()[0]!.inputs.length);
    });
  });

  it("prints as a program", () => {
    const printed = execFileSync("/usr/bin/python3", ["examples/read-with-h5py.py", cell], { encoding: "utf8" });
    expect(printed).toMatch(/^opens with \/entry\/map\//);
    expect(printed).toMatch(/^map\/NMC532\/c: median 14\.\d+ Å, median esd [\d.e-]+, \d+ voxels$/m);
  });
});

describe.skipIf(!hasSilx)("examples/open-with-silx.py (needs python3-silx)", () => {
  it("silx opens the default map with its axes in mm and its errors, and finds fault with nothing", async () => {
    const [plot, count, faults] = example(
      "open-with-silx.py",
      `print(json.dumps([example["described"](args[0]), *example["faults"](args[0])]))`,
    ) as [Record<string, unknown>, number, object];
    await withResult((result) => {
      const [y, x] = result.axes(result.first()!);
      const entry = result.entry(result.first()!);
      expect(plot).toMatchObject({
        group: `/entry/${result.first()}`,
        title: entry.longName,
        signal: [entry.longName, entry.shape],
        axes: [
          ["y (mm)", y!.values[0], y!.values.at(-1)],
          ["x (mm)", x!.values[0], x!.values.at(-1)],
        ],
        errors: entry.shape,
        interpretation: "image",
      });
      const groups = new Set(result.list().map(({ name }) => name.replace(/_(esd|status)$/, "")));
      expect([count, faults]).toEqual([groups.size, {}]);
    });
  });

  it.skipIf(!hasWindows())("its window shows the map in the colours of its bar (needs python3-pyqt5)", () => {
    const picture = join(folder, "window.png");
    execFileSync("/usr/bin/python3", ["examples/open-with-silx.py", cell, picture], { stdio: "pipe" });
    const { data, channels, width, height } = decode(readFileSync(picture));
    // viridis of low and of high values, in more than the bar at the right
    const share = (is: (r: number, g: number, b: number) => boolean): number => {
      let found = 0;
      for (let i = 0; i < data.length; i += channels) if (is(data[i]!, data[i + 1]!, data[i + 2]!)) found++;
      return found / (width * height);
    };
    expect(share((r, g, b) => r < 90 && g < 40 && b > 60 && b < 110)).toBeGreaterThan(0.02);
    expect(share((r, g, b) => r > 200 && g > 200 && b < 80)).toBeGreaterThan(0.005);
  });
});

function hasWindows(): boolean {
  try {
    execFileSync("/usr/bin/python3", ["-c", "import silx.app.view.Viewer, matplotlib, PyQt5"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
