/** The structures of ../shared/reference/structures.json, as ours. */
import { type Structure, spaceGroupTriplets } from "../src/crystal/index.ts";
import { sharedJson } from "./shared.ts";

interface Listed {
  id: string;
  space_group: string;
  cell: [number, number, number, number, number, number];
  sites: [string, string, number, number, number, number, number][];
}

export function referenceStructures(): Structure[] {
  return sharedJson<{ structures: Listed[] }>("reference/structures.json").structures.map((listed) => {
    const [a, b, c, alpha, beta, gamma] = listed.cell;
    return {
      name: listed.id,
      cell: { a, b, c, alpha, beta, gamma },
      operations: spaceGroupTriplets(listed.space_group.replace(" :", ":")),
      sites: listed.sites.map(([label, scatterer, x, y, z, occupancy, bIso]) => ({
        label,
        scatterer,
        x,
        y,
        z,
        occupancy,
        bIso,
      })),
    };
  });
}
