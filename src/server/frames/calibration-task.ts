/** The geometry of a detector from a frame of a standard, as `xrdct calibrate` finds it. */
import { formatPoni, readPoni } from "../../files/poni.ts";
import { describeRings, pixelSize, readCalibrant } from "../../pipeline/calibrate-frame.ts";
import { CalibrateConfig, calibrate } from "../../stages/calibrate/index.ts";
import { parseRequest } from "../parse-request.ts";
import type { Calibration } from "../wire-frames.ts";
import { buildMask } from "./frame-mask.ts";
import type { FrameTasks } from "./frame-tasks.ts";
import { frameOf, sourceOf } from "./opened-frames.ts";

/** @throws InputError as `xrdct calibrate` */
export async function runCalibration(ask: FrameTasks["calibrate"]["ask"]): Promise<Calibration> {
  const { calibrant, energyKeV, distanceMm, centrePx, refineEnergy, refineTilt, check, mask } = ask;
  const source = await sourceOf(ask);
  const frame = await frameOf(ask);
  const pixel = pixelSize(frame, ask);
  const config = parseRequest(CalibrateConfig, {
    calibrant: readCalibrant(calibrant, energyKeV),
    energyKeV,
    distanceMm,
    pixelSizeUm: pixel.um,
    refineEnergy,
    refineTilt,
    centrePx,
  });
  const excluded = await buildMask(frame, source.mask, mask);
  const result = calibrate(frame, excluded, config, check ? { reference: readPoni(check) } : {});
  const poni = { ...result.poni, ...(pixel.detector && { detector: pixel.detector }) };
  return {
    result: { ...result, poni },
    poniText: formatPoni(poni, [`calibrated from ${ask.name}`, ...describeRings(result)]),
  };
}
