import { describe, expect, it } from "vitest";
import { referenceStructures } from "../../tests/reference-structures.ts";
import { seededRandom } from "../../tests/seeded-random.ts";
import { hasShared, sharedJson } from "../../tests/shared.ts";
import { inverseDSquared, reciprocalMetric } from "./cell.ts";
import { equivalentBIso } from "./displacement.ts";
import { reflections } from "./reflections.ts";
import { formFactor, scatteringFactor } from "./scattering-factor.ts";
import { spaceGroupTriplets } from "./space-group.ts";
import type { Site, Structure } from "./structure.ts";
import { type AnomalousFactors, createStructureFactors, type SiteDirection } from "./structure-factors.ts";
import { parseOperation, rotateIndex } from "./symmetry.ts";

const CELLS = {
  triclinic: { a: 4.1, b: 5.3, c: 6.2, alpha: 81, beta: 97, gamma: 103 },
  hexagonal: { a: 4.9, b: 4.9, c: 6.1, alpha: 90, beta: 90, gamma: 120 },
  tetragonal: { a: 4.9, b: 4.9, c: 6.1, alpha: 90, beta: 90, gamma: 90 },
};
const ANOMALOUS = new Map<string, AnomalousFactors>([
  ["Fe", { fPrime: -1.1, fDoublePrime: 3.2 }],
  ["O", { fPrime: 0.05, fDoublePrime: 0.03 }],
]);
const TENSOR = [0.011, 0.017, 0.023, 0.004, -0.003, 0.002] as const;

/** Iron at a general place with an anisotropic displacement, iron on a special one, two oxygens. */
const anyStructure = (group: string, cell: Structure["cell"]): Structure => ({
  name: group,
  cell,
  operations: spaceGroupTriplets(group, cell),
  sites: [
    { label: "Fe1", scatterer: "Fe", x: 0.13, y: 0.27, z: 0.41, occupancy: 0.8, bIso: 0.9, uAniso: TENSOR },
    { label: "Fe2", scatterer: "Fe", x: 0, y: 0, z: 0, occupancy: 1, bIso: 0.4 },
    { label: "O1", scatterer: "O2-", x: 0.31, y: 0.62, z: 0.2, occupancy: 0.5, bIso: 0.9 },
    { label: "O2", scatterer: "O2-", x: 0.71, y: 0.05, z: 0.9, occupancy: 1, bIso: 1.4 },
  ],
});
const STRUCTURES = [
  anyStructure("P 1", CELLS.triclinic),
  anyStructure("P -1", CELLS.triclinic),
  anyStructure("P 31 2 1", CELLS.hexagonal),
  anyStructure("R -3 m:H", CELLS.hexagonal),
  anyStructure("I -4 2 d", CELLS.tetragonal),
];
const s2Of = (structure: Structure, list: readonly { h: number; k: number; l: number }[]): Float64Array => {
  const metric = reciprocalMetric(structure.cell);
  return Float64Array.from(list, ({ h, k, l }) => inverseDSquared(metric, h, k, l) / 4);
};
const evaluate = (
  structure: Structure,
  list: readonly { h: number; k: number; l: number }[],
  anomalous = ANOMALOUS,
) => {
  const out = new Float64Array(list.length);
  createStructureFactors(structure, list, { anomalous }).evaluate(s2Of(structure, list), out, null);
  return out;
};
const replaceSite = (sites: readonly Site[], at: number, change: Partial<Site>): Site[] =>
  sites.map((site, i) => (i === at ? { ...site, ...change } : site));

