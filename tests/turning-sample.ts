/** A rod in aluminium that copper grows into while the sample turns and creeps through the beam: four passes, two and two interlaced. */
import type { SimulateInput } from "../src/stages/simulate/index.ts";

export const TURNING = {
  passes: 4,
  turnsPerPass: 20,
  turnS: 3,
  stepMm: 0.1,
  rodMm: 0.9,
  centreMm: [0.35, 0.25],
} as const;
const share = (copper: number) => ({ Al: 1 - copper, Cu: copper });
/** of copper in the rod, volume, at the begin and at the end */
export const GROWN = [0.2, 0.6] as const;

/** @param later what is another at the end; left out: the copper grows from 20 to 60 % */
export const turningSample = (
  later: SimulateInput["later"] = { materials: { rod: share(GROWN[1]) } },
): SimulateInput => ({
  seed: 6,
  scan: {
    translations: 40,
    angles: 61,
    arcDeg: 360,
    stepMm: TURNING.stepMm,
    rotationAxis: 19.2,
    turning: { creeps: true, stride: 2, offsets: [0, 1, 0, 1] },
  },
  instrument: { parallax: false },
  axis: { unit: "q", from: 2.6, to: 3.8, bins: 160 },
  noise: { countsPerRay: 3e6 },
  phases: { Al: {}, Cu: {} },
  materials: { rod: share(GROWN[0]) },
  shapes: [
    { kind: "disc", material: "Al", radiusMm: 1.6 },
    { kind: "disc", material: "rod", centreMm: [...TURNING.centreMm], radiusMm: TURNING.rodMm },
  ],
  ...(later && { later }),
});

export const TURNING_MODEL = `profile: {W: {value: 0.0006, refine: true}, X: {value: 0.005, refine: true}}
background: 3
phases:
  - {name: Al, structure: Al}
  - {name: Cu, structure: Cu}
`;
