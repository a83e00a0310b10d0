import { expect, it } from "vitest";
import { guessRoles } from "./phase-roles.ts";

it("knows the usual names of a cell's phases, and leaves others alone", () => {
  const names = ["Fe", "NMC532", "NMC532-inactive", "Cu", "Al", "Al2O3", "graphite", "LiC12", "LiC6", "Ni", "polymer"];
  expect(guessRoles(names)).toEqual({
    casing: ["Fe"],
    cathode: ["NMC532", "NMC532-inactive"],
    anode: ["graphite", "LiC12", "LiC6"],
    cathodeCollector: ["Al"],
    anodeCollector: ["Cu"],
    separator: ["polymer"],
    tab: ["Ni"],
  });
});
