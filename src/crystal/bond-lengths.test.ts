import { describe, expect, it } from "vitest";
import { referenceStructures } from "../../tests/reference-structures.ts";
import { hasShared } from "../../tests/shared.ts";
import { bondWarnings, siteNeighbours, siteOverlaps } from "./bond-lengths.ts";
import { builtInStructure } from "./phases.ts";
import type { Site, Structure } from "./structure.ts";

const withSites = (structure: Structure, change: (site: Site) => Partial<Site>): Structure => ({
  ...structure,
  sites: structure.sites.map((site) => ({ ...site, ...change(site) })),
});

describe("siteNeighbours", () => {
  it.each([
    // a sqrt(3) / 4, a / sqrt(2), a sqrt(3) / 2, a / sqrt(3): four, twelve, eight and three neighbours
    ["Si", 4, (5.431179 * Math.sqrt(3)) / 4],
    ["Cu", 12, 3.61496 / Math.SQRT2],
    ["Fe", 8, (2.8665 * Math.sqrt(3)) / 2],
    ["graphite", 3, 2.464 / Math.sqrt(3)],
  ] as const)("%s has %i at %d angstrom", (name, count, distance) => {
    const [near] = siteNeighbours(builtInStructure(name), distance + 0.1);
    const first = near!.filter(({ distanceA }) => Math.abs(distanceA - distance) < 1e-6);
    expect(first.length).toBe(count);
    expect(near![0]!.distanceA).toBeCloseTo(distance, 6);
  });
  it("finds images several cells away: the third shell of copper and beyond", () => {
    const a = 3.61496;
    const [near] = siteNeighbours(builtInStructure("Cu"), a * 2.01);
    // shells of a face-centred lattice: n in a sqrt(n / 2)
    expect(
      [1, 2, 3, 4, 5, 6, 7, 8].map(
        (n) => near!.filter(({ distanceA }) => Math.abs(distanceA - a * Math.sqrt(n / 2)) < 1e-6).length,
      ),
    ).toEqual([12, 6, 24, 12, 24, 8, 48, 6]);
  });
  it("counts a site at the same coordinates as at no distance", () => {
    const near = siteNeighbours(builtInStructure("NMC532"), 0.5);
    expect(near[0]).toEqual([
      { site: 1, distanceA: 0 },
      { site: 2, distanceA: 0 },
    ]);
  });
});

describe("bondWarnings", () => {
  const nmc = builtInStructure("NMC532-lithiated");
  it("tells lithium and metal swapped in a layered oxide", () => {
    const swapped = withSites(nmc, ({ scatterer }) => (scatterer === "O" ? {} : { z: scatterer === "Li" ? 0 : 0.5 }));
    expect(bondWarnings(swapped)).toEqual([expect.stringMatching(/Li4 has oxygen at 1.97 Å.*swapped/)]);
  });
  it("tells silicon at the other origin's place", () => {
    const atOrigin = withSites(builtInStructure("Si"), () => ({ x: 0.05, y: 0.05, z: 0.05 }));
    expect(bondWarnings(atOrigin)).toEqual([expect.stringContaining("are 0.94 Å apart")]);
  });
  it("says nothing of places that are filled in turn", () => {
    const split = withSites(builtInStructure("Si"), () => ({ x: 0.05, y: 0.05, z: 0.05, occupancy: 0.5 }));
    expect(bondWarnings(split)).toEqual([]);
  });
});

describe("siteOverlaps", () => {
  it("names sites that fill a place together", () => {
    const crowded = withSites(builtInStructure("NMC532"), ({ scatterer }) =>
      scatterer === "Ni" ? { occupancy: 0.9 } : {},
    );
    expect(siteOverlaps(crowded)).toEqual([
      { labels: ["Ni1", "Mn2", "Co3"], distanceA: 0, occupancy: expect.closeTo(1.4, 9) },
    ]);
  });
});

describe.skipIf(!hasShared)("sound structures (needs ../shared)", () => {
  it.each(hasShared ? referenceStructures().map((s) => [s.name, s] as const) : [])("%s", (_, structure) => {
    expect(bondWarnings(structure)).toEqual([]);
    expect(siteOverlaps(structure).filter(({ occupancy }) => occupancy > 1.001)).toEqual([]);
  });
});
