/**
 * From the image of a powder standard to a pattern: simulate CeO2 on a tilted detector, find the geometry again
 * without telling where the beam is, integrate, and compare the lattice parameter of CeO2 with what was put in.
 *
 *   npx tsx examples/calibrate-and-integrate.ts [FOLDER]      writes geometry.poni and ceo2.xye into FOLDER
 *
 * With your own data, `openFrames(path)` gives the frame and `readMask(path, ...)` the mask.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  CalibrateConfig,
  calibrate,
  findPeaks,
  formatPoni,
  formatXye,
  integrateFrames,
  type Pattern,
  SimulateConfig,
} from "xrdct";
import { builtInStructure, reflections } from "xrdct/physics";
import { createExperiment } from "xrdct/stages";

/** What is simulated, and so what must be found. */
export const truth = { energyKeV: 60, distanceMm: 300, rot1Deg: 0.8, rot2Deg: -0.5 };

export function calibrateAndIntegrate() {
  const ceria = builtInStructure("CeO2");
  const pixelUm = 172;
  const experiment = createExperiment(
    SimulateConfig.parse({
      scan: { translations: 1, angles: 1, stepMm: 0.5 },
      instrument: { energyKeV: truth.energyKeV, distanceMm: truth.distanceMm, parallax: false, absorption: false },
      axis: { unit: "two-theta", from: 2, to: 12, bins: 100 },
      detector: { rows: 620, cols: 600, pixelUm, rot1Deg: truth.rot1Deg, rot2Deg: truth.rot2Deg },
      noise: { countsPerRay: 2e7, airShare: 0.2 },
      phases: { CeO2: {} },
      materials: { powder: { CeO2: 1 } },
      shapes: [{ kind: "disc", material: "powder", radiusMm: 1 }],
    }),
    { CeO2: ceria },
  );
  const { shape, mask } = experiment.frames;
  const frame = { ...shape, data: experiment.frame(0, 0), header: {} };

  const about = {
    calibrant: "CeO2",
    energyKeV: truth.energyKeV,
    distanceMm: 0.95 * truth.distanceMm,
    pixelSizeUm: pixelUm,
  };
  const calibration = calibrate(frame, mask, CalibrateConfig.parse(about));

  const { axis, intensity, sigma } = integrateFrames([frame], {
    poni: calibration.poni,
    mask,
    config: { axis: "two-theta", bins: 1200, statistic: "mean" },
  });
  const pattern: Pattern = { axis, intensity, sigma };

  const wavelengthA = calibration.poni.wavelength! * 1e10;
  const known = reflections(ceria, 0.8).map(({ h, k, l, dA }) => ({ phase: "CeO2", h, k, l, dA }));
  const peaks = findPeaks(pattern, { wavelengthA, reflections: known });
  return { calibration, pattern, peaks, truth: { ...truth, poni: experiment.frames.poni, aA: ceria.cell.a } };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { calibration, pattern, peaks } = calibrateAndIntegrate();
  const { poni, esd } = calibration;
  console.log(
    `distance ${(poni.dist * 1e3).toFixed(4)} mm, esd ${((esd.dist ?? Number.NaN) * 1e3).toFixed(4)} mm, true ${truth.distanceMm} mm`,
  );
  for (const {
    dA,
    reflections: [nearest],
  } of peaks.slice(0, 5)) {
    if (nearest)
      console.log(
        `${nearest.h} ${nearest.k} ${nearest.l}   d ${dA!.toFixed(5)} Å, expected ${nearest.dA.toFixed(5)} Å`,
      );
  }
  const folder = process.argv[2];
  if (folder) {
    writeFileSync(join(folder, "geometry.poni"), formatPoni(poni));
    writeFileSync(join(folder, "ceo2.xye"), formatXye(pattern));
  }
}
