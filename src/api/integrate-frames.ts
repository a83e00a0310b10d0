import type * as z from "zod";
import type { Axis, Frame, Mask } from "../data/index.ts";
import type { Poni } from "../geometry/index.ts";
import { createIntegrator, IntegrateConfig } from "../stages/integrate/index.ts";
import { withKernels } from "./shared-kernels.ts";

/** How frames are integrated. */
export interface FrameIntegration {
  /** geometry, as readPoni or calibrate give it */
  readonly poni: Poni;
  /** pixels that are left out */
  readonly mask?: Mask;
  /** [row, col] relative efficiency, divided by */
  readonly flat?: ArrayLike<number>;
  /** [row, col] counts without beam, subtracted */
  readonly dark?: ArrayLike<number>;
  /** [frame] incident flux or exposure, divided by */
  readonly monitor?: ArrayLike<number>;
  /** axis, bins, statistic, splitting ...: the settings `integrate` of scan.yaml */
  readonly config?: z.input<typeof IntegrateConfig>;
}

/** Patterns of a list of frames. */
export interface FramePatterns {
  /** bin centres in the unit that was asked for */
  readonly axis: Axis;
  /** [frame, bin] corrected counts a pixel, over the monitor; NaN where no pixel counts */
  readonly intensity: Float32Array;
  /** [frame, bin] standard uncertainty from counting statistics, same unit */
  readonly sigma: Float32Array;
}

/**
 * Integrates frames azimuthally: one pattern a frame.
 *
 * @param frames of one shape, [row, col] counts; as openFrames reads them
 * @throws InputError as createIntegrator and its integrate; RangeError where there is no frame
 */
export function integrateFrames(frames: readonly Frame[], given: FrameIntegration): FramePatterns {
  const { config, monitor, ...setup } = given;
  const [first] = frames;
  if (!first) throw new RangeError("integrateFrames needs one frame or more");
  const shape = { rows: first.rows, cols: first.cols };
  return withKernels((kernels) => {
    const integrator = createIntegrator(kernels, { ...setup, shape, config: IntegrateConfig.parse(config ?? {}) });
    const pixels = frames.map(({ data }) => data);
    const { intensity, sigma } = integrator.integrate(pixels, monitor ? { monitor } : {});
    return { axis: integrator.axis, intensity, sigma };
  });
}
