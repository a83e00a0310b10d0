/**
 * From sinograms to a slice: the exact sinogram of a disc, undersampled, reconstructed by filtered back-projection
 * and by CGLS, and compared with the disc.
 *
 *   npx tsx examples/reconstruct-slice.ts [FOLDER]      writes fbp.svg and cgls.svg into FOLDER
 *
 * With your own data, `openSinogramArray(path, ...)` gives the sinograms of an HDF5 file.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  createReconstructionPlan,
  loadKernels,
  mapFigure,
  type ReconstructConfigInput,
  reconstructBlock,
} from "../src/index.ts"; // in your own project: from "xrdct"

const translations = 81;
const rotationAxis = 40.3;
const stepMm = 0.05;
const omegaDeg = Float64Array.from({ length: 45 }, (_, i) => 4 * i);
/** Translation steps from the rotation axis: x to the right, y along the beam at omega = 0. */
const disc = { x: 9, y: -12, radius: 14, value: 2.5 };

/** [angle, translation, bin] with one bin: value times the chord, in steps. */
function sinogramOfDisc(): Float32Array {
  const out = new Float32Array(omegaDeg.length * translations);
  omegaDeg.forEach((deg, angle) => {
    const omega = (deg * Math.PI) / 180;
    const centre = rotationAxis + disc.x * Math.cos(omega) + disc.y * Math.sin(omega);
    for (let t = 0; t < translations; t++) {
      const chord = 2 * Math.sqrt(Math.max(0, disc.radius ** 2 - (t - centre) ** 2));
      out[angle * translations + t] = disc.value * chord;
    }
  });
  return out;
}

/** What was found: the mean in the inner half of the disc, and the rms of what lies outside it. */
export function reconstructDisc(config: ReconstructConfigInput) {
  const plan = createReconstructionPlan(config, { omegaDeg, translations, rotationAxis, stepMm });
  const { size } = plan.projector;
  const values = new Float32Array(size * size);
  const summary = reconstructBlock(loadKernels(), { sinogram: sinogramOfDisc(), bins: 1, plan }, values);
  let [sum, count, squares, outside] = [0, 0, 0, 0];
  values.forEach((value, i) => {
    const [x, y] = [(i % size) - (size - 1) / 2, Math.floor(i / size) - (size - 1) / 2]; // row 0 is the lowest y
    const distance = Math.hypot(x - disc.x, y - disc.y);
    if (distance < disc.radius / 2) {
      sum += value;
      count++;
    } else if (distance > disc.radius + 2 && Math.hypot(x, y) < size / 2) {
      squares += value ** 2;
      outside++;
    }
  });
  return { values, size, mean: sum / count, truth: disc.value, streaks: Math.sqrt(squares / outside), summary };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const method of ["fbp", "cgls"] as const) {
    const { values, size, mean, truth, streaks } = reconstructDisc({ method });
    console.log(`${method}: ${mean.toFixed(3)} inside (true ${truth}), streaks outside ${streaks.toFixed(4)} rms`);
    const folder = process.argv[2];
    if (!folder) continue;
    const figure = mapFigure({
      rows: size,
      cols: size,
      values,
      title: method,
      label: "value (1/step)",
      voxelMm: stepMm,
    });
    writeFileSync(join(folder, `${method}.svg`), figure);
  }
}
