/** A micro-CT slice of a simulated cell: another energy, another pixel, another way to lie on the stage. */
import { builtInStructure, linearAttenuationPerMm } from "../../crystal/index.ts";
import type { Placement, SimulateConfig } from "./config.ts";
import { drawPhantom } from "./phantom.ts";
import { createRandom } from "./random.ts";

export interface CtSlice {
  /** [y, x] grey values that rise with attenuation, row 0 the highest y as in an image */
  readonly data: Uint16Array;
  readonly size: number;
  readonly pixelMm: number;
  readonly placement: Placement;
}

const ENERGY_KEV = 45;
const PIXEL_MM = 0.037;
const FIELD_MM = 11.1;
const TURN_DEG = 23.5;
const SHIFT_MM: [number, number] = [0.21, -0.17];
/** grey value of air, of 1/mm, and the noise of a pixel */
const GREY = { air: 8000, perMm: 7500, noise: 500 } as const;

/** Attenuation of the cell's phases with noise; the polymer is too light to be seen. */
export function drawCtSlice(config: SimulateConfig): CtSlice {
  const size = Math.round(FIELD_MM / PIXEL_MM);
  const placement = {
    rotationDeg: config.placement.rotationDeg + TURN_DEG,
    shiftMm: SHIFT_MM,
    scale: config.placement.scale,
  };
  const { phases } = drawPhantom({
    ...config,
    scan: { ...config.scan, translations: size, stepMm: PIXEL_MM },
    placement,
    subVoxels: 1,
    supersampling: 3,
  });
  const grey = new Float64Array(size * size).fill(GREY.air);
  for (const [name, phase] of Object.entries(config.phases)) {
    if ("humps" in phase) continue;
    const perMm = linearAttenuationPerMm(builtInStructure(phase.structure ?? name), ENERGY_KEV);
    phases[name]!.fraction.forEach((share, i) => {
      grey[i]! += GREY.perMm * perMm * share;
    });
  }
  const random = createRandom(config.seed, 5);
  const data = new Uint16Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let col = 0; col < size; col++) {
      const value = grey[(size - 1 - row) * size + col]! + GREY.noise * random.normal();
      data[row * size + col] = Math.min(65535, Math.max(0, Math.round(value)));
    }
  }
  return { data, size, pixelMm: PIXEL_MM, placement };
}
