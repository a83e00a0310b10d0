/**
 * A slice of your own, mapped: aluminium whose lattice parameter grows from left to right, counted with noise, fitted in
 * every voxel by one peak and by Rietveld refinement, and compared with what was put in.
 *
 *   npx tsx examples/map-slice.ts
 *
 * With your own data, `readNdtomoVolume(path, ...)` or `openPatternArray(path)` gives the volume, `loadModel(path)` the
 * model, and `openResult(path)` the volume of an earlier run.
 */
import { pathToFileURL } from "node:url";
import { MapConfig, mapPeaks, mapRietveld, parseModel, type SliceVolume, STATUS } from "xrdct";
import { applySettings, createPatternCalculator, dToTwoThetaDeg, resolveModel } from "xrdct/physics";
import { createRandom, loadKernels } from "xrdct/stages";

const wavelengthA = 0.2;
const [ny, nx, bins] = [4, 8, 700];
const twoThetaDeg = Float64Array.from({ length: bins }, (_, i) => 4.5 + 0.005 * i);
/** angstrom; of the voxels in column x */
export const trueA = (x: number): number => 4.045 + 0.001 * x;

/** As model.yaml: what is measured, and from where it is refined. */
const model = parseModel(
  `
wavelength: ${wavelengthA}
profile: {W: 0.0006, X: 0.01}
background: 2
phases: [{structure: Al, cell: {a: {value: 4.048, refine: true}}}]
`,
  "model of the example",
  ".",
);

/** Patterns of the model with the lattice parameter of each voxel, counted. */
function sliceOfAluminium(): SliceVolume {
  const random = createRandom(7);
  const resolved = resolveModel(model.config, model.files);
  const calculator = createPatternCalculator(loadKernels(), resolved.model, wavelengthA, twoThetaDeg);
  applySettings(calculator, resolved);
  const set = (name: string, value: number): void => {
    calculator.values[calculator.indexOf(name)] = value;
  };
  set("Al/scale", 1);
  calculator.evaluate(false);
  set("Al/scale", 1000 / Math.max(...calculator.calculated)); // counts in the strongest line
  set("background/0", 50);
  const data = new Float32Array(ny * nx * bins);
  for (let voxel = 0; voxel < ny * nx; voxel++) {
    set("Al/a", trueA(voxel % nx));
    calculator.evaluate(false);
    data.set(
      calculator.calculated.map((mean) => random.poisson(mean)),
      voxel * bins,
    );
  }
  const sigma = data.map((counts) => Math.sqrt(Math.max(counts, 1)));
  return { ny, nx, axis: { unit: "two-theta", values: twoThetaDeg }, data, sigma, voxelMm: 0.02 };
}

export function mapSlice() {
  const volume = sliceOfAluminium();
  // the 200 line: its d gives a of each voxel
  const at = dToTwoThetaDeg(trueA(3) / 2, wavelengthA);
  const config = { regions: [{ name: "Al", range: [at - 0.15, at + 0.15], peaks: [{ name: "200", position: at }] }] };
  const peaks = mapPeaks(volume, MapConfig.parse(config), { wavelengthA, sampleThreshold: 0 });
  const { maps, bulk } = mapRietveld(volume, model, {}, { sampleThreshold: 0 });
  return { peaks, maps, bulk };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { peaks, maps } = mapSlice();
  const d = peaks.find(({ name }) => name === "Al/200/d")!;
  const a = maps.find(({ name }) => name === "Al/a")!;
  for (let x = 0; x < nx; x++) {
    const ofRietveld = a.status![x] === STATUS.converged ? `${a.values[x]!.toFixed(5)}(${a.esd![x]!.toFixed(5)})` : "-";
    console.log(
      `a = ${trueA(x).toFixed(3)}: by one peak ${(2 * d.values[x]!).toFixed(4)}, by Rietveld ${ofRietveld} Å`,
    );
  }
}
