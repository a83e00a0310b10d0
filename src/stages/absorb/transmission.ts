/**
 * Transmission of every ray: T = exp(-sum of mu times path), with the projector's rays.
 */
import type { Kernels } from "../../kernels/index.ts";
import { type ProjectorGeometry, project } from "../../projector/index.ts";

/** [angle, translation] line integrals of a map: value times mm. @param perMm [y, x], 1/mm */
export function lineIntegrals(
  kernels: Kernels,
  geometry: ProjectorGeometry,
  perMm: ArrayLike<number>,
  stepMm: number,
): Float64Array {
  const mark = kernels.arena.mark();
  const image = kernels.arena.f32(geometry.size * geometry.size);
  for (let i = 0; i < image.length; i++) image[i] = perMm[i]!;
  const rays = kernels.arena.f32(geometry.angles * geometry.translations);
  project(kernels, geometry, image, 1, rays);
  const out = Float64Array.from(rays, (steps) => steps * stepMm);
  kernels.arena.release(mark);
  return out;
}

/** [angle, translation] transmissions; noise in the map may take those of rays beside the sample a little over 1. */
export const transmissionOf = (
  kernels: Kernels,
  geometry: ProjectorGeometry,
  muPerMm: ArrayLike<number>,
  stepMm: number,
): Float64Array => lineIntegrals(kernels, geometry, muPerMm, stepMm).map((integral) => Math.exp(-integral));
