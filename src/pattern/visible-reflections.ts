import { createStructureFactors, type Reflection, reflections, siteFreedom } from "../crystal/index.ts";
import type { PhaseModel } from "./model.ts";

/**
 * The reflections to calculate: of a Rietveld phase not those that its atoms extinguish wherever its free coordinates
 * and occupancies take them (as 222 of diamond); an intensity that is 0 by chance may grow in the fit and stays.
 */
export function visibleReflections({ kind, structure }: PhaseModel, dMinA: number): Reflection[] {
  const list = reflections(structure, dMinA);
  if (kind !== "rietveld") return list;
  let turn = 0;
  const nudge = (): number => 0.01 * Math.sin(++turn * Math.SQRT2) + 0.02;
  const sites = structure.sites.map((site, i) => {
    const moved = { ...site, occupancy: site.occupancy + nudge() };
    for (const { direction } of siteFreedom(structure, i)) {
      const step = nudge();
      moved.x += step * direction[0];
      moved.y += step * direction[1];
      moved.z += step * direction[2];
    }
    return moved;
  });
  const factors = createStructureFactors(structure, list);
  factors.setSites(sites);
  const elsewhere = new Float64Array(list.length);
  factors.evaluate(
    Float64Array.from(list, ({ dA }) => 1 / (4 * dA * dA)),
    elsewhere,
    null,
  );
  const strongest = list.reduce((most, { fSquared }) => Math.max(most, fSquared), 0);
  return list.filter(({ fSquared }, r) => Math.max(fSquared, elsewhere[r]!) > 1e-12 * strongest);
}
