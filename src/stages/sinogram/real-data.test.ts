/** What the stage finds in measured data and in a scan simulated by another program, with nothing told. */
import { describe, expect, it } from "vitest";
import { hasShared, shared } from "../../../tests/shared.ts";
import { loadKernels } from "../../pipeline/load-kernels.ts";
import type { SinogramConfig } from "./config.ts";
import { analyseSinogram, applySinogram, createPatternSummary, type ScanRecord, summarisePatterns } from "./index.ts";

interface Values {
  readonly data: Float64Array;
  readonly shape: number[];
}

/** Numbers of one dataset; h5wasm directly, so that this test does not rest on our own readers. */
async function read(path: string, dataset: string): Promise<Values> {
  const h5 = await import("h5wasm/node");
  await h5.ready;
  const file = new h5.File(shared(`data/${path}`), "r");
  const found = file.get(dataset);
  if (!(found instanceof h5.Dataset)) throw new Error(`${path} has no ${dataset}`);
  const values = { data: Float64Array.from(found.value as Float32Array), shape: found.shape ?? [] };
  file.close();
  return values;
}

interface Scan {
  readonly lines: number;
  readonly points: number;
  readonly bins?: number;
  readonly intensity: Float32Array;
  readonly record: ScanRecord;
  readonly options?: Partial<SinogramConfig>;
  readonly ringLength?: Float64Array;
}

function analyse({ lines, points, bins = 1, intensity, record, options, ringLength }: Scan) {
  const summary = createPatternSummary(lines, points, bins);
  summarisePatterns(summary, { lines, points, bins, intensity }, {}, ringLength);
  return analyseSinogram(summary, record, options);
}

const within = (value: number, want: number, tolerance: number): void =>
  expect(Math.abs(value - want)).toBeLessThan(tolerance);

