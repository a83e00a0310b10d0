import { describe, expect, it } from "vitest";
import { builtInStructure } from "../../crystal/index.ts";
import { STATUS } from "../../data/index.ts";
import { type RankedCandidate, UnexplainedConfig } from "../../stages/unexplained/index.ts";
import type { AddedPhase } from "./added-phase.ts";
import { type ComponentPeak, type Evidence, judge, judgeTrial } from "./unexplained-verdict.ts";

const CONFIG = UnexplainedConfig.parse({});
const NX = 20;
/** Where the tab is: column 15 of all rows. */
const atTab = Uint8Array.from({ length: NX * NX }, (_, v) => (v % NX === 15 ? STATUS.converged : STATUS.noSignal));

const line = { h: 1, k: 1, l: 1, twoThetaDeg: 3, fwhmDeg: 0.04, area: 1, ratio: 1, verdict: "matched" as const };
function candidate(name: string, origin: RankedCandidate["origin"], score: number, change: readonly [number, number]) {
  const structure = builtInStructure(name);
  const [a, c] = change;
  const { cell } = structure;
  const moved = { ...cell, a: cell.a * (1 + a), b: cell.b * (1 + a), c: cell.c * (1 + c) };
  const lines = [line, line, line];
  const blank = { pattern: new Float64Array(), slopes: [], scale: 1, isAtLimit: false, change };
  return { name, origin, score, rank: score, structure: { ...structure, cell: moved }, cell: moved, lines, ...blank };
}
const peak = { kind: "new", left: 1 } as ComponentPeak;

/** Hot spots in the given column, 0.4 % of parallax there; Ni and NMC532 in the model. */
function evidence(ranked: readonly RankedCandidate[], column: number, smeared = 0): Evidence {
  const voxels = [3, 4, 5].map((y) => y * NX + column);
  return {
    whole: {
      ny: NX,
      nx: NX,
      statuses: new Map([
        ["Ni", atTab],
        ["NMC532", atTab],
      ]),
      parallax: new Float64Array(NX * NX).fill(0.004),
    },
    spots: { voxels, shapes: new Map() },
    peaks: [peak, peak],
    misfitShare: 0.2,
    ranked,
    best: ranked[0],
    own: ["Ni", "NMC532"].map((name) => ({ name, structure: builtInStructure(name), origin: "model" })),
    smeared: () => smeared,
  } as unknown as Evidence;
}

describe("a candidate that is in the model", () => {
  const own = (change: readonly [number, number], name = "Ni") => [candidate(name, "model", 0.9, change)];

  it("is a misfit where the phase is, at a cell that depth and strain can make", () => {
    const { verdict, misfitOf, why } = judge(evidence(own([-0.0035, -0.0035]), 15), CONFIG);
    expect([verdict, misfitOf]).toEqual(["misfit", "Ni"]);
    expect(why).toContain("-0.35 %");
    // 2 x 0.4 % from before the axis to behind it, and 0.3 % of strain
    expect(judge(evidence(own([0.0109, 0.0109]), 15), CONFIG).verdict).toBe("misfit");
    expect(judge(evidence(own([0.0111, 0.0111]), 15), CONFIG).verdict).toBe("phase");
  });

  it("is a phase where the map has none of it within the surroundings", () => {
    expect(judge(evidence(own([-0.0035, -0.0035]), 12), CONFIG).verdict).toBe("misfit");
    expect(judge(evidence(own([-0.0035, -0.0035]), 11), CONFIG).verdict).toBe("phase");
  });

  it("is a phase at another cell, where a and c change against each other", () => {
    expect(judge(evidence(own([0.0127, -0.0127], "NMC532"), 15), CONFIG).verdict).toBe("phase");
    expect(judge(evidence(own([0.006, -0.006], "NMC532"), 15), CONFIG).verdict).toBe("phase");
  });

  it("goes before one that is not, where both explain as much", () => {
    const other = candidate("Cu", "library", 0.92, [-0.02, -0.02]);
    const [ni] = own([-0.0035, -0.0035]);
    expect(judge(evidence([other, ni!], 15), CONFIG)).toMatchObject({ verdict: "misfit", misfitOf: "Ni" });
    expect(judge(evidence([other, { ...ni!, score: 0.8 }], 15), CONFIG).verdict).toBe("phase");
  });
});

it("calls lines of a modelled phase that are smeared by depth its misfit, where no candidate makes them", () => {
  const poor = [candidate("LMO", "library", 0.2, [0, 0])];
  expect(judge(evidence(poor, 15, 0.7), CONFIG)).toMatchObject({ verdict: "misfit" });
  expect(judge(evidence(poor, 15, 0.3), CONFIG).verdict).toBe("unknown");
  expect(judge(evidence(poor, 3, 0.7), CONFIG).verdict).toBe("unknown");
});

describe("judgeTrial", () => {
  const trial = (weightFraction: number, chance: number): AddedPhase => {
    const phases = [{ name: "Ni-2", weightFraction, weightFractionEsd: 0.01, isHeld: false }];
    const gain = { f: 5, added: 3, left: 300, chance };
    return {
      name: "Ni-2",
      before: { statistics: { rwp: 0.8 } },
      after: { statistics: { rwp: 0.7 }, phases },
      gain,
    } as never;
  };
  const judged = { verdict: "phase", why: "Ni explains it" } as const;

  it("keeps a phase that makes the hot spots fit better than chance would", () => {
    expect(judgeTrial(judged, trial(0.2, 1e-6), CONFIG)).toEqual(judged);
  });
  it("takes one for weak of which nothing is left, or that chance may make", () => {
    expect(judgeTrial(judged, trial(0, 1), CONFIG).verdict).toBe("weak");
    expect(judgeTrial(judged, trial(0.029, 1e-6), CONFIG).verdict).toBe("weak");
    expect(judgeTrial(judged, trial(0.2, 0.002), CONFIG).why).toContain("F 5.0 on 3 and 300");
  });
});
