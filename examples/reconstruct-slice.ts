/**
 * From sinograms to a slice: the exact sinogram of a disc, undersampled, reconstructed by filtered back-projection
 * and by CGLS, and compared with the disc; and once more with what the disc absorbs of itself put right.
 *
 *   npx tsx examples/reconstruct-slice.ts [FOLDER]      writes fbp.svg and cgls.svg into FOLDER
 *
 * With your own data, `openSinogramArray(path, ...)` gives the sinograms of an HDF5 file.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { correctAbsorption, mapFigure, ReconstructConfig, reconstructVolume, type Sinograms } from "xrdct";
import type * as z from "zod";

const translations = 81;
const rotationAxis = 40.3;
const stepMm = 0.05;
const omegaDeg = Float64Array.from({ length: 45 }, (_, i) => 4 * i);
/** Translation steps from the rotation axis: x to the right, y along the beam at omega = 0. */
const disc = { x: 9, y: -12, radius: 14, value: 2.5 };

/** 1/mm, of the disc and of nothing else */
const muPerMm = 0.4;

/** One bin, [angle, translation]: value times the chord, in steps; of which exp(-mu times the chord) comes through. */
function sinogramOfDisc(mu: number): Sinograms {
  const data = new Float32Array(omegaDeg.length * translations);
  omegaDeg.forEach((deg, angle) => {
    const omega = (deg * Math.PI) / 180;
    const centre = rotationAxis + disc.x * Math.cos(omega) + disc.y * Math.sin(omega);
    for (let t = 0; t < translations; t++) {
      const chord = 2 * Math.sqrt(Math.max(0, disc.radius ** 2 - (t - centre) ** 2));
      data[angle * translations + t] = disc.value * chord * Math.exp(-mu * chord * stepMm);
    }
  });
  return { omegaDeg, translations, axis: { unit: "channel", values: Float64Array.of(0) }, data, rotationAxis, stepMm };
}

/** What was found: the mean in the inner half of the disc, and the rms of what lies outside it. */
export function reconstructDisc(config: z.input<typeof ReconstructConfig>, sinograms = sinogramOfDisc(0)) {
  const { data: values, nx: size } = reconstructVolume(sinograms, ReconstructConfig.parse(config));
  let [sum, count, squares, outside] = [0, 0, 0, 0];
  values.forEach((value, i) => {
    const distance = fromCentre(i, size);
    const [x, y] = [(i % size) - (size - 1) / 2, Math.floor(i / size) - (size - 1) / 2];
    if (distance < disc.radius / 2) {
      sum += value;
      count++;
    } else if (distance > disc.radius + 2 && Math.hypot(x, y) < size / 2) {
      squares += value ** 2;
      outside++;
    }
  });
  return { values, size, mean: sum / count, truth: disc.value, streaks: Math.sqrt(squares / outside) };
}

/** Steps from the centre of the disc; row 0 is the lowest y. */
const fromCentre = (i: number, size: number): number =>
  Math.hypot((i % size) - (size - 1) / 2 - disc.x, Math.floor(i / size) - (size - 1) / 2 - disc.y);

/** The mean inside where the disc absorbs, as measured and with the absorption of a map of mu put right. */
export function reconstructAbsorbing() {
  const measured = sinogramOfDisc(muPerMm);
  const { size } = reconstructDisc({ method: "fbp" });
  const mu = Float64Array.from({ length: size * size }, (_, i) => (fromCentre(i, size) <= disc.radius ? muPerMm : 0));
  const corrected = correctAbsorption(measured, mu);
  return {
    asMeasured: reconstructDisc({ method: "fbp" }, measured).mean,
    corrected: reconstructDisc({ method: "fbp" }, corrected).mean,
    leastTransmission: Math.min(...corrected.transmission),
    truth: disc.value,
  };
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
  const { asMeasured, corrected, leastTransmission } = reconstructAbsorbing();
  console.log(
    `absorbing, ${(100 * leastTransmission).toFixed(0)} % come through its middle: ${asMeasured.toFixed(3)} inside, ${corrected.toFixed(3)} corrected`,
  );
}
