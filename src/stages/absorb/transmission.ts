/**
 * Transmission of every ray: T = exp(-sum of mu times path), with the projector's rays.
 */
import type { Kernels } from "../../kernels/index.ts";
import { backproject, type ProjectorGeometry, project } from "../../projector/index.ts";

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

/** [y, x] mean of the rays through each voxel; 1 where there is none. @param rays [angle, translation] */
export function meanOverRays(kernels: Kernels, geometry: ProjectorGeometry, rays: Float64Array): Float64Array {
  const { arena } = kernels;
  const mark = arena.mark();
  // two bins: the rays, and ones, whose back-projection is how much of the rays each voxel has seen
  const both = arena.f32(2 * rays.length);
  rays.forEach((value, ray) => {
    both[2 * ray] = value;
    both[2 * ray + 1] = 1;
  });
  const images = arena.f32(2 * geometry.size * geometry.size);
  backproject(kernels, geometry, both, 2, images);
  const out = Float64Array.from({ length: geometry.size * geometry.size }, (_, i) =>
    images[2 * i + 1]! > 0 ? images[2 * i]! / images[2 * i + 1]! : 1,
  );
  arena.release(mark);
  return out;
}
