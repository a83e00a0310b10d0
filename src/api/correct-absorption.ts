import { createProjectorGeometry } from "../projector/index.ts";
import { correctRays, limitTransmission, transmissionOf } from "../stages/absorb/index.ts";
import type { Sinograms } from "./arrays.ts";
import { withKernels } from "./shared-kernels.ts";

/** Sinograms that are free of what the sample absorbs. */
export interface CorrectedSinograms extends Sinograms {
  /** [angle, translation] what of the beam comes through, 0 to 1; not under the least that is divided by */
  readonly transmission: Float64Array;
  /** rays under that least, over the rays that the sample attenuates by more than 1 % */
  readonly opaqueShare: number;
}

/**
 * The zero-order correction of self-absorption: every ray over its transmission through a map of mu, which is exact for
 * scattering in the direction of the beam.
 *
 * @param muPerMm [y, x] attenuation, 1/mm, on the grid of the reconstruction; as attenuationOfComposition gives it for
 *   a material
 * @param minimum transmissions under it are not believed: the ray is divided by it, and its sigma becomes infinite
 * @throws InputError as createProjectorGeometry; RangeError where the map of mu is not square
 */
export function correctAbsorption(
  sinograms: Sinograms,
  muPerMm: ArrayLike<number>,
  minimum = 0.02,
): CorrectedSinograms {
  const { omegaDeg, translations, rotationAxis, stepMm, axis } = sinograms;
  const size = Math.sqrt(muPerMm.length);
  if (!Number.isInteger(size) || size === 0)
    throw new RangeError(`correctAbsorption needs a square map of mu, [y, x]; ${muPerMm.length} values are none`);
  const geometry = createProjectorGeometry({ omegaDeg, translations, rotationAxis, size });
  const through = withKernels((kernels) => transmissionOf(kernels, geometry, muPerMm, stepMm));
  const { transmission, opaque, opaqueShare } = limitTransmission(through, minimum);
  const [data, sigma] = [sinograms.data.slice(), sinograms.sigma?.slice()];
  correctRays({ transmission, opaque }, data, sigma, axis.values.length);
  return { ...sinograms, data, ...(sigma && { sigma }), transmission, opaqueShare };
}