describe.skipIf(!hasShared)("scans of others (needs ../shared)", () => {
  it("aaa_dev: zig-zag, the one-step shift and the axis at 41.3 by every method, with and without monitor", async () => {
    const scan = await readP07();
    for (const record of [scan.record, { omegaDeg: scan.record.omegaDeg }]) {
      const { order, rotationAxis, scan: shape, air, sigma } = analyse({ ...scan, record });
      expect(order).toMatchObject({ kind: "zig-zag", shiftSteps: 1, confidence: 1 });
      expect(shape).toMatchObject({ kind: "half-turn", closing: "dropped", closingLine: 100 });
      expect(rotationAxis.estimates.filter(({ usable }) => usable).length).toBeGreaterThanOrEqual(3);
      for (const { value } of rotationAxis.estimates) within(value, 41.3, 0.02);
      within(rotationAxis.value, 41.3, 0.01);
      expect(air).toMatchObject({ source: "outermost", low: 3 });
      // intensity = counts / n, as the data say of themselves: gain 1
      within(sigma.gain, 1, 0.06);
    }
    const report = analyse(scan);
    const out = new Float32Array(report.angles * 81 * 1000);
    const block = { lines: 101, points: 81, bins: 1000, intensity: scan.intensity };
    expect(applySinogram(loadKernels(), report, block, out).hotValues).toBeLessThan(5);
    const truth = (await read("simulated/aaa_dev/truth.h5", "transmission")).data;
    const passed = report.transmission!;
    let worst = 0;
    for (let i = 0; i < passed.length; i++)
      if (Number.isFinite(passed[i]!)) worst = Math.max(worst, Math.abs(passed[i]! / truth[i]! - 1));
    // the diode counts with noise of its own, below a per cent and a half
    expect(worst).toBeLessThan(0.08);
  });

  it("tooth: the axis in 295.5 to 296.2, three methods agreeing", async () => {
    const [data, white, dark, theta] = await Promise.all(
      ["data", "data_white", "data_dark", "theta"].map((name) =>
        read("xrdct/tomopy_tooth/tooth.h5", `exchange/${name}`),
      ),
    );
    for (const row of [0, 1]) {
      const mean = (frames: Values, p: number): number => {
        let sum = 0;
        for (let i = 0; i < 10; i++) sum += frames.data[(i * 2 + row) * 640 + p]! / 10;
        return sum;
      };
      const intensity = Float32Array.from({ length: 181 * 640 }, (_, i) => {
        const [l, p] = [Math.floor(i / 640), i % 640];
        const beam = mean(white!, p) - mean(dark!, p);
        return -Math.log(Math.max(1e-3, (data!.data[(l * 2 + row) * 640 + p]! - mean(dark!, p)) / beam));
      });
      const { rotationAxis, order, jumps } = analyse({
        lines: 181,
        points: 640,
        intensity,
        record: { omegaDeg: theta!.data },
      });
      expect(rotationAxis.estimates.map(({ usable }) => usable)).toEqual([true, true, true]);
      for (const { value } of rotationAxis.estimates) within(value, 295.85, 0.35);
      within(rotationAxis.value, 295.85, 0.2);
      expect(rotationAxis.agree).toBe(true);
      expect(order.kind).toBe("unidirectional");
      expect(jumps).toEqual([]);
    }
  });

  it.each([
    ["MnNaWSiO2", 88.97],
    ["POX", 110.88],
  ])("SD2I %s: already centred", async (name, axis) => {
    const { data, shape } = await read("xrdct/sd2i_xrdct_sinograms/sd2i_MnNaWSiO2_POX.h5", name);
    const [lines, points] = shape as [number, number];
    const omegaDeg = Float64Array.from({ length: lines }, (_, i) => (i * 180) / lines);
    const report = analyse({ lines, points, intensity: Float32Array.from(data), record: { omegaDeg } });
    within(report.rotationAxis.value, axis, 0.1);
    expect(report.rotationAxis.agree).toBe(true);
    expect(report.jumps).toEqual([]);
    expect(report.missingPatterns).toBe(0);
  });

  it("PyXRDCT image2: projections that jumped by 20 and 25 steps, hot and dead points put right", async () => {
    const { data } = await read("xrdct/pyxrdct_id11/image2_sinogram.hdf5", "data/sinogram_00000");
    const [lines, points] = [180, 708];
    const intensity = Float32Array.from(
      { length: lines * points },
      (_, i) => data[(i % points) * lines + Math.floor(i / points)]!,
    );
    const omegaDeg = Float64Array.from({ length: lines }, (_, i) => i);
    const report = analyse({ lines, points, intensity, record: { omegaDeg } });
    const steps = report.jumps.slice(1).map((jump) => jump.steps);
    expect(steps.length).toBe(33);
    expect(steps.every((value) => value === 20 || value === 25)).toBe(true);
    // once they are put back, the centroids lie on a sine to a thousandth of a step
    const centroid = report.rotationAxis.estimates.find(({ method }) => method === "centroid");
    expect(centroid).toMatchObject({ usable: true });
    within(centroid!.value, 354, 0.01);
    within(report.rotationAxis.value, 354, 0.1);
    const out = new Float32Array(report.angles * points);
    const { hotValues } = applySinogram(loadKernels(), report, { lines, points, bins: 1, intensity }, out);
    expect(hotValues).toBeGreaterThanOrEqual(1);
    const largest = (values: Float32Array): number => values.reduce((most, value) => Math.max(most, value), 0);
    expect(largest(intensity)).toBe(1e5);
    expect(largest(out)).toBeLessThan(45000);
    expect(report.darkCells).toBeGreaterThanOrEqual(1);
  });

  it("Savu I18: irregular, unsorted angles and a monitor; the axis near 44.7 from mirrored pairs", async () => {
    const file = "xrdct/savu_i18_multimodal/mm.nxs";
    const [passed, beam, theta] = await Promise.all(
      ["data/data", "monitor/data", "data/theta"].map((name) => read(file, `entry1/stxm_entry/${name}`)),
    );
    const [lines, points, heights] = [52, 101, 7];
    // absorption at seven heights of the sample as seven bins
    const intensity = new Float32Array(lines * points * heights);
    for (let l = 0; l < lines; l++)
      for (let h = 0; h < heights; h++)
        for (let p = 0; p < points; p++) {
          const at = (l * heights + h) * points + p;
          intensity[(l * points + p) * heights + h] = -Math.log(passed!.data[at]! / beam!.data[at]!);
        }
    const report = analyse({ lines, points, bins: heights, intensity, record: { omegaDeg: theta!.data } });
    expect([...report.lineOfAngle].slice(0, 2)).toEqual([2, 3]);
    expect([...report.omegaDeg]).toEqual([...theta!.data].sort((a, b) => a - b));
    expect(report.scan.kind).toBe("full-turn");
    within(report.rotationAxis.value, 44.7, 0.5);
    expect(report.rotationAxis.agree).toBe(true);
  });
});

async function readP07(): Promise<Scan> {
  const folder = "simulated/aaa_dev";
  const intensity = new Float32Array(101 * 81 * 1000);
  const monitor = new Float64Array(101 * 81);
  const transmitted = new Float64Array(101 * 81);
  for (let l = 0; l < 101; l++) {
    const number = (n: number, digits: number): string => String(n).padStart(digits, "0");
    intensity.set((await read(`${folder}/xrd_cell_data_${number(l + 1, 6)}.h5`, "data")).data, l * 81000);
    const counters = `${folder}/cell_cnt_${number(l, 5)}.nxs`;
    monitor.set((await read(counters, "entry/data/value1")).data, l * 81);
    transmitted.set((await read(counters, "entry/data/value2")).data, l * 81);
  }
  const sines = (await read(`${folder}/truth.h5`, "two_theta")).data.map((x) => Math.sin((x * Math.PI) / 180));
  const mean = sines.reduce((a, b) => a + b) / sines.length;
  const omegaDeg = Float64Array.from({ length: 101 }, (_, i) => 1.8 * i);
  const ringLength = sines.map((s) => s / mean);
  return { lines: 101, points: 81, bins: 1000, intensity, record: { omegaDeg, monitor, transmitted }, ringLength };
}
