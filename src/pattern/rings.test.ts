import { expect, it } from "vitest";
import { builtInStructure, reflections, type Structure } from "../crystal/index.ts";
import { pawleyGroups, ringsOf } from "./rings.ts";

/** hkl by ring, rings of one left out. */
function shared(structure: Structure, groups: Int32Array, dMin: number): string[] {
  const list = reflections(structure, dMin);
  const members = new Map<number, string[]>();
  groups.forEach((group, r) => {
    const { h, k, l } = list[r]!;
    members.set(group, [...(members.get(group) ?? []), `${h}${k}${l}`]);
  });
  return [...members.values()].filter((own) => own.length > 1).map((own) => own.join(" "));
}
const rings = (structure: Structure, dMin: number): string[] =>
  shared(structure, ringsOf(structure, reflections(structure, dMin)), dMin);

it("cubic: those of equal h^2 + k^2 + l^2", () => {
  const structure = builtInStructure("CeO2");
  expect(rings(structure, structure.cell.a / Math.sqrt(36.5))).toEqual(["511 333", "600 442"]);
});

it("hexagonal: those of equal h^2 + hk + k^2 and l", () => {
  const structure = builtInStructure("graphite");
  const list = reflections(structure, 0.3);
  const groups = ringsOf(structure, list);
  const key = ({ h, k, l }: { h: number; k: number; l: number }): string => `${h * h + h * k + k * k} ${l * l}`;
  expect(new Set(groups).size).toBe(new Set(list.map(key)).size);
  expect(new Set(groups).size).toBeLessThan(list.length);
});

it("spacings that are equal by chance of the cell stay apart", () => {
  const structure: Structure = {
    name: "orthorhombic",
    cell: { a: 4, b: 4, c: 5, alpha: 90, beta: 90, gamma: 90 },
    operations: ["x,y,z", "-x,-y,z", "-x,y,-z", "x,-y,-z"],
    sites: [{ label: "Cu1", scatterer: "Cu", x: 0.1, y: 0.2, z: 0.3, occupancy: 1, bIso: 0.5 }],
  };
  expect(rings(structure, 1.5)).toEqual([]);
  // but no pattern tells their intensities apart
  const list = reflections(structure, 1.5);
  expect(shared(structure, pawleyGroups(structure, list, 0.5), 1.5)).toContain("100 010");
});
