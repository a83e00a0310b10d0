/** What the phantom holds, voxel by voxel: what a perfect analysis would find. */
import type { ParameterMap } from "../../data/index.ts";
import type { Phantom } from "./phantom.ts";
import { relativeDensity, type ScatteringPhase } from "./scattering.ts";

/**
 * truth/PHASE/volume_fraction, truth/PHASE/weight_fraction (of the crystalline matter, as Rietveld gives it; NaN
 * where there is none), truth/PHASE/a and c (NaN outside the phase), truth/mu (1/mm).
 */
export function truthMaps(phantom: Phantom, phases: readonly ScatteringPhase[]): ParameterMap[] {
  const { size } = phantom;
  const shape = { ny: size, nx: size };
  const volumes = phases.map(({ name }) => voxelMeans(phantom.phases[name]!.fraction, size, phantom.subVoxels));
  const densities = phases.map((phase) => densityOf(phantom, phase));
  const mass = new Float64Array(size * size);
  const mu = new Float32Array(size * size);
  phases.forEach((phase, p) => {
    volumes[p]!.forEach((fraction, i) => {
      if (phase.isCrystalline) mass[i]! += fraction * densities[p]!(i);
      mu[i]! += fraction * phase.attenuationPerMm;
    });
  });
  const maps: ParameterMap[] = [];
  phases.forEach((phase, p) => {
    const name = `truth/${phase.name}`;
    const volume = volumes[p]!;
    maps.push({ name: `${name}/volume_fraction`, ...shape, unit: "", values: volume });
    if (!phase.isCrystalline || !phase.cell) return;
    const weight = volume.map((fraction, i) => (fraction * densities[p]!(i)) / mass[i]!);
    maps.push({ name: `${name}/weight_fraction`, ...shape, unit: "", values: weight });
    for (const parameter of ["a", "c"] as const) {
      const { cell } = phase;
      if (parameter === "c" && cell.a === cell.c) continue;
      const field = phantom.phases[phase.name]![parameter];
      const values = Float64Array.from(volume, (v, i) => (v > 0 ? (field?.[i] ?? cell[parameter]) : Number.NaN));
      maps.push({ name: `${name}/${parameter}`, ...shape, unit: "Å", values });
    }
  });
  maps.push({ name: "truth/mu", ...shape, unit: "1/mm", values: mu });
  return maps;
}

/** g/cm^3 in a voxel. */
function densityOf(phantom: Phantom, { name, cell, densityGCm3 }: ScatteringPhase): (voxel: number) => number {
  const { a, c } = phantom.phases[name]!;
  if (!cell || (!a && !c)) return () => densityGCm3;
  return (voxel) => densityGCm3 * relativeDensity(cell, a?.[voxel], c?.[voxel]);
}

/** [y, x] of voxels: means over their parcels. */
function voxelMeans(fraction: Float32Array, size: number, subVoxels: number): Float32Array {
  const out = new Float32Array(size * size);
  const edge = size * subVoxels;
  for (let row = 0; row < edge; row++) {
    for (let col = 0; col < edge; col++) {
      const voxel = Math.floor(row / subVoxels) * size + Math.floor(col / subVoxels);
      out[voxel]! += fraction[row * edge + col]! / subVoxels ** 2;
    }
  }
  return out;
}
