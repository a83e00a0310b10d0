/**
 * How much dividing rays by their transmission leaves: A / T - 1 of the way out, over voxels and angles, in a steel can
 * and in cells as they are measured. No times: it is arithmetic, and the same on every machine.
 */
import { builtInStructure, linearAttenuationPerMm } from "../src/crystal/index.ts";
import { pathOut } from "../src/projector/index.ts";

const SIZE = 121;
const OMEGA_DEG = [0, 30, 60];

interface Sample {
  readonly name: string;
  readonly energyKeV: number;
  readonly radiusMm: number;
  readonly wallMm: number;
  /** of what is in the can, 1/mm */
  readonly core: number;
}

const fe = (energyKeV: number): number => linearAttenuationPerMm(builtInStructure("Fe"), energyKeV);
const SAMPLES: readonly Sample[] = [
  { name: "AAA cell, 103.5 keV", energyKeV: 103.5, radiusMm: 5.1, wallMm: 0.25, core: 0.065 },
  { name: "18650 steel can, 103.5 keV", energyKeV: 103.5, radiusMm: 9, wallMm: 0.25, core: 0.08 },
  { name: "18650 steel can, 70 keV", energyKeV: 70, radiusMm: 9, wallMm: 0.25, core: 0.15 },
  { name: "steel rod 4 mm, 103.5 keV", energyKeV: 103.5, radiusMm: 2, wallMm: 2, core: 0 },
];

console.log("A / T - 1, in 1e-3: mean, rms, least and most over voxels of the sample and angles");
for (const { name, energyKeV, radiusMm, wallMm, core } of SAMPLES) {
  const stepMm = (2.2 * radiusMm) / SIZE;
  const radii = Float64Array.from({ length: SIZE * SIZE }, (_, i) =>
    Math.hypot((i % SIZE) - (SIZE - 1) / 2, Math.floor(i / SIZE) - (SIZE - 1) / 2),
  );
  const within = (r: number, radius: number): number => Math.max(0, Math.min(1, radius / stepMm - r + 0.5));
  const mu = radii.map((r) => {
    const inside = within(r, radiusMm - wallMm);
    return core * inside + fe(energyKeV) * (within(r, radiusMm) - inside);
  });
  for (const twoThetaDeg of [4, 8, 15, 25]) {
    const { excess, voxels } = pathOut(mu, { omegaDeg: OMEGA_DEG, size: SIZE, stepMm, twoThetaDeg });
    let [sum, squares, least, most, count] = [0, 0, 0, 0, 0];
    OMEGA_DEG.forEach((_, angle) => {
      for (let v = 0; v < voxels; v++) {
        if (radii[v]! * stepMm > radiusMm) continue;
        const value = excess[(2 * angle + 1) * voxels + v]!;
        sum += value;
        squares += value * value;
        least = Math.min(least, value);
        most = Math.max(most, value);
        count++;
      }
    });
    const show = (value: number): string => (1e3 * value).toFixed(2).padStart(8);
    console.log(
      `${name.padEnd(28)} up to 2θ = ${String(twoThetaDeg).padStart(2)}°: ${show(sum / count)} ${show(Math.sqrt(squares / count))} ${show(least)} ${show(most)}`,
    );
  }
}
