/**
 * Five slices of a wound cell of 14 windings and 520 x 520 voxels (SIZE), turned, shifted and scaled, with noise (NOISE, SEED):
 * laid on the first and all their maps put on its grid, in two threads; what was found against what was drawn.
 */
import type { SliceMaps } from "../src/data/index.ts";
import { guessRoles } from "../src/data/index.ts";
import { registerCells } from "../src/pipeline/study/register-cells.ts";
import { resampleMap, wrapDeg } from "../src/registration/index.ts";
import { CompareConfig } from "../src/stages/compare/index.ts";
import { asSliceMaps, type DrawOptions, drawCell, expectedPlacement, withNoise } from "../tests/drawn-cells.ts";
import { report, round } from "./common.ts";

const size = Number(process.env["SIZE"] ?? 520);
const NOISE = Number(process.env["NOISE"] ?? 0.05);
const SEED = Number(process.env["SEED"] ?? 1);
// foils are thinner than voxels: what is drawn has to be finer than they
const common = { size, preset: "cell", supersampling: size < 300 ? 12 : 4 } as const;
const drawn: DrawOptions[] = [
  { ...common },
  { ...common, rotationDeg: 37.3, shiftMm: [0.13, -0.08] },
  { ...common, rotationDeg: 160.2, shiftMm: [0.2, 0.1], scale: 1.02 },
  { ...common, rotationDeg: -91, shiftMm: [-0.21, 0.05], scale: 0.98 },
  { ...common, rotationDeg: -140.8, shiftMm: [-0.11, 0.05], scale: 0.99, anode: { graphite: 0.55, LiC12: 0.05 } },
];
const cells = drawn.map(
  (options, i): SliceMaps =>
    asSliceMaps(`cell ${i + 1}`, withNoise(drawCell(options), NOISE, 10 * SEED + i), () => 14.5),
);
const [reference] = cells;
const roles = guessRoles(["Fe", "NMC532", "graphite", "LiC12", "Al", "Cu"]);

const cpu = process.cpuUsage();
const wall = process.hrtime.bigint();
let maps = 0;
const config = CompareConfig.parse({});
const registrations = await registerCells(cells, reference!.name, roles, { config, workers: 2 });
const found = cells.slice(1).map((cell) => {
  const registration = registrations.get(cell.name)!;
  for (const map of cell.maps.values()) {
    resampleMap(map, cell.voxelMm, registration, reference!);
    maps++;
  }
  return registration;
});
const used = process.cpuUsage(cpu);
report({
  what: "five slices on one grid",
  ...{ size, maps, noise: NOISE },
  wallS: round(Number(process.hrtime.bigint() - wall) / 1e9),
  cpuS: round((used.user + used.system) / 1e6),
});
found.forEach((at, i) => {
  const truth = expectedPlacement(drawn[i + 1]!);
  const shift = Math.hypot(at.shiftMm[0] - truth.shiftMm[0], at.shiftMm[1] - truth.shiftMm[1]);
  report({
    ...{ what: `cell ${i + 2}`, status: at.status, seed: SEED },
    rotationErrorDeg: round(wrapDeg(at.rotationDeg - truth.rotationDeg)),
    rotationEsdDeg: round(at.rotationEsdDeg),
    shiftErrorVoxels: round(shift / reference!.voxelMm),
    scaleError: round(at.scale / truth.scale - 1),
    scaleEsd: round(at.scaleEsd),
    rollCorrelation: round(at.rollCorrelation),
    nextRollCorrelation: round(at.nextRollCorrelation),
  });
});