describe("createStructureFactors", () => {
  it("is the sum over all atoms written out, averaged over Friedel mates", () => {
    const structure = anyStructure("P 31 2 1", CELLS.hexagonal);
    const sites = structure.sites.map(({ uAniso: _, ...site }) => site);
    const list = reflections(structure, 1.2);
    const s2 = s2Of(structure, list);
    const got = evaluate({ ...structure, sites }, list);
    list.forEach(({ h, k, l }, i) => {
      let mean = 0;
      for (const sign of [1, -1]) {
        let [re, im] = [0, 0];
        for (const site of sites) {
          const factor = scatteringFactor(site.scatterer);
          const { fPrime, fDoublePrime } = ANOMALOUS.get(factor.element)!;
          const weight = site.occupancy * Math.exp(-site.bIso * s2[i]!);
          const [real, imaginary] = [weight * (formFactor(factor, s2[i]!) + fPrime), weight * fDoublePrime];
          const images = new Set<string>();
          for (const { rotation: r, translation: t } of structure.operations.map(parseOperation)) {
            const x = [0, 3, 6].map((m, a) => {
              const value = r[m]! * site.x + r[m + 1]! * site.y + r[m + 2]! * site.z + t[a]!;
              return value - Math.floor(value + 1e-9);
            });
            const key = x.map((value) => value.toFixed(6)).join();
            if (images.has(key)) continue;
            images.add(key);
            const angle = 2 * Math.PI * sign * (h * x[0]! + k * x[1]! + l * x[2]!);
            re += real * Math.cos(angle) - imaginary * Math.sin(angle);
            im += real * Math.sin(angle) + imaginary * Math.cos(angle);
          }
        }
        mean += (re * re + im * im) / 2;
      }
      expect(Math.abs(got[i]! - mean)).toBeLessThan(1e-9 * Math.max(1, mean));
    });
  });

  it.each(STRUCTURES.map((s) => [s.name, s] as const))("%s: equivalent reflections have one |F|^2", (_, structure) => {
    const rotations = structure.operations.map((text) => parseOperation(text).rotation);
    for (const { h, k, l } of reflections(structure, 1.5)) {
      const mates = rotations.map((rotation) => {
        const [p, q, r] = rotateIndex(rotation, h, k, l);
        return { h: -p, k: -q, l: -r };
      });
      const values = evaluate(structure, mates);
      for (const value of values) expect(Math.abs(value / values[0]! - 1)).toBeLessThan(1e-9);
    }
  });

  it.each(["triclinic", "hexagonal"] as const)("an isotropic tensor is the isotropic case, %s", (system) => {
    const cell = CELLS[system];
    const structure = anyStructure("P -1", cell);
    const [aa, bb, cc, bc, ac, ab] = reciprocalMetric(cell);
    const u = 0.013;
    const [ra, rb, rc] = [Math.sqrt(aa), Math.sqrt(bb), Math.sqrt(cc)];
    // U_ij = U cos(angle between a*_i and a*_j)
    const uAniso = [u, u, u, (u * ab) / 2 / ra / rb, (u * ac) / 2 / ra / rc, (u * bc) / 2 / rb / rc] as const;
    const bIso = 8 * Math.PI ** 2 * u;
    expect(equivalentBIso(uAniso, cell)).toBeCloseTo(bIso, 12);
    const list = reflections(structure, 0.9);
    const { uAniso: _, ...plain } = structure.sites[0]!;
    const isotropic = evaluate({ ...structure, sites: [{ ...plain, bIso }] }, list);
    const tensor = evaluate({ ...structure, sites: [{ ...plain, bIso, uAniso }] }, list);
    tensor.forEach((value, i) => expect(Math.abs(value - isotropic[i]!)).toBeLessThan(1e-9 * isotropic[0]!));
  });

  it.each(STRUCTURES.map((s) => [s.name, s] as const))(
    "%s: slope and derivatives are those of |F|^2",
    (_, structure) => {
      const list = reflections(structure, 1.1);
      const s2 = s2Of(structure, list);
      const factors = createStructureFactors(structure, list, { anomalous: ANOMALOUS });
      const [up, down, got] = [0, 1, 2].map(() => new Float64Array(list.length)) as [
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      const largest = Math.max(...evaluate(structure, list));
      const check = (step: number): void => {
        got.forEach((value, i) =>
          expect(Math.abs(value - (up[i]! - down[i]!) / (2 * step)) / largest).toBeLessThan(2e-8),
        );
      };
      factors.evaluate(
        s2.map((v) => v + 1e-6),
        up,
        null,
      );
      factors.evaluate(
        s2.map((v) => v - 1e-6),
        down,
        null,
      );
      factors.evaluate(s2, new Float64Array(list.length), got);
      check(1e-6);
      structure.sites.forEach((site, j) => {
        const directions: SiteDirection[] = [
          [1, 0, 0],
          [0.3, -0.7, 0.2],
        ];
        for (const what of ["occupancy", "bIso", ...directions] as const) {
          const moved = (step: number): Partial<Site> =>
            typeof what === "string"
              ? { [what]: site[what] + step }
              : { x: site.x + step * what[0], y: site.y + step * what[1], z: site.z + step * what[2] };
          factors.setSites(replaceSite(structure.sites, j, moved(1e-6)));
          factors.evaluate(s2, up, null);
          factors.setSites(replaceSite(structure.sites, j, moved(-1e-6)));
          factors.evaluate(s2, down, null);
          factors.setSites(structure.sites);
          factors.derivative(j, what, s2, got);
          check(1e-6);
        }
      });
    },
  );

  it("is the same for a cell near the structure's own and for one far from it", () => {
    const structure = STRUCTURES[3]!;
    const list = reflections(structure, 0.7);
    const plain = { ...structure, sites: structure.sites.map(({ uAniso: _, ...site }) => site) };
    const own = createStructureFactors(plain, list, { anomalous: ANOMALOUS });
    const largest = Math.max(...evaluate(structure, list));
    for (const scale of [0.95, 0.988, 0.9999, 1.0001, 1.012, 1.05]) {
      const cell = {
        ...structure.cell,
        a: structure.cell.a * scale,
        b: structure.cell.b * scale,
        c: structure.cell.c * scale,
      };
      const moved = { ...plain, cell };
      const s2 = s2Of(moved, list);
      const [got, gotSlope, want, wantSlope] = [0, 1, 2, 3].map(() => new Float64Array(list.length)) as [
        Float64Array,
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      own.evaluate(s2, got, gotSlope);
      createStructureFactors(moved, list, { anomalous: ANOMALOUS }).evaluate(s2, want, wantSlope);
      got.forEach((value, i) => {
        expect(Math.abs(value - want[i]!) / largest).toBeLessThan(1e-10);
        expect(Math.abs(gotSlope[i]! - wantSlope[i]!) / largest).toBeLessThan(1e-7);
      });
    }
  });

  it("gives after setSites what a new one gives", () => {
    const structure = STRUCTURES[3]!;
    const random = seededRandom(4);
    const list = reflections(structure, 1);
    const s2 = s2Of(structure, list);
    const factors = createStructureFactors(structure, list);
    const sites = structure.sites.map((site, j) => ({
      ...site,
      x: site.x + (j === 0 || j === 3 ? 0.05 * random() : 0),
      occupancy: random(),
      bIso: j < 2 ? 0.7 : random(),
    }));
    factors.setSites(sites);
    const [moved, fresh] = [new Float64Array(list.length), new Float64Array(list.length)];
    factors.evaluate(s2, moved, null);
    createStructureFactors({ ...structure, sites }, list).evaluate(s2, fresh, null);
    expect(moved).toEqual(fresh);
  });
});

interface AnomalousList {
  d_min_A: number;
  f_prime_f_doubleprime: Record<string, [number, number]>;
  reflections: { hkl: [number, number, number]; d: number; F2_wk1995_anomalous: number }[];
}
describe.skipIf(!hasShared)("with f' and f'' against cctbx (needs ../shared)", () => {
  const names = hasShared ? Object.keys(sharedJson<object>("reference/reflections/_agreement.json")) : [];
  const structures = hasShared ? referenceStructures().filter(({ name }) => names.includes(name)) : [];
  it.each(structures.map((s) => [s.name, s] as const))("%s", (name, structure) => {
    let want: AnomalousList;
    try {
      want = sharedJson<AnomalousList>(`reference/reflections/${name}.json`);
    } catch {
      return;
    }
    const anomalous = new Map(
      Object.entries(want.f_prime_f_doubleprime).map(([element, [fPrime, fDoublePrime]]) => [
        element,
        { fPrime, fDoublePrime },
      ]),
    );
    const list = want.reflections.map(({ hkl: [h, k, l] }) => ({ h, k, l }));
    const strongest = Math.max(...want.reflections.map((r) => r.F2_wk1995_anomalous));
    evaluate(structure, list, anomalous).forEach((value, i) =>
      expect(Math.abs(value - want.reflections[i]!.F2_wk1995_anomalous) / strongest).toBeLessThan(1e-6),
    );
  });
});
