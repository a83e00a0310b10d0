/**
 * Places and unwinding of a slice of 549 x 549 voxels, a phantom of a whole cell of real layers: wall and CPU time of
 * finding regions, distances and layers, of preparing the unwinding, and of each map that is unwound then.
 */
import { createUnwinder, findPlaces, PlacesConfig } from "../src/stages/places/index.ts";
import { makeRoll, PITCH_MM, ROLES } from "../tests/places-phantom.ts";
import { median, report, time } from "./common.ts";

const phantom = {
  size: 549,
  voxelMm: 0.02,
  sense: 1,
  startDeg: 20,
  ovality: 0.01,
  noise: 0.05,
  innerMm: 1,
  turns: (4.9 - 1) / PITCH_MM - 1,
  casingMm: 5.05,
  scale: 1,
  centreMm: [0.05, -0.02],
} as const;
const { slice } = makeRoll(phantom);
const config = PlacesConfig.parse({});
const places = findPlaces(slice, ROLES, config);
const unwinder = createUnwinder(places)!;
const map = slice.maps.get("NMC532/scale")!;

for (const [what, work, repeats] of [
  ["places", () => findPlaces(slice, ROLES, config), 3],
  ["unwinding, the first map", () => createUnwinder(places)!.unwind(map), 3],
  ["unwinding, each further map", () => unwinder.unwind(map), 5],
] as const) {
  const { wallMs, cpuMs } = await time(() => void work(), repeats);
  report({
    bench: "places",
    what,
    voxels: "549 x 549",
    wallMs: Math.round(median(wallMs)),
    cpuMs: Math.round(median(cpuMs)),
  });
}
