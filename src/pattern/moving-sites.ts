/** The sites of a phase at the numbers of a fit. */
import { type Site, siteFreedom } from "../crystal/index.ts";
import type { PhaseModel } from "./model.ts";
import { siteKeys } from "./parameters.ts";

/** A parameter of one site. */
export interface SiteSlot {
  readonly parameter: number;
  readonly site: number;
  /** or the direction in which the site moves with it */
  readonly what: "occupancy" | "bIso" | readonly [number, number, number];
  /** value that the structure's own coordinates belong to */
  readonly start: number;
}

export interface MovingSites {
  readonly slots: readonly SiteSlot[];
  /** as of the last update */
  readonly current: readonly Site[];
  /** Takes the numbers; says whether any has changed. */
  update(values: Float64Array): boolean;
}

/** @param index of a parameter by its name within the phase; a phase that is not rietveld has no sites to move */
export function createMovingSites(phase: PhaseModel, index: (key: string) => number): MovingSites {
  const { structure } = phase;
  const slots = phase.kind === "rietveld" ? slotsOf(phase, index) : [];
  const last = Float64Array.from(slots, ({ start }) => start);
  // structure factors compare the sites they are given with those before, so there must be two sets
  let current = structure.sites.map((site) => ({ ...site }) as { -readonly [K in keyof Site]: Site[K] });
  let other = current.map((site) => ({ ...site }));

  function update(values: Float64Array): boolean {
    let hasMoved = false;
    for (let k = 0; k < slots.length; k++) {
      const value = values[slots[k]!.parameter]!;
      if (value === last[k]) continue;
      last[k] = value;
      hasMoved = true;
    }
    if (hasMoved) move();
    return hasMoved;
  }

  function move(): void {
    const before = current;
    current = other;
    other = before;
    current.forEach((site, i) => {
      Object.assign(site, structure.sites[i]);
    });
    slots.forEach(({ site, what, start }, k) => {
      const target = current[site]!;
      if (what === "occupancy" || what === "bIso") {
        target[what] = last[k]!;
        return;
      }
      const step = last[k]! - start;
      target.x += what[0] * step;
      target.y += what[1] * step;
      target.z += what[2] * step;
    });
  }

  return {
    slots,
    get current() {
      return current;
    },
    update,
  };
}

function slotsOf({ structure }: PhaseModel, index: (key: string) => number): SiteSlot[] {
  const keys = siteKeys(structure);
  return structure.sites.flatMap((site, i) => {
    const slot = (key: string, what: SiteSlot["what"], start: number): SiteSlot => ({
      parameter: index(`${keys[i]}/${key}`),
      site: i,
      what,
      start,
    });
    return [
      ...siteFreedom(structure, i).map(({ name, direction }) => slot(name, direction, site[name])),
      slot("occupancy", "occupancy", site.occupancy),
      slot("b", "bIso", site.bIso),
    ];
  });
}
